"""Layers and operations that the quantiser or the converter of its file does not support."""

from __future__ import annotations

from vai_inspect.core.ir import Op
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.effects import Effect, fails, in_all, left_in_float
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import CONVERTED, EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls, layers
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

_FLOAT = left_in_float("quantise", "it stays in float")
_STOPS = fails(
    "convert",
    "it stays in float, and the conversion fails with 'is an unknown op that requires a specific "
    "shape'; with quantize_model(add_shape_info=True) it becomes a custom operator",
    "AssertionError",
)
_IN_SEQUENTIAL = fails(
    "convert",
    "it stays in float, and the conversion fails with and without shapes",
    "KeyError",
)
UNSURE = frozenset(
    ("AveragePooling1D", "AveragePooling3D", "Bidirectional", "Conv1D", "Conv1DTranspose", "Conv3D")
    + ("Conv3DTranspose", "DepthwiseConv1D", "Dot", "Embedding", "GRU", "GlobalAveragePooling1D")
    + ("GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling3D", "LSTM")
    + ("LayerNormalization", "MaxPooling1D", "MaxPooling3D", "MultiHeadAttention", "SimpleRNN")
    + ("SeparableConv1D", "TimeDistributed", "UpSampling1D", "UpSampling3D", "ZeroPadding1D")
    + ("ZeroPadding3D",)
)
"""Layers whose support by the converter is not verified."""
LATER = {"LayerNormalization": "3.5", "Permute": "3.5", "PReLU": "3.0"}
"""Layers that a later release quantises."""


def _in(kind: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.layer("SpatialDropout2D", "identity")
        sketch.form = ModelForm(kind)

    return draw


def _unknown(name: str) -> Draw:
    return lambda s: s.layer(name, "unknown")


@obstacle(
    "keras.unknown.layer_or_operation",
    effects={"2.5": _FLOAT, "3.0": _FLOAT, "3.5": _STOPS},
    source=CONVERTED + "; Vitis-AI issue 764",
    passes=(
        example("Dropout", lambda s: s.layer("Dropout", "identity")),
        example("Add", lambda s: s.layer("Add", "add", [s.conv(), s.conv("input")])),
    ),
    fails=(
        example("SpatialDropout2D", _in("Functional")),
        example("SpatialDropout2D in a Sequential", _in("Sequential")),
        example("Rescaling", _unknown("Rescaling")),
        example("Lambda", _unknown("Lambda")),
        example("GlobalMaxPooling2D", _unknown("GlobalMaxPooling2D")),
        example("tf.abs", lambda s: s.call("Absolute")),
        example("tanh", lambda s: s.layer("Conv2D", "tanh", activation="keras.tanh")),
        example("Conv3D", _unknown("Conv3D")),
    ),
    explains_float=True,
)
@each(calls())
def layer_or_operation(scene: Scene, op: Op) -> Found:
    """A layer, operation or activation that the flow does not support.

    Only the layers in the quantiser's list are quantised. Everything else stays in float, and the
    conversion of release 3.5, the first step of the compiler, fails for most of it; that of 2.5
    and 3.0 is closed source.
    """
    if op.name not in scene.in_float or _quantised_in(op, scene.release):
        return None
    reason, remedy = scene.in_float[op.name]
    return Hit((op.name,), _found(op, reason), remedy, _effects(op, scene))


def _found(op: Op, reason: str) -> str:
    library, _, name = (call_of(op).argument("activation") or "").rpartition(".")
    if library == "layer":
        return f"the layer {name} is passed as an activation"
    if name:
        return "the activation {} is {}".format(
            name, "not supported" if library else "your own function"
        )
    return "the quantiser " + reason[3:] if reason.startswith("it ") else reason


def _quantised_in(op: Op, release: str) -> bool:
    """Returns whether a release quantises an operator that earlier releases do not."""
    since = LATER.get(call_of(op).base or "")
    return since is not None and release >= since


def _effects(op: Op, scene: Scene) -> "dict[str, Effect]":
    last = _IN_SEQUENTIAL if scene.form.kind == "Sequential" else _STOPS
    if call_of(op).is_layer and call_of(op).base in UNSURE:
        last = _FLOAT
    return {"2.5": _FLOAT, "3.0": _FLOAT, "3.5": last}


@obstacle(
    "keras.unknown.later_layer",
    effects={"2.5": _FLOAT, "3.0": _FLOAT},
    source="the list of layers of each release's quantiser",
    remedy="use a later release",
    passes=(example("ReLU", lambda s: s.layer("ReLU", "relu")),),
    fails=(
        example("PReLU", lambda s: s.layer("PReLU", "prelu"), "2.5"),
        example("Permute", lambda s: s.layer("Permute", "transpose")),
    ),
    decides=True,
)
@each(layers(*LATER))
def later_layer(scene: Scene, op: Op) -> Found:
    """A layer that only a later release quantises: PReLU (3.0), Permute (3.5)."""
    if not _quantised_in(op, scene.release) and op.name not in scene.in_float:
        since = LATER[call_of(op).base or ""]
        return f"{call_of(op).name} is quantised since {since}"
    return None


@obstacle(
    "keras.unknown.interpolation",
    effects={"3.5": fails("convert", "only nearest and bilinear are supported", "AssertionError")},
    remedy="use interpolation='nearest' or 'bilinear'",
    source=CONVERTED,
    passes=(example("nearest", lambda s: s.layer("UpSampling2D", "resize")),),
    fails=(
        example("bicubic", lambda s: s.layer("UpSampling2D", "resize", interpolation="bicubic")),
    ),
)
@each(layers("UpSampling2D"))
def interpolation(scene: Scene, op: Op) -> Found:
    """An UpSampling2D with an interpolation other than nearest and bilinear."""
    mode = call_of(op).argument("interpolation")
    return f"UpSampling2D(interpolation={mode!r})" if mode is not None else None


def _relu_after(name: str, kind: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        if kind == "concat":
            sketch.layer(name, kind, [sketch.conv(), sketch.conv("input")])
        else:
            sketch.layer(name, kind)
        sketch.layer("ReLU", "relu")

    return draw


@obstacle(
    "keras.unknown.standalone_activation",
    effects=in_all(
        left_in_float("quantise", "'Standalone activation ... is not supported'; it stays in float")
    ),
    remedy="put it before the concatenation, or after a convolution, Dense, Add, Multiply or pool",
    source=EXECUTED + "; Vitis-AI issue 1023",
    passes=(
        example("after a convolution", _relu_after("Conv2D", "conv2d")),
        example("after an average pool", _relu_after("AveragePooling2D", "avgpool2d")),
    ),
    fails=(
        example("after Concatenate", _relu_after("Concatenate", "concat")),
        example("after the input", lambda s: s.layer("ReLU", "relu")),
    ),
)
@each(layers("ReLU", "Activation"))
def standalone_activation(scene: Scene, op: Op) -> Found:
    """A ReLU after Concatenate, a bare operation or the input."""
    before = scene.source(op)
    if op.kind not in ("relu", "relu6") or before is None or op.name in scene.joined:
        return None
    bare = before.name in scene.in_float and not call_of(before).is_layer
    if before.kind in ("concat", "data") or bare:
        return f"an activation after {before.kind}"
    return None


RULES = (interpolation, later_layer)
LAST = (layer_or_operation, standalone_activation)
"""Fallback rules, for operators that no other rule covers."""
