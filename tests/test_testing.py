"""The pytest helper of users: what it lets pass, and what it says where it does not."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from tests.cli import models  # noqa: E402
from vai_inspect.core.errors import InputShapeError, ModelError, ReportError, TargetError  # noqa: E402
from vai_inspect.testing import assert_on_dpu  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"


def test_what_runs_on_the_dpu_passes_and_the_inspection_comes_back(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    result = assert_on_dpu(models.whole(), B4096)
    assert result.summary.fully_on_dpu
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_what_does_not_is_told_with_every_reason():
    with pytest.raises(AssertionError) as raised:
        assert_on_dpu(models.small(), B4096)
    lines = str(raised.value).splitlines()
    assert lines[:3] == [
        "small on DPUCZDX8G_ISA1_B4096:",
        "1 operator is on the CPU",
        "  dense/softmax (softmax)",
    ]
    assert any(line.startswith("    - softmax runs on the CPU") for line in lines)
    assert any("what to change: " in line for line in lines)
    assert any("rule: czdx8g." in line for line in lines)
    assert lines[-1] == "  that has no DPU cost: allow=['end:softmax'] lets it pass"


@pytest.mark.parametrize("allow", ["softmax", ["end:softmax"], ("dense/*",), iter(["dense"])])
def test_what_is_allowed_passes(allow):
    assert assert_on_dpu(models.small(), B4096, allow=allow).summary.cpu_ops == 1


def test_a_misspelt_pattern_is_named():
    with pytest.raises(AssertionError, match="allow: no operator matches 'sofmax'"):
        assert_on_dpu(models.small(), B4096, allow="sofmax")


def test_an_unknown_operator_is_not_on_the_dpu():
    with pytest.raises(AssertionError, match="verdict unknown"):
        assert_on_dpu(models.undecided(), B4096)


def split():
    layers = keras.layers
    sliced = layers.Lambda(lambda x: x * 2, name="double")
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(8, 3), sliced, layers.Conv2D(8, 3)], name="split"
    )


def test_subgraphs_may_be_bounded():
    assert_on_dpu(split(), B4096, allow="double", max_dpu_subgraphs=2)
    with pytest.raises(AssertionError) as raised:
        assert_on_dpu(split(), B4096, allow="double", max_dpu_subgraphs=1)
    assert str(raised.value) == "split on DPUCZDX8G_ISA1_B4096:\n2 DPU subgraphs, more than 1"


def test_shapes_are_handed_on():
    assert_on_dpu(models.open_size(), B4096, input_args=(1, 32, 32, 3))


@pytest.mark.parametrize(
    ("allow", "received"),
    [
        ((1, 32, 32, 3), r"\(1, 32, 32, 3\)"),
        ([(1, 32, 32, 3)], r"\[\(1, 32, 32, 3\)\]"),
        (keras.ops.zeros((1, 32, 32, 3)), r"a \w+ of the shape \(1, 32, 32, 3\)"),
        ({"x": (1, 32, 32, 3)}, r"{'x': \(1, 32, 32, 3\)}"),
        (3, "3"),
    ],
)
def test_inputs_in_the_place_of_patterns_are_told_where_they_belong(allow, received):
    says = "allow received {}; .* by name: input_args=".format(received)
    with pytest.raises(ReportError, match=says):
        assert_on_dpu(models.whole(), B4096, allow)


def test_a_torch_module_is_asserted_with_its_inputs():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Softmax(1))
    for given in ((1, 3, 32, 32), torch.zeros(1, 3, 32, 32), [(1, 3, 32, 32)]):
        result = assert_on_dpu(net, B4096, "end:softmax", input_args=given)
        assert result.model.framework == "torch"
    with pytest.raises(AssertionError, match="softmax runs on the CPU"):
        assert_on_dpu(net, B4096, input_args=(1, 3, 32, 32))
    with pytest.raises(InputShapeError, match="input_args=\\(1, 3, 224, 224\\)"):
        assert_on_dpu(net, B4096)


@pytest.mark.parametrize(
    ("error", "model", "target"),
    [
        (TargetError, models.whole, "DPUCZDX8G_ISA1_B4095"),
        (ModelError, lambda: 3, B4096),
        (InputShapeError, models.open_size, B4096),
    ],
)
def test_what_cannot_be_inspected_is_an_error_of_its_own(error, model, target):
    with pytest.raises(error):
        assert_on_dpu(model(), target)
