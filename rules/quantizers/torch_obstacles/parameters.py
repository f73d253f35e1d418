"""Parameters and buffers that are operands of operators, not weights of layers."""

from __future__ import annotations

from typing import Dict, Iterator, NamedTuple, Set, Tuple

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import OPS, Op, Trait
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, since_3, warns
from vai_inspect.rules.quantizers.hits import Hit
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, kinds
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

Shape = Tuple[int, ...]
_KINDS = ("add", "sub", "mul", "div")
_DEPTHWISE = (
    "use a depthwise nn.Conv2d(C, C, 1, groups=C) with these weights, or fold it into the "
    "convolution or a BatchNorm2d; a plain tensor attribute instead of the parameter also works"
)
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


class Operand(NamedTuple):
    """A parameter that is an operand of an element-wise operator.

    Attributes:
        op: the operator.
        path: path of the parameter.
        shape: shape of the parameter in PyTorch's axis order.
        map: shape of the other operand, NHWC.
        other: the producer of the other operand.
        frozen: whether it is computed from a running variance (a decomposed batch norm).
        scores: whether the other operand is a product of two activations, as in an attention.
    """

    op: Op
    path: str
    shape: Shape
    map: Shape
    other: Op
    frozen: bool = False
    scores: bool = False

    @property
    def broadcasts_unchanged(self) -> bool:
        """Whether it broadcasts against the map without a transpose."""
        return all(a in (1, b) for a, b in zip(self.shape[::-1], self.map[::-1]))


def _operands(scene: Scene, name: str) -> Iterator[Operand]:
    """Yields the operands of one kind of constant: `parameter` or `constant`."""
    constants = _Constants(scene)
    for op in scene.ops(kinds(*_KINDS)):
        if len(op.inputs) != 2:
            continue
        for operand, other in ((0, 1), (1, 0)):
            found = constants.of(name).get(op.inputs[operand].op)
            if found is not None and op.inputs[other].op not in constants.all:
                shape = scene.graph.type_of(op.inputs[other]).shape
                producer = scene.graph[op.inputs[other].op]
                frozen = op.inputs[operand].op in constants.frozen
                scores = producer.name in constants.scores
                yield Operand(op, found[0], found[1], shape, producer, frozen, scores)


class _Constants:
    """Values that depend on no input: path and shape of parameters and others, by operator.

    Also those that are products of two activations, and what is computed of them in their shape.
    A value computed from a parameter counts as one if at most one of its axes is larger than 1;
    a value computed from other constants counts if it has one axis.
    """

    def __init__(self, scene: Scene) -> None:
        self.all: Set[str] = set()
        self.frozen: Set[str] = set()
        self.scores: Set[str] = set()
        self._parameters: Dict[str, Tuple[str, Shape]] = {}
        self._others: Dict[str, Tuple[str, Shape]] = {}
        for op in scene.graph:
            if op.kind == "const":
                self._written(op)
            elif op.inputs and op.kind != "return":
                self._computed(op)
                kept = OPS[op.kind].traits & {Trait.ELEMENTWISE, Trait.SAME_SHAPE}
                if op.kind == "matmul" or kept and self.scores & {one.op for one in op.inputs}:
                    self.scores.add(op.name)

    def _written(self, op: Op) -> None:
        call = call_of(op)
        self.all.add(op.name)
        text = call.argument("shape")
        if (call.argument("path") or "").split(".")[-1] == "running_var":
            self.frozen.add(op.name)
        if text is not None:
            shape = tuple(int(one) for one in text.split(", ") if one)
            self.of(call.name)[op.name] = (call.argument("path") or "", shape)

    def of(self, name: str) -> Dict[str, Tuple[str, Shape]]:
        """Returns the parameters, or the other constants."""
        return self._parameters if name == "parameter" else self._others

    def _computed(self, op: Op) -> None:
        if not all(one.op in self.all for one in op.inputs):
            return
        self.all.add(op.name)
        if any(value.op in self.frozen for value in op.inputs):
            self.frozen.add(op.name)
        before = op.inputs[0].op
        if op.name in (
            before + "/transpose",
            before + "/reshape",
        ):  # a layout change by the frontend, not by the user
            for known in (self._parameters, self._others):
                if before in known:
                    known[op.name] = known[before]
            return
        paths = [self._parameters[one.op][0] for one in op.inputs if one.op in self._parameters]
        sizes = [size for size in op.output.shape if size != 1]
        if paths and len(sizes) <= 1:
            shape = (1, *sizes, 1, 1) if op.output.rank == 4 and sizes else op.output.shape
            self._parameters[op.name] = (paths[0], shape)
        elif not paths and op.output.rank == 1:
            self._others[op.name] = ("", op.output.shape)


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
    for found in _operands(scene, "parameter"):
        if len(found.map) != 4 or _elements(found.shape) == 1 or len(found.shape) < 3:
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
        yield Hit((found.op.name,), text, _NORM if found.frozen else None, effects)


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
    for found in _operands(scene, "parameter"):
        one = _elements(found.shape) == 1
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
        for found in _operands(scene, name):
            short = len(found.shape) in (1, 2) and _elements(found.shape) > 1
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


def _elements(shape: Shape) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


RULES = (on_map, single, one_axis, of_sequential)
