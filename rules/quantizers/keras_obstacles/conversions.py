"""Default replacements of vai_q_tensorflow2."""

from __future__ import annotations

from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import AvgPool2dAttrs, LeakyReluAttrs
from vai_inspect.rules.quantizers.hits import Found, each
from vai_inspect.rules.quantizers.keras.average_pool import dpu_scale
from vai_inspect.rules.quantizers.keras_obstacles.layers import NORM, folds
from vai_inspect.rules.quantizers.obstacle import EXECUTED, conversion
from vai_inspect.rules.quantizers.scene import Scene, call_of, kinds, layers
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example


def _norm(after: Draw) -> Draw:
    def draw(sketch: Sketch) -> None:
        after(sketch)
        sketch.layer(NORM, "batchnorm", params=("gamma", "beta"))

    return draw


@conversion(
    "keras.converts.dropout",
    source=EXECUTED,
    optional=False,
    applies=(example("Dropout", lambda s: s.layer("Dropout", "identity")),),
    leaves=(example("SpatialDropout2D", lambda s: s.layer("SpatialDropout2D", "identity")),),
)
@each(layers("Dropout"))
def dropout(scene: Scene, op: Op) -> Found:
    """Dropout is removed; its variants are not."""
    return "Dropout is removed"


@conversion(
    "keras.converts.batch_norm_folded",
    source=EXECUTED,
    optional=False,
    applies=(example("Conv2D, BatchNormalization", _norm(lambda s: s.conv())),),
    leaves=(example("ReLU, BatchNormalization", _norm(lambda s: s.layer("ReLU", "relu"))),),
)
@each(layers(NORM))
def batch_norm_folded(scene: Scene, op: Op) -> Found:
    """A batch norm that is the only reader of a layer with weights is folded into it."""
    if op.kind == "batchnorm" and folds(scene, op):
        return "batch norms are folded into the layer before them"
    return None


@conversion(
    "keras.converts.batch_norm_depthwise",
    source=EXECUTED,
    optional=False,
    applies=(example("ReLU, BatchNormalization", _norm(lambda s: s.layer("ReLU", "relu"))),),
    leaves=(example("Conv2D, BatchNormalization", _norm(lambda s: s.conv())),),
)
@each(layers(NORM))
def batch_norm_depthwise(scene: Scene, op: Op) -> Found:
    """Any other batch norm of a feature map becomes a 1x1 depthwise convolution."""
    if op.kind == "batchnorm" and not folds(scene, op) and scene.rank(op) == 4:
        return "other batch norms become 1x1 depthwise convolutions"
    return None


@conversion(
    "keras.converts.separable",
    source=EXECUTED + "; Vitis-AI issue 988",
    releases=("3.0", "3.5"),
    optional=False,
    applies=(example("SeparableConv2D", lambda s: s.layer("SeparableConv2D", "depthwise-conv2d")),),
    leaves=(example("DepthwiseConv2D", lambda s: s.layer("DepthwiseConv2D", "depthwise-conv2d")),),
)
@each(layers("SeparableConv2D"))
def separable(scene: Scene, op: Op) -> Found:
    """SeparableConv2D becomes a depthwise and a pointwise convolution."""
    if op.kind == "depthwise-conv2d":
        return "SeparableConv2D becomes DepthwiseConv2D and Conv2D"
    return None


def _written_out(sketch: Sketch) -> None:
    total = sketch.call("Add", "add", [sketch.conv(), sketch.constant(number=3.0)])
    gate = sketch.layer("ReLU", "relu6", [total])
    sketch.call("Multiply", "mul", [gate, sketch.constant(number=1 / 6)])


@conversion(
    "keras.converts.hard_sigmoid",
    source=EXECUTED,
    applies=(example("relu6(x + 3) * (1 / 6)", _written_out),),
    leaves=(example("ReLU(6)", lambda s: s.layer("ReLU", "relu6")),),
)
@each(kinds("relu6"))
def hard_sigmoid(scene: Scene, op: Op) -> Found:
    """relu6(x + 3) * (1 / 6), written in this order with a ReLU layer, becomes one hard-sigmoid."""
    if op.name in scene.joined and call_of(op).is_layer:
        return "relu6(x + 3) * (1 / 6) becomes one hard-sigmoid"
    return None


def _average(size: int) -> Draw:
    attrs = AvgPool2dAttrs((size, size), (size, size))
    return lambda s: s.layer("AveragePooling2D", "avgpool2d", attrs=attrs)


@conversion(
    "keras.converts.average",
    source=EXECUTED,
    applies=(example("3x3", _average(3)),),
    leaves=(example("2x2, whose factor is 1", _average(2)),),
)
@each(layers("AveragePooling2D", "GlobalAveragePooling2D"))
def average(scene: Scene, op: Op) -> Found:
    """An average pool gets the scale factor of the DPU."""
    attrs = op.attrs
    if isinstance(attrs, AvgPool2dAttrs) and dpu_scale(attrs.kernel, attrs.global_) != 1:
        return "average pools get the scale factor of the DPU"
    return None


def _leaky(slope: float) -> Draw:
    return lambda s: s.layer("LeakyReLU", "leaky-relu", attrs=LeakyReluAttrs(slope))


@conversion(
    "keras.converts.slope",
    source=EXECUTED,
    applies=(example("LeakyReLU(0.1)", _leaky(0.1)),),
    leaves=(example("LeakyReLU(0.2)", _leaky(0.2)),),
)
@each(layers("LeakyReLU"))
def slope(scene: Scene, op: Op) -> Found:
    """The slope 0.1 of the layer LeakyReLU becomes 26/256; other slopes are unchanged."""
    if isinstance(op.attrs, LeakyReluAttrs) and abs(op.attrs.alpha - 0.1) < 1e-6:
        return "the slope 0.1 of leaky ReLUs becomes 26/256 = 0.1015625"
    return None


CONVERSIONS = (
    dropout,
    batch_norm_folded,
    batch_norm_depthwise,
    separable,
    hard_sigmoid,
    average,
    slope,
)
