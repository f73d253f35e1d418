"""Layers at which the quantiser fails, or that become another function."""

from __future__ import annotations

from typing import Iterator, Optional, Sequence

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import BatchNormAttrs, DepthwiseConv2dAttrs
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, left_in_float, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import CONVERTED, EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls, layers
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

NORM = "BatchNormalization"
_BY_READING = EXECUTED + " (3.0 and 3.5; 2.5 by reading)"
_AFFINE = ("gamma", "beta", "moving_mean", "moving_var")


def _norm(sketch: Sketch, *params: str, axis: Optional[int] = None) -> None:
    attrs = None if axis is None else BatchNormAttrs(axis)
    sketch.layer(NORM, "batchnorm", attrs=attrs, params=params or _AFFINE)


@obstacle(
    "keras.batch_norm.without_center",
    effects=in_all(fails("quantise", "it stops at 'beta:0'", "KeyError")),
    remedy=exact("use center=True; a beta of 0 computes the same", "batch-norm-beta"),
    source=_BY_READING,
    passes=(example("scale=False", lambda s: _norm(s, "beta", "moving_mean", "moving_var")),),
    fails=(example("center=False", lambda s: _norm(s, "gamma", "moving_mean", "moving_var")),),
)
@each(layers(NORM, "SyncBatchNormalization"))
def without_center(scene: Scene, op: Op) -> Found:
    """A BatchNormalization with center=False."""
    if op.kind == "batchnorm" and op.param("beta") is None:
        return "a BatchNormalization with center=False"
    return None


def _dense(activation: bool) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.input((1, 8))
        sketch.layer("Dense", "inner-product")
        if activation:
            sketch.layer("Dense", "relu", activation="keras.relu")
        _norm(sketch)

    return draw


@obstacle(
    "keras.batch_norm.of_vectors",
    effects=in_all(
        fails("quantise", "it becomes a depthwise convolution: expected min_ndim=4", "ValueError")
    ),
    remedy="put the BatchNormalization before the activation, where it is folded, or fold it into "
    "the next Dense by hand",
    source=_BY_READING,
    passes=(example("Dense, BatchNormalization", _dense(False)),),
    fails=(example("Dense(relu), BatchNormalization", _dense(True)),),
)
@each(layers(NORM))
def of_vectors(scene: Scene, op: Op) -> Found:
    """A BatchNormalization of vectors that cannot be folded into a preceding Dense."""
    if op.kind == "batchnorm" and scene.rank(op) == 2 and not folds(scene, op):
        return "a BatchNormalization of vectors has no Dense to fold into"
    return None


def folds(scene: Scene, op: Op) -> bool:
    """Returns whether a batch norm is folded into the preceding layer, whose only reader it is."""
    before = scene.source(op)
    weighted = before is not None and any(param.role == "weights" for param in before.params)
    return before is not None and weighted and len(scene.readers(before)) == 1


def _depthwise(multiplier: int) -> Draw:
    attrs = DepthwiseConv2dAttrs((3, 3), multiplier=multiplier)

    def draw(sketch: Sketch) -> None:
        size = (1, 14, 14, 8 * multiplier)
        sketch.layer("DepthwiseConv2D", "depthwise-conv2d", attrs=attrs, shape=size)
        _norm(sketch)

    return draw


@obstacle(
    "keras.batch_norm.after_depth_multiplier",
    effects=in_all(fails("quantise", "the fold stops: cannot reshape", "ValueError")),
    remedy="use depth_multiplier=1, or fold it by hand",
    source=_BY_READING,
    passes=(example("depth_multiplier=1", _depthwise(1)),),
    fails=(example("depth_multiplier=2", _depthwise(2)),),
)
@each(layers(NORM))
def after_depth_multiplier(scene: Scene, op: Op) -> Found:
    """A BatchNormalization after a DepthwiseConv2D with a depth_multiplier above 1."""
    before = scene.source(op) if op.kind == "batchnorm" else None
    attrs = None if before is None else before.attrs
    layer = before is not None and call_of(before).base == "DepthwiseConv2D"
    if layer and isinstance(attrs, DepthwiseConv2dAttrs) and attrs.multiplier > 1:
        return f"it follows a depth_multiplier of {attrs.multiplier}"
    return None


@obstacle(
    "keras.batch_norm.other_axis",
    effects=in_all(changes("quantise", "it becomes a depthwise convolution over the last axis")),
    remedy="use axis=-1 on maps with the channels last",
    source="the vendor's open quantiser of 3.5, executed; 2.5 and 3.0 by reading",
    passes=(example("axis=-1", lambda s: _norm(s)),),
    fails=(example("axis=1", lambda s: _norm(s, axis=1)),),
)
@each(layers(NORM))
def other_axis(scene: Scene, op: Op) -> Found:
    """A BatchNormalization over an axis other than the last."""
    if isinstance(op.attrs, BatchNormAttrs) and op.attrs.axis % scene.rank(op) != (
        scene.rank(op) - 1
    ):
        return f"a BatchNormalization over axis {op.attrs.axis}"
    return None


def _separable(activation: Optional[str]) -> Draw:
    def draw(sketch: Sketch) -> None:
        name = "SeparableConv2D"
        sketch.layer(name, "depthwise-conv2d", as_name="separable/depthwise", layer="separable")
        sketch.layer(name, "conv2d", as_name="separable", layer="separable")
        if activation is not None:
            sketch.layer(name, "relu", layer="separable", activation=activation)

    return draw


