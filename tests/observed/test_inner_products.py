"""How the compiler lays the features of inner products out, in compiled models and reports."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.observed.torch_modules import flat_linear  # noqa: E402
from vai_inspect.rules.shared.feature_layout import factorised  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

B4096, B2304, B1600 = ("DPUCZDX8G_ISA1_B{}".format(size) for size in (4096, 2304, 1600))
C32B3, C32B6 = "DPUCVDX8G_ISA3_C32B3", "DPUCVDX8G_ISA3_C32B6"
AHX8H, PE4 = "DPUCAHX8H_ISA2", "DPUCVDX8H_ISA1_F2W4_4PE"


def inspected(target, model, *shape):
    return Inspector(target).inspect(model.eval(), shape, "cpu", None, 0)


def linear(target, features, out=8):
    return inspected(target, nn.Sequential(nn.Linear(features, out)), 1, features)


def after_map(target, height, width, channels):
    net = flat_linear(channels)(height * width * channels)
    return inspected(target, net, 1, 3, height, width)


def product(result):
    return [op for op in result.ops if op.type == "inner-product"][-1]


@pytest.mark.parametrize(
    ("features", "layout"),
    [
        (1600, (4, 4, 100)),
        (256, (8, 8, 4)),
        (20, (2, 2, 5)),
        (63, (3, 3, 7)),
        (784, (4, 14, 14)),
        (36, (6, 2, 3)),
        (16, (4, 2, 2)),
        (4, (1, 1, 4)),
        (6400, (8, 8, 100)),
        (38400, (8, 8, 600)),
        (1, None),
        (4097, None),
        (4099, None),
    ],
)
def test_the_layouts_of_compiled_models(features, layout):
    assert factorised(features, kernel=16, channels=4096) == layout


@pytest.mark.parametrize(
    ("target", "size"),
    [
        (B4096, (2, 2, 64)),
        (B4096, (4, 4, 16)),
        (B4096, (5, 5, 16)),
        (B4096, (13, 13, 32)),
        (C32B6, (4, 4, 16)),
        (PE4, (4, 4, 16)),
        (AHX8H, (7, 7, 512)),
    ],
)
def test_a_map_that_fits_is_kept_as_the_window(target, size):
    """[compiled], 2.0 to 3.5, nine targets."""
    op = product(after_map(target, *size))
    assert (op.device.value, op.verdict.value) == ("dpu", "supported")
    assert "takes this input as {} x {} x {} (h x w x c)".format(*size) in op.messages[-1]


@pytest.mark.parametrize(
    ("target", "features", "layout"), [(B1600, 128, "8 x 4 x 4"), (C32B6, 256, "8 x 8 x 4")]
)
def test_a_vector_is_factorised(target, features, layout):
    """[compiled] 2.5.0."""
    result = linear(target, features)
    assert result.summary.fully_on_dpu
    assert f"as {layout} " in product(result).messages[-1]


@pytest.mark.parametrize(
    ("target", "size", "layout"),
    [
        (C32B3, (16, 16, 50), "8 x 8 x 200"),
        (C32B6, (16, 16, 50), "8 x 8 x 200"),
        (B4096, (28, 28, 16), "8 x 8 x 196"),
        (B4096, (50, 4, 32), "8 x 8 x 100"),
    ],
)
def test_a_map_that_does_not_fit_is_factorised(target, size, layout):
    """[compiled] LeNet on C32B3 of 1.3, 1.4 and 2.0; [inferred] later, and on DPUCZDX8G.

    The permute (0, 3, 1, 2) that the quantiser inserts before the flatten is folded ([compiled]).
    """
    result = after_map(target, *size)
    assert result.summary.fully_on_dpu
    assert result.summary.dpu_subgraphs == 1
    assert f"as {layout} " in product(result).messages[-1]


@pytest.mark.parametrize(
    ("target", "features", "evidence"),
    [
        (PE4, 1, "compiled"),
        (B4096, 1, "partition_rule"),
        (B4096, 4097, "partition_rule"),
        (B4096, 4099, "partition_rule"),
    ],
)
def test_what_has_no_layout_is_on_the_cpu(target, features, evidence):
    op = product(linear(target, features))
    assert (op.device.value, op.verdict.value) == ("cpu", "unsupported")
    assert [one.evidence.value for one in op.findings] == [evidence]


def test_neither_the_map_nor_the_factorised_layout_fits():
    op = product(after_map(B4096, 20, 40, 48))
    assert op.verdict.value == "unsupported"
    assert "2432" in op.findings[0].message


@pytest.mark.parametrize("features", [4096, 9216])
def test_inputs_and_outputs_are_not_held_to_the_channel_limit(features):
    """[inspector 3.5]: each alone on a B2304, whose figure is 3072, is one DPU subgraph."""
    model = nn.Sequential(nn.Linear(features, 4096), nn.ReLU())
    result = inspected(B2304, model, 1, features)
    assert result.summary.fully_on_dpu
    assert result.summary.dpu_subgraphs == 1


def test_one_after_another_with_more_features_than_channels_is_unknown():
    model = nn.Sequential(nn.Linear(64, 4096), nn.ReLU(), nn.Linear(4096, 10))
    op = product(inspected(B2304, model, 1, 64))
    assert (op.verdict.value, op.findings[0].evidence.value) == ("unknown", "inferred")


@pytest.mark.parametrize("target", [AHX8H, PE4, "DPUCAHX8L_ISA0", "DPUCADF8H_ISA0"])
def test_a_map_that_fits_only_when_factorised_is_unknown_on_other_families(target):
    height = 17 if target == PE4 else 16
    net = flat_linear(50)(height * 17 * 50)
    batch = 4 if "ADF8H" in target else 1
    op = product(inspected(target, net, batch, 3, height, 17))
    assert (op.device.value, op.verdict.value) == ("cpu", "unknown")


@pytest.mark.parametrize("target", [B4096, "0x1000020f6014407"])
def test_the_networks_own_input_is_reshaped_on_the_dpu(target):
    """[compiled] 3.5.0: no CPU operator; an MLP of 63 numbers on ISA0 ([compiled] 1.4.1)."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(63, 32), nn.ReLU(), nn.Linear(32, 4))
    result = inspected(target, model, 1, 9, 7)
    assert result.summary.fully_on_dpu
    assert result.summary.dpu_subgraphs == 1


def test_an_exchange_of_two_axes_before_a_linear_is_on_the_cpu():
    """[compiled] 3.5.0: rank 3 (0, 2, 1), even before a Linear."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv1d(4, 8, 3), nn.Linear(240, 4)

        def forward(self, x):
            return self.fc(self.conv(x).flatten(1))

    result = inspected(B4096, Net(), 1, 4, 32)
    (moved,) = [op for op in result.ops if op.type == "transpose"]
    assert (moved.device.value, moved.verdict.value) == ("cpu", "unsupported")
    assert result.summary.dpu_subgraphs == 2
