"""Convolutions: the form of padding, and weights computed in the forward."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.effects import fails, left_in_float, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, arguments, call_of, calls, described
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

_CUSTOM = "the whole convolution stays in float, a custom operator with unquantised weights"


@obstacle(
    "torch.convolution.padding_as_text",
    effects=since_3(
        left_in_float("quantise", _CUSTOM + ", without an error", "FLOAT_OP"),
        fails("quantise", "it stops at Unsupported Ops {'_convolution_mode'}", "UNSUPPORTED_OPS"),
    ),
    remedy=exact(
        "give the padding as numbers, 0 for 'valid'; for an even kernel and 'same' pad before "
        "it with nn.ZeroPad2d",
        "numeric-padding",
    ),
    source=EXECUTED,
    passes=(example("padding=1", lambda s: s.conv()),),
    fails=(
        example("padding='same'", lambda s: s.conv(padding="same")),
        example("padding='valid'", lambda s: s.conv(padding="valid")),
    ),
    explains_float=True,
)
@each(arguments("padding"))
def padding_as_text(scene: Scene, op: Op) -> Found:
    """A convolution whose padding is a string, 'same' or 'valid'."""
    padding = call_of(op).argument("padding")
    return f"padding={padding!r} is a string" if padding is not None else None


def _under(norm: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        conv = sketch.conv()
        sketch.form = ModelForm("Module", computed_weights=((conv, norm),))

    return draw


@obstacle(
    "torch.convolution.weight_norm",
    effects=since_3(
        left_in_float("quantise", "a parse error is printed, then " + _CUSTOM, "FLOAT_OP"),
        fails("quantise", "it stops at Unsupported Ops or a KeyError", "UNSUPPORTED_OPS"),
    ),
    remedy=exact(
        "bake the weight in before quantising: torch.nn.utils.remove_weight_norm, "
        "remove_spectral_norm or parametrize.remove_parametrizations"
    ),
    source=EXECUTED,
    passes=(example("a plain convolution", lambda s: s.conv()),),
    fails=(
        example("weight_norm", _under("WeightNorm")),
        example("spectral_norm", _under("SpectralNorm")),
    ),
)
def weights_by_norm(scene: Scene) -> Iterator[Hit]:
    """A module with weight_norm or spectral_norm, whose weight is computed in the forward."""
    for layer, how in dict(scene.form.computed_weights).items():
        for op in scene.ops(calls()):
            if op.layer == layer and call_of(op).is_layer:
                yield Hit((op.name,), f"its weight is computed by {how}")


@obstacle(
    "torch.convolution.computed_weight",
    effects=since_3(
        fails("export", "the weight cannot be written", "EXPORT_XMODEL"),
        fails("quantise", "it stops with a KeyError", "KeyError"),
    ),
    remedy=exact(
        "bake the standardised weight in before quantising, as the weight of a nn.Conv2d",
        "bake-weight",
    ),
    source=EXECUTED,
    passes=(example("F.conv2d with a parameter", lambda s: s.call("conv2d", "conv2d")),),
    fails=(
        example(
            "F.conv2d with a standardised parameter",
            lambda s: s.call("conv2d", "conv2d", weight="computed"),
        ),
    ),
)
@each(arguments("weight"))
def standardised_weight(scene: Scene, op: Op) -> Found:
    """A convolution whose weight the forward computes from parameters (standardised weights)."""
    if call_of(op).argument("weight") == "computed":
        return "its weight is computed in the forward"
    return None


_FUNCTIONS = tuple(f"conv{kind}{rank}d" for kind in ("", "_transpose") for rank in (1, 2, 3))


@obstacle(
    "torch.convolution.dynamic_weight",
    effects=since_3(
        left_in_float("quantise", "it stays in float as aten::_convolution", "FLOAT_OP"),
        fails("quantise", "it stops with a KeyError", "KeyError"),
    ),
    remedy="use fixed weights; no DPU runs a convolution whose weight is an activation",
    source=EXECUTED,
    passes=(
        example(
            "F.conv2d with a parameter",
            lambda s: s.call("conv2d", "unknown", [s.input(), s.parameter(8, 8, 3, 3)]),
        ),
    ),
    fails=(
        example(
            "F.conv2d with a weight from a Linear",
            lambda s: s.call(
                "conv2d", "unknown", [s.input(), s.layer("Linear", "inner-product", ["input"])]
            ),
        ),
    ),
)
@each(calls(*_FUNCTIONS, "linear"))
def dynamic_weight(scene: Scene, op: Op) -> Found:
    """A convolution or Linear whose weight is computed from the model's input."""
    weight = scene.source(op, 1)
    if op.kind == "unknown" and weight is not None and weight.kind != "const":
        return f"the weight of {described(op)} is an activation"
    return None


@obstacle(
    "torch.convolution.one_dimensional",
    effects={"2.5": fails("export", "it stops with a TypeError", "TypeError")},
    remedy=exact("use the 2-D form on maps of height 1, or release 3.0", "one-d-to-two-d"),
    source=EXECUTED,
    passes=(example("nn.Conv2d", lambda s: s.conv()),),
    fails=(
        example("nn.Conv1d", lambda s: (s.input((1, 32, 8)), s.layer("Conv1d", "conv1d"))),
        example("nn.MaxPool1d", lambda s: (s.input((1, 32, 8)), s.layer("MaxPool1d", "maxpool1d"))),
    ),
)
@each(calls("Conv1d", "conv1d", "MaxPool1d", "max_pool1d"))
def one_dimensional(scene: Scene, op: Op) -> Found:
    """Conv1d or MaxPool1d, which release 2.5 cannot export."""
    return f"{described(op)} is one-dimensional"


_OTHER_RANKS = (
    "ConvTranspose1d",
    "conv_transpose1d",
    "AvgPool1d",
    "avg_pool1d",
    "AvgPool3d",
    "avg_pool3d",
) + ("MaxPool3d", "max_pool3d")


@obstacle(
    "torch.convolution.other_ranks",
    effects=since_3(
        left_in_float("quantise", "it stays in float, a custom operator", "FLOAT_OP"),
        fails("quantise", "it stops with NotImplementedError or TypeError", "NotImplementedError"),
    ),
    remedy="use the 2-D form",
    source=EXECUTED,
    passes=(example("nn.AvgPool2d", lambda s: s.layer("AvgPool2d", "avgpool2d")),),
    fails=(
        example("nn.ConvTranspose1d", lambda s: s.layer("ConvTranspose1d", "unknown")),
        example("nn.AvgPool1d", lambda s: s.layer("AvgPool1d", "unknown")),
        example("nn.AvgPool3d", lambda s: s.layer("AvgPool3d", "unknown")),
        example("nn.MaxPool3d", lambda s: s.layer("MaxPool3d", "unknown")),
        example(
            "linear interpolation of a sequence",
            lambda s: (s.input((1, 4, 8)), s.call("interpolate", mode="linear")),
        ),
    ),
)
@each(calls(*_OTHER_RANKS, "interpolate", "upsample", "Upsample"))
def other_ranks(scene: Scene, op: Op) -> Found:
    """ConvTranspose1d, AvgPool1d, AvgPool3d, MaxPool3d or a linear resize of one dimension."""
    if described(op) in _OTHER_RANKS:
        return f"{described(op)} has no quantised form"
    if call_of(op).argument("mode") == "linear":
        return "a linear resize of one dimension has no quantised form"
    return None


RULES = (
    padding_as_text,
    weights_by_norm,
    standardised_weight,
    dynamic_weight,
    one_dimensional,
    other_ranks,
)
