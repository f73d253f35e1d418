"""Modules around modules, and weights that are computed: read as at inference, without warnings."""

from __future__ import annotations

import warnings

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from vai_inspect.core.errors import ModelError  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

parametrize = pytest.importorskip("torch.nn.utils.parametrize")
parametrizations = pytest.importorskip("torch.nn.utils.parametrizations")
IMAGE = (1, 3, 16, 16)


class Half(nn.Module):
    def forward(self, weight):
        return weight / 2


class Twice(nn.Module):
    """Whose own parameters decide."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, weight):
        return weight * self.scale


def with_own():
    conv = nn.Conv2d(3, 8, 3)
    parametrize.register_parametrization(conv, "weight", Half())
    parametrize.register_parametrization(conv, "weight", Twice())
    parametrize.register_parametrization(conv, "bias", Half())
    return conv


def pruned():
    from torch.nn.utils import prune

    return prune.l1_unstructured(nn.Conv2d(3, 8, 3), "weight", 0.5)


class Standardised(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)


LAYERS = {
    "weight_norm": lambda: getattr(parametrizations, "weight_norm", nn.utils.weight_norm)(
        nn.Conv2d(3, 8, 3)
    ),
    "spectral_norm": lambda: parametrizations.spectral_norm(nn.Conv2d(3, 8, 3)),
    "own ones": with_own,
    "weight_norm by a hook": lambda: nn.utils.weight_norm(nn.Conv2d(3, 8, 3)),
    "spectral_norm by a hook": lambda: nn.utils.spectral_norm(nn.Conv2d(3, 8, 3)),
    "pruning": pruned,
    "standardised weights": lambda: Standardised(3, 8, 3),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated")
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_whose_weights_are_computed_is_the_layer_itself(name):
    model = nn.Sequential(LAYERS[name](), nn.ReLU(), nn.Conv2d(8, 8, 3))
    before = {key: one.clone() for key, one in model.state_dict().items()}
    kinds = [type(one) for one in model.modules()]
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, IMAGE, "cpu", None, 0)
    conv, relu, last = [op for op in result.ops if op.device.value == "dpu"]
    assert [conv.op.kind, relu.op.kind, last.op.kind] == ["conv2d", "relu", "conv2d"]
    assert conv.op.param("weights").shape == (8, 3, 3, 3)
    assert conv.op.param("bias").shape == (8,)
    (said,) = [text for text in conv.messages if "computed in each forward" in text]
    assert "bake it in first" in said
    assert not any("computed in each forward" in text for text in last.messages)
    assert result.summary.fully_on_dpu
    assert kinds == [type(one) for one in model.modules()]
    assert all(torch.equal(one, before[key]) for key, one in model.state_dict().items())


class WithCompiled(nn.Module):
    def __init__(self, compiled):
        super().__init__()
        self.conv = compiled(nn.Conv2d(3, 8, 3))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.conv(x))


def in_place(module):
    module.compile()
    return module


COMPILED = {
    "a layer": lambda: WithCompiled(torch.compile),
    "a layer in place": lambda: WithCompiled(in_place),
    "the model": lambda: torch.compile(WithCompiled(lambda one: one)),
    "the model in place": lambda: in_place(WithCompiled(lambda one: one)),
    "the model and a layer": lambda: torch.compile(WithCompiled(torch.compile)),
    "in parallel": lambda: nn.DataParallel(torch.compile(WithCompiled(lambda one: one))),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(not hasattr(nn.Module, "compile"), reason="a torch without Module.compile")
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_models_are_read_as_they_were_written(name):
    model = COMPILED[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        captured = capture(model, IMAGE)
    assert (captured.model.name, captured.model.capture) == ("WithCompiled", "fx")
    assert captured.warnings == ()
    assert [op.name for op in captured.graph] == ["x", "conv", "relu", "return"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(not hasattr(nn.Module, "compile"), reason="a torch without Module.compile")
def test_compiled_functions_are_read_as_they_were_written():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)

        @torch.compile
        def body(self, x):
            return self.conv(x).relu()

        def forward(self, x):
            return self.body(x)

    captured = capture(Model(), IMAGE)
    assert (captured.model.capture, captured.warnings) == ("fx", ())
    assert [op.kind for op in captured.graph] == ["data", "conv2d", "relu", "return"]


class ToQuantise(nn.Module):
    def __init__(self):
        super().__init__()
        quantization = torch.ao.quantization
        self.before, self.after = quantization.QuantStub(), quantization.DeQuantStub()
        self.conv, self.relu = nn.Conv2d(3, 8, 3), nn.ReLU()
        self.sum = torch.ao.nn.quantized.FloatFunctional()

    def forward(self, x):
        x = self.conv(self.before(x))
        return self.after(self.relu(self.sum.add(x, x)))


def prepared(train, converted=False):
    model = ToQuantise().train(train)
    quantization = torch.ao.quantization
    model.qconfig = quantization.default_qat_qconfig if train else quantization.default_qconfig
    made = (quantization.prepare_qat if train else quantization.prepare)(model)
    if converted:
        made(torch.zeros(IMAGE))
        made = quantization.convert(made.eval())
    return made


QUANTISED = {
    "prepared for training": lambda: prepared(True),
    "prepared": lambda: prepared(False),
    "converted": lambda: prepared(False, True),
    "dynamic": lambda: torch.ao.quantization.quantize_dynamic(
        nn.Sequential(nn.Linear(3, 4)), {nn.Linear}
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUANTISED)
def test_a_quantised_model_is_one_clear_error(name):
    with pytest.raises(ModelError) as caught:
        capture(QUANTISED[name](), IMAGE)
    text = str(caught.value)
    assert text.startswith("This model was quantised already (module ")
    assert text.endswith("inspect the float model that it was made from.")


def test_a_model_that_may_be_quantised_is_a_float_model():
    kinds = [op.kind for op in capture(ToQuantise(), IMAGE).graph]
    assert [kind for kind in kinds if kind != "identity"] == [
        "data",
        "conv2d",
        "add",
        "relu",
        "return",
    ]
