"""Parameters and buffers that are operands of operators, not weights of layers."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import exact
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, since_3, warns
from vai_inspect.rules.quantizers.hits import Hit
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example
from vai_inspect.rules.quantizers.torch_obstacles.operands import operands

_DEPTHWISE = (
    "use a depthwise nn.Conv2d(C, C, 1, groups=C) with these weights, or fold it into the "
    "convolution or a BatchNorm2d; a plain tensor attribute instead of the parameter also works"
)
_NO_PARAMETER = exact("hold it as a plain tensor attribute instead of a parameter or buffer")
_PLAIN = exact(
    "hold it as a plain tensor attribute with all four axes, such as "
    "self.scale = scale.view(1, 1, 1, W)"
)
_NORM = exact(
    "use nn.BatchNorm2d with the same values in place of FrozenBatchNorm2d: it is folded",
    "frozen-batch-norm",
)
_IN_2_5 = fails("export", "AddXopError: 'NoneType' has no attribute 'name'", "EXPORT_XMODEL")
_NOT_BROADCAST = fails(
    "export",
    "the map is NHWC at this point and the parameter still NCHW: operands could not be broadcast",
    "ValueError",
)
_SPREAD = changes(
    "export",
    "the map is NHWC at this point and the parameter still NCHW, and their shapes happen to be "
    "compatible: the file has the parameter along another axis, without an error",
)


def _on_map(kind: str, *shape: int, size: int = 16) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.input((1, size, size, 8))
        conv = sketch.conv()
        sketch.call(kind, kind, [conv, sketch.parameter(*shape)])

    return draw


def _on_input(sketch: Sketch) -> None:
    image = sketch.input()
    sketch.call("add", "add", [image, sketch.parameter(1, 8, 16, 16)])
    sketch.conv()


def _on_scores(sketch: Sketch) -> None:
    sketch.input((1, 4, 4, 4))
    scores = sketch.call("matmul", "matmul", ["input", sketch.layer("Linear", "inner-product")])
    sketch.call("mul", "mul", [sketch.call("relu", "relu", [scores]), sketch.parameter(4, 1, 1)])


def _plain(sketch: Sketch) -> None:
    sketch.call("mul", "mul", [sketch.conv(), sketch.constant(1, 8, 1, 1)])


@obstacle(
    "torch.parameters.on_map",
    effects=since_3(_NOT_BROADCAST, _IN_2_5),
    remedy=exact(_DEPTHWISE, "parameter-to-depthwise"),
    source=EXECUTED + "; the constants of the written file inspected; Vitis-AI issue 1079",
    passes=(
        example("a plain tensor attribute", _plain),
        example("q @ k * parameter (heads, 1, 1)", _on_scores, "3.0", "3.5"),
        example("full size, directly on the input", _on_input, "3.0", "3.5"),
        example("conv(x) + parameter (1, C, 1, 1)", _on_map("add", 1, 8, 1, 1), "2.5"),
    ),
    fails=(
        example("conv(x) * parameter (1, C, 1, 1)", _on_map("mul", 1, 8, 1, 1)),
        example("conv(x) / parameter (C, 1, 1)", _on_map("div", 8, 1, 1)),
        example("conv(x) + parameter (1, C, 1, 1)", _on_map("add", 1, 8, 1, 1), "3.0", "3.5"),
        example("conv(x) * parameter (1, C, H, W)", _on_map("mul", 1, 8, 16, 16)),
        example("H == C", _on_map("mul", 1, 8, 1, 1, size=8)),
    ),
)
def on_map(scene: Scene) -> Iterator[Hit]:
    """A per-channel or full-map parameter or buffer is an operand of a map.

    Layer scale, learned scales and biases, an input normalisation with buffers, a frozen batch
    norm. If height and channels are equal, the file of 3.0 and 3.5 is silently wrong. A map is what
    convolutions read and give; for the scores of an attention it is not known.
    """
    for found in operands(scene, "parameter"):
        if len(found.map) != 4 or found.elements == 1 or len(found.shape) < 3:
            continue
        if found.scores:
            continue
        full_map = sum(size > 1 for size in found.shape) > 1
        if full_map and found.other.kind == "data" and scene.release != "2.5":
            continue
        if scene.release == "2.5" and found.op.kind == "add":
            continue
        text = "a {} parameter is an operand of {}".format(
            "full-map" if full_map else "per-channel", found.op.kind
        )
        effects = None
        if found.broadcasts_unchanged:
            effects = since_3(_SPREAD, _IN_2_5)
            text += f" on a map {found.map}"
        remedy = _NO_PARAMETER if full_map else _NORM if found.frozen else None
        yield Hit((found.op.name,), text, remedy, effects)


@obstacle(
    "torch.parameters.single",
    effects=since_3(
        warns("quantise", "it is not quantised; the file is correct", "TENSOR_NOT_QUANTIZED"),
        _IN_2_5,
    ),
    source=EXECUTED,
    passes=(example("x * 2", lambda s: s.call("mul", "mul", [s.conv(), s.constant()])),),
    fails=(
        example("a factor of one element", _on_map("mul", 1)),
        example(
            "positions added to tokens",
            lambda s: (
                s.input((1, 4, 8)),
                s.call("add", "add", ["input", s.parameter(1, 4, 8)]),
            ),
            "3.0",
            "3.5",
        ),
    ),
)
def single(scene: Scene) -> Iterator[Hit]:
    """A parameter of one element, or an operand of tokens (rank 2 or 3)."""
    for found in operands(scene, "parameter"):
        one = found.elements == 1
        if not one and len(found.map) == 4:
            continue
        if scene.release == "2.5" and not (one and found.op.kind != "add"):
            continue
        size = "one element" if one else f"shape {found.shape}"
        text = f"a parameter of {size} is an operand of {found.op.kind}"
        yield Hit((found.op.name,), text)


@obstacle(
    "torch.parameters.one_axis",
    effects=since_3(_NOT_BROADCAST),
    remedy=exact("give it all four axes first: .view(1, 1, 1, W)"),
    source=EXECUTED,
    passes=(
        example(
            "arange(W).view(1, 1, 1, W)",
            lambda s: s.call("add", "add", [s.conv(), s.constant(1, 1, 1, 16)]),
        ),
    ),
    fails=(
        example("conv(x) + arange(W)", lambda s: s.call("add", "add", [s.conv(), s.constant(16)])),
        example("conv(x) * parameter (W,)", _on_map("mul", 16)),
    ),
)
def one_axis(scene: Scene) -> Iterator[Hit]:
    """A constant or parameter of one axis is an operand of a map of four.

    A parameter with all four axes is an obstacle too; a plain tensor attribute is none.
    """
    for name in ("constant", "parameter"):
        for found in operands(scene, name):
            short = len(found.shape) in (1, 2) and found.elements > 1
            if short and len(found.map) == 4 and not found.scores:
                yield Hit(
                    (found.op.name,),
                    f"a tensor of shape {found.shape} is an operand of {found.op.kind}",
                    _PLAIN if name == "parameter" else None,
                    since_3(_SPREAD) if found.broadcasts_unchanged else None,
                )


def _of_sequential(path: str) -> Draw:
    return lambda s: s.call("mul", "mul", [s.conv(), s.parameter(1, path=path)])


@obstacle(
    "torch.parameters.of_sequential",
    effects=in_all(
        fails("quantise", "the generated Python has names such as self.1", "SyntaxError")
    ),
    remedy=exact("wrap the nn.Sequential in a Module, as a named attribute"),
    source=EXECUTED + "; Vitis-AI issue 532",
    passes=(example("the parameter body.1.g", _of_sequential("body.1.g")),),
    fails=(example("the parameter 1.g", _of_sequential("1.g")),),
)
def of_sequential(scene: Scene) -> Iterator[Hit]:
    """The top level is nn.Sequential, and a parameter is used outside a layer."""
    for op in scene.graph:
        path = call_of(op).argument("path") if call_of(op).name == "parameter" else None
        if path and path.split(".")[0].isdigit():
            readers = tuple(one.name for one in scene.graph.consumers(op))
            yield Hit(readers, f"the parameter {path!r} is used outside a layer")


RULES = (on_map, single, one_axis, of_sequential)
