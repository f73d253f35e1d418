"""Forms in which people write or hand over a model, each with what is right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from vai_inspect.torch import Inspector  # noqa: E402

IMAGE = (1, 3, 16, 16)


def on_cpu(model, shape=IMAGE):
    """Types of the operators on the CPU but for constants, and the inspection."""
    inspector = Inspector("DPUCZDX8G_ISA1_B4096")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        result = inspector.inspect(model.eval(), torch.zeros(shape), "cpu", None, 0)
    assert (result.model.capture, result.warnings) == ("fx", ())
    return [op.type for op in result.ops if op.device.value == "cpu" and op.type != "const"], result


class Mid(nn.Module):
    """conv -> f -> relu -> conv"""

    def __init__(self, function):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.function = function

    def forward(self, x):
        return self.b(F.relu(self.function(self.a(x))))


NOTHING = {
    "x + 0": (lambda x: x + 0, []),
    "0 + x": (lambda x: 0 + x, []),
    "sum([x])": (lambda x: sum([x]), []),
    "x - 0": (lambda x: x - 0, ["sub", "relu"]),
    "x / 1": (lambda x: x / 1, ["div", "relu"]),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_adds_nothing_is_judged_as_written_with_the_rewrite_as_remedy(name):
    function, want = NOTHING[name]
    found, result = on_cpu(Mid(function))
    assert found == want
    (said,) = [text for op in result.ops for text in op.messages if "adds nothing" in text]
    assert said.endswith("leave it out, which computes the same")
    for op in result.ops:
        if op.type in ("sub", "div"):
            assert {one.suggestion for one in op.findings} == {
                "leave it out, which computes the same"
            }


CONSTANT = {
    "type_as": lambda y: y * (torch.arange(16).type_as(y) + 0.5),
    "to(tensor)": lambda y: y * (torch.arange(16).to(y) + 0.5),
    "expand_as": lambda y: y * (torch.ones(1, 1, 1, 1).expand_as(y) * 2),
    "new_full": lambda y: y * (y.new_full((16,), 2.0) * 3),
    "a number of numpy": lambda y: np.float32(1.5) * y,
}


@pytest.mark.parametrize("name", CONSTANT)
def test_what_depends_on_no_input_is_one_constant(name):
    _, result = on_cpu(Mid(CONSTANT[name]))
    types = [op.type for op in result.ops]
    assert types == ["data", "conv2d", "const", "mul", "relu", "conv2d", "return"]


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.p = nn.Conv2d(3, 16, 3, padding=1), nn.AdaptiveAvgPool2d(1)
        self.g = nn.Conv2d(16, 16, 1)

    def forward(self, x):
        x = self.c(x)
        return x * F.hardsigmoid(self.g(self.p(x))).expand_as(x)


def test_an_expand_stays_in_float_without_transposes_around_it():
    found, result = on_cpu(Gate())
    assert found == ["unknown"]
    (op,) = [op for op in result.ops if op.type == "unknown"]
    assert op.op.attributes()["framework_type"] == "expand_as"
    assert (op.verdict.value, op.macs) == ("unsupported", 0)
    assert "x * y in place of x * y.expand_as(x)" in op.findings[0].suggestion
    assert "transpose" not in [op.type for op in result.ops]


class Product(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.c, self.p = nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1)
        self.w, self.b = nn.Parameter(torch.zeros(8, 10)), nn.Parameter(torch.zeros(10))
        self.function = function

    def forward(self, x):
        return self.function(self.p(self.c(x)).flatten(1), self.w, self.b)


PRODUCTS = {
    "x @ w": (lambda x, w, b: x @ w, []),
    "addmm": (lambda x, w, b: torch.addmm(b, x, w), []),
    "einsum": (lambda x, w, b: torch.einsum("bi,io->bo", x, w), ["inner-product"]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_with_a_parameter_are_inner_products(name):
    function, want = PRODUCTS[name]
    found, result = on_cpu(Product(function))
    assert found == want
    assert [op.macs for op in result.ops if op.type == "inner-product"] == [80]


class Asks(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.how = how
        self.register_buffer("n", torch.tensor(2))
        self.register_buffer("s", torch.tensor(2.0))

    def forward(self, x):
        x = self.a(x)
        if self.how == "item":
            return x * self.s.item()
        if self.how == "range":
            for _ in range(int(self.n)):
                x = self.b(x)
            return x
        if self.how == "if":
            return self.b(x) if self.n > 1 else x
        return F.interpolate(x, scale_factor=float(self.s), mode="nearest")


ASKS = {
    "item": ["conv2d", "mul"],
    "range": ["conv2d", "conv2d", "conv2d"],
    "if": ["conv2d", "conv2d"],
    "scale": ["conv2d", "resize"],
}


@pytest.mark.parametrize("how", ASKS)
def test_values_that_depend_on_no_input_are_known(how):
    found, result = on_cpu(Asks(how))
    assert found == []
    inner = [op.type for op in result.ops if op.device.value == "dpu" and op.type != "const"]
    assert inner == ASKS[how]


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.kept = {}
        self.a.register_forward_hook(lambda m, i, o: self.kept.__setitem__("a", o))

    def forward(self, x):
        y = self.b(self.a(x))
        return y + self.kept["a"]


@pytest.mark.parametrize("ran", [False, True])
def test_what_a_hook_keeps_is_no_constant(ran):
    model = Hooked()
    if ran:
        model(torch.zeros(IMAGE))
    found, result = on_cpu(model)
    assert found == []
    assert [op.type for op in result.ops] == ["data", "conv2d", "conv2d", "add", "return"]


def weight_norm(layer):
    made = getattr(nn.utils.parametrizations, "weight_norm", nn.utils.weight_norm)
    return made(layer)


WRAPPED = {
    "weight_norm": lambda: nn.Sequential(
        weight_norm(nn.Conv2d(3, 8, 3)), nn.ReLU(), nn.Conv2d(8, 8, 3)
    ),
    "torch.compile": lambda: torch.compile(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())),
    "frozen batch norm": lambda: Mid(nn.Sequential(nn.BatchNorm2d(8)).eval()),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", WRAPPED)
def test_wrappers_are_looked_through(name):
    if name == "torch.compile" and not hasattr(nn.Module, "compile"):
        pytest.skip("a torch without Module.compile")
    found, result = on_cpu(WRAPPED[name]())
    assert found == []
    assert result.summary.dpu_subgraphs == 1


def test_a_recurrent_layer_is_a_leaf():
    model = nn.Sequential(nn.LSTM(64, 64, 2, batch_first=True, bidirectional=True))
    found, result = on_cpu(model, (1, 1600, 64))
    assert found == ["unknown"]
    each = 2 * 4 * 64 * (64 + 64) + 2 * 4 * 64 * (2 * 64 + 64)
    assert result.summary.macs == 1600 * each


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ema", [None, nn.Conv2d(3, 4, 1)])
def test_a_training_checkpoint_is_its_module(ema, tmp_path):
    from vai_inspect.frontends.torch.files.exported_program import capture_file

    file = tmp_path / "checkpoint.pt"
    torch.save({"model": nn.Conv2d(3, 8, 3), "ema": ema, "epoch": 3}, file)
    graph = capture_file(file, IMAGE, trust=True).graph
    (op,) = [op for op in graph if op.kind == "conv2d"]
    assert op.param("weights").shape[0] == (8 if ema is None else 4)
