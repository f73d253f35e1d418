"""Default replacements of vai_q_pytorch."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import (
    AvgPool2dAttrs,
    DepthwiseConv2dAttrs,
    LeakyReluAttrs,
    PadAttrs,
)
from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, conversion
from vai_inspect.rules.quantizers.scene import Scene, calls, described, kinds
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example
from vai_inspect.rules.quantizers.torch_obstacles.activations import ALIKE
from vai_inspect.rules.quantizers.torch_obstacles.normalization import FOLDED_INTO


def _after(draw: Draw) -> Draw:
    def both(sketch: Sketch) -> None:
        draw(sketch)
        sketch.layer("BatchNorm2d", "batchnorm", params=("gamma",))

    return both


def _joined(sketch: Sketch) -> None:
    sketch.call("cat", "concat", [sketch.conv(), sketch.conv("input")])


@conversion(
    "torch.converts.batch_norm_folded",
    source=EXECUTED,
    optional=False,
    applies=(
        example("conv, batch norm", _after(lambda s: s.conv())),
        example("cat of convolutions, batch norm", _after(_joined)),
    ),
    leaves=(example("relu, batch norm", _after(lambda s: s.layer("ReLU", "relu"))),),
)
@each(kinds("batchnorm"))
def batch_norm_folded(scene: Scene, op: Op) -> Found:
    """A batch norm after a convolution, or after a concatenation of convolutions, is folded."""
    if _folds(scene, op.name):
        return "batch norms are folded into the preceding convolution"
    return None


@conversion(
    "torch.converts.batch_norm_scale",
    source=EXECUTED,
    optional=False,
    applies=(
        example("relu, batch norm", _after(lambda s: s.layer("ReLU", "relu"))),
        example("Linear, batch norm", _after(lambda s: s.layer("Linear", "inner-product"))),
    ),
    leaves=(example("conv, batch norm", _after(lambda s: s.conv())),),
)
@each(kinds("batchnorm"))
def batch_norm_scale(scene: Scene, op: Op) -> Found:
    """Any other batch norm becomes XIR's `scale`."""
    if not _folds(scene, op.name):
        return "batch norms without a preceding convolution become scale"
    return None


def _folds(scene: Scene, name: str) -> bool:
    before = scene.source(scene.graph[name])
    if before is not None and before.kind == "concat":
        return all(one.kind in FOLDED_INTO for one in scene.graph.producers(before))
    return before is not None and before.kind in FOLDED_INTO


@conversion(
    "torch.converts.slope",
    source=EXECUTED,
    applies=(
        example(
            "slope 0.1", lambda s: s.layer("LeakyReLU", "leaky-relu", attrs=LeakyReluAttrs(0.1))
        ),
    ),
    leaves=(
        example(
            "slope 26/256",
            lambda s: s.layer("LeakyReLU", "leaky-relu", attrs=LeakyReluAttrs(SLOPE)),
        ),
    ),
)
@each(kinds("leaky-relu"))
def leaky_relu(scene: Scene, op: Op) -> Found:
    """The slope 0.1 of a leaky ReLU becomes 26/256."""
    if isinstance(op.attrs, LeakyReluAttrs) and 1e-7 <= abs(op.attrs.alpha - SLOPE) < ALIKE:
        return f"the slope {op.attrs.alpha:g} of leaky ReLUs becomes 26/256 = 0.1015625"
    return None


_HARD = "is computed with the factor 6 * 2731 / 16384 of the DPU in place of 1"


@conversion(
    "torch.converts.hard_sigmoid",
    source=EXECUTED,
    applies=(example("nn.Hardsigmoid", lambda s: s.layer("Hardsigmoid", "hard-sigmoid")),),
    leaves=(
        example("nn.Sigmoid", lambda s: s.layer("Sigmoid", "sigmoid")),
        example("nn.SiLU", lambda s: s.layer("SiLU", "swish")),
    ),
)
@each(calls("Hardsigmoid", "hardsigmoid", "Hardswish", "hardswish"))
def hard_sigmoid(scene: Scene, op: Op) -> Found:
    """Hardsigmoid and, since 3.0, Hardswish get the DPU's factor; sigmoid and SiLU do not."""
    if scene.release == "2.5" and described(op) in ("Hardswish", "hardswish"):
        return None
    return f"{described(op)} {_HARD}"


@conversion(
    "torch.converts.average",
    source=EXECUTED,
    applies=(
        example(
            "nn.AvgPool2d(7)",
            lambda s: s.layer("AvgPool2d", "avgpool2d", attrs=AvgPool2dAttrs((7, 7), (7, 7))),
        ),
    ),
    leaves=(example("nn.MaxPool2d", lambda s: s.layer("MaxPool2d", "maxpool2d")),),
)
@each(kinds("avgpool2d"))
def average(scene: Scene, op: Op) -> Found:
    """An average pool is followed by a multiplication with the DPU's factor."""
    return "average pools are multiplied by the scale factor of the DPU"


def _pads(scene: Scene) -> Iterator[str]:
    for op in scene.ops(kinds("pad")):
        if isinstance(op.attrs, PadAttrs) and op.attrs.mode != "WRAP":
            yield op.name


@conversion(
    "torch.converts.pad",
    source=EXECUTED,
    releases=("3.5",),
    optional=False,
    applies=(
        example("nn.ZeroPad2d", lambda s: s.layer("ZeroPad2d", "pad", attrs=PadAttrs((0,) * 8))),
    ),
    leaves=(
        example("circular", lambda s: s.layer("Conv2d", "pad", attrs=PadAttrs((0,) * 8, "WRAP"))),
    ),
)
def pad(scene: Scene) -> Iterator[Hit]:
    """A separate pad becomes XIR's `pad`; "can't be fused" is printed."""
    for name in _pads(scene):
        yield Hit(
            (name,), "separate pads become XIR's pad, with a message that they cannot be fused"
        )


def _grouped(multiplier: int) -> Draw:
    attrs = DepthwiseConv2dAttrs((3, 3), multiplier=multiplier)
    return lambda s: s.layer("Conv2d", "depthwise-conv2d", attrs=attrs)


@conversion(
    "torch.converts.depthwise_multiplier",
    source=EXECUTED,
    optional=False,
    applies=(example("groups=C, 2 * C outputs", _grouped(2)),),
    leaves=(example("groups=C, C outputs", _grouped(1)),),
)
@each(kinds("depthwise-conv2d"))
def depthwise_multiplier(scene: Scene, op: Op) -> Found:
    """A depthwise convolution with a multiplier becomes a grouped conv2d before 3.5."""
    if isinstance(op.attrs, DepthwiseConv2dAttrs) and op.attrs.multiplier > 1:
        kind = "depthwise-conv2d" if scene.release == "3.5" else "grouped conv2d"
        return f"depthwise convolutions with a multiplier become {kind}"
    return None


CONVERSIONS = (
    batch_norm_folded,
    batch_norm_scale,
    leaky_relu,
    hard_sigmoid,
    average,
    pad,
    depthwise_multiplier,
)