@obstacle(
    "keras.separable.activation",
    effects=since_3(
        changes("quantise", "the activation is dropped; the error is as large as the signal")
    ),
    remedy=exact(
        "use an activation layer after it, or DepthwiseConv2D and Conv2D(1) with the activation",
        "split-separable",
    ),
    source=EXECUTED,
    passes=(example("SeparableConv2D, ReLU", _separable(None)),),
    fails=(example("SeparableConv2D(activation='relu')", _separable("keras.relu")),),
)
@each(layers("SeparableConv2D"))
def separable_activation(scene: Scene, op: Op) -> Found:
    """A SeparableConv2D with an activation."""
    return "a SeparableConv2D has an activation" if call_of(op).argument("activation") else None


@obstacle(
    "keras.separable.in_float",
    effects={"2.5": left_in_float("quantise", "it is not quantised; 3.0 splits it")},
    remedy=exact("use DepthwiseConv2D and Conv2D(1), or release 3.0", "split-separable"),
    source="the vendor's quantiser of 2.5, read; Vitis-AI issue 988",
    passes=(example("Conv2D", lambda s: s.conv()),),
    fails=(example("SeparableConv2D", _separable(None)),),
    decides=True,
)
@each(layers("SeparableConv2D"))
def separable_in_float(scene: Scene, op: Op) -> Found:
    """A SeparableConv2D in release 2.5."""
    return "a SeparableConv2D" if op.kind in ("conv2d", "depthwise-conv2d") else None


def _shared(name: str, kind: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.layer(name, kind, times=2, layer="shared")
        sketch.layer(name, kind, times=2, layer="shared")

    return draw


@obstacle(
    "keras.shared.with_weights",
    effects={
        "3.0": left_in_float("quantise", "the layer stays in float"),
        "3.5": fails(
            "convert",
            "the layer stays in float, and the conversion fails (also with \"'NoneType' object has "
            "no attribute 'get'\")",
            "UnboundLocalError",
        ),
    },
    remedy=exact("give each call its own layer, with the same weights copied", "clone-shared"),
    source=CONVERTED + "; Vitis-AI issue 1423",
    passes=(example("one call", lambda s: s.conv()),),
    fails=(
        example("Conv2D, called twice", _shared("Conv2D", "conv2d")),
        example("Dense, called twice", _shared("Dense", "inner-product")),
    ),
)
def shared_with_weights(scene: Scene) -> Iterator[Hit]:
    """A layer with weights is called more than once."""
    yield from _called_twice(scene, True)


@obstacle(
    "keras.shared.without_weights",
    effects={"3.5": changes("convert", "the converter keeps its first call and drops the others")},
    remedy=exact("give each call its own layer", "clone-shared"),
    source=CONVERTED,
    passes=(example("one call", lambda s: s.layer("ReLU", "relu")),),
    fails=(example("ReLU, called twice", _shared("ReLU", "relu")),),
)
def shared_without_weights(scene: Scene) -> Iterator[Hit]:
    """A layer without weights, such as a ReLU, is called more than once."""
    yield from _called_twice(scene, False)


def _called_twice(scene: Scene, weighted: bool) -> Iterator[Hit]:
    found = [op for op in scene.ops(calls()) if call_of(op).calls > 1 and op.kind != "identity"]
    with_weights = {op.layer for op in found if op.params}
    for layer in dict.fromkeys(op.layer for op in found):
        if (layer in with_weights) is weighted:
            ops: Sequence[Op] = [op for op in found if op.layer == layer]
            text = f"the layer {layer} is called {call_of(ops[0]).calls} times"
            yield Hit(tuple(op.name for op in ops), text)


@obstacle(
    "keras.recurrent.weights",
    effects={
        "3.5": changes("quantise", "a warning is printed, and its weights are not transferred")
    },
    remedy="use the vendor's RNN quantiser for it, or run it on the host",
    source=CONVERTED,
    passes=(example("Dense", lambda s: s.layer("Dense", "inner-product")),),
    fails=(example("LSTM", lambda s: s.layer("LSTM", "unknown")),),
)
@each(layers("LSTM", "Bidirectional"))
def recurrent_weights(scene: Scene, op: Op) -> Found:
    """An LSTM or Bidirectional layer ("Got empty weight_value_tuples")."""
    return f"a recurrent layer ({call_of(op).name})"


@obstacle(
    "keras.dropout.in_training",
    effects=in_all(
        changes("quantise", "the dropout is removed, although Keras 2 applies it at inference")
    ),
    remedy="call it without training=True",
    source="the vendor's open quantiser, executed: Dropout is removed by the name of its class; "
    "that training=True does not change this is inferred",
    passes=(example("Dropout(p)(x)", lambda s: s.layer("Dropout", "identity")),),
    fails=(
        example(
            "Dropout(p)(x, training=True)",
            lambda s: s.layer("Dropout", "identity", training="True"),
        ),
    ),
)
@each(layers("Dropout"))
def dropout_in_training(scene: Scene, op: Op) -> Found:
    """A Dropout that is called with training=True, or in a nested model that is."""
    if call_of(op).argument("training") == "True":
        return "a Dropout is called with training=True"
    return None


RULES = (
    separable_activation,
    separable_in_float,
    shared_without_weights,
    shared_with_weights,
    other_axis,
    without_center,
    of_vectors,
    after_depth_multiplier,
    recurrent_weights,
    dropout_in_training,
)
