"""What the vendor's PyTorch quantiser makes of activations: by how the user wrote them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from vai_inspect.torch import Inspector  # noqa: E402

SLOPE = 26 / 256


class Activated(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 8, 3), function

    def forward(self, x):
        return self.function(self.conv(x))


def last_op(function, **options):
    inspector = Inspector("DPUCZDX8G_ISA1_B4096", **options)
    result = inspector.inspect(Activated(function).eval(), (1, 3, 8, 8), "cpu", None, 0)
    return result.ops[-2]


@pytest.mark.parametrize(
    ("function", "kind", "replaced"),
    [
        (nn.ReLU6(), "relu", True),
        (nn.functional.relu6, "relu6", False),
        (nn.Hardtanh(0, 6), "relu6", False),
        (nn.ReLU(), "relu", False),
    ],
    ids=("nn.ReLU6", "F.relu6", "nn.Hardtanh(0, 6)", "nn.ReLU"),
)
def test_only_the_module_relu6_becomes_relu(function, kind, replaced):
    op = last_op(function)
    assert (op.type, op.device.value) == (kind, "dpu")
    assert any("nn.ReLU6 by nn.ReLU" in message for message in op.messages) is replaced


@pytest.mark.parametrize("slope", [0.01, 0.1, 0.2, SLOPE])
@pytest.mark.parametrize("form", [nn.LeakyReLU, lambda s: lambda x: nn.functional.leaky_relu(x, s)])
def test_every_slope_becomes_that_of_the_dpu(form, slope):
    op = last_op(form(slope))
    assert (op.op.attrs.alpha, op.device.value) == (SLOPE, "dpu")
    assert any("replaces the slope" in message for message in op.messages) is (slope != SLOPE)


def test_as_written():
    op = last_op(nn.LeakyReLU(0.2), convert=False)
    assert (op.op.attrs.alpha, op.device.value) == (0.2, "cpu")
    assert last_op(nn.ReLU6(), convert=False).type == "relu6"
