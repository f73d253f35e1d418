"""Operands of element-wise operators that are parameters, buffers or other constants."""

from __future__ import annotations

import math
from typing import Dict, Iterable, Iterator, NamedTuple, Set, Tuple

from vai_inspect.core.ir import OPS, Op, Trait
from vai_inspect.rules.quantizers.scene import Scene, call_of, kinds

Shape = Tuple[int, ...]
_KINDS = ("add", "sub", "mul", "div")


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
    def elements(self) -> int:
        """Number of elements of the parameter."""
        return math.prod(self.shape)

    @property
    def broadcasts_unchanged(self) -> bool:
        """Whether it broadcasts against the map without a transpose."""
        return all(a in (1, b) for a, b in zip(self.shape[::-1], self.map[::-1]))


def operands(scene: Scene, name: str) -> Iterator[Operand]:
    """Yields the operands of one kind of constant.

    Args:
        scene: the model.
        name: `parameter` or `constant`.
    """
    readers = [op for op in scene.ops(kinds(*_KINDS)) if len(op.inputs) == 2]
    constants = _Constants(scene.graph if readers else ())
    for op in readers:
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

    def __init__(self, ops: Iterable[Op]) -> None:
        self.all: Set[str] = set()
        self.frozen: Set[str] = set()
        self.scores: Set[str] = set()
        self._parameters: Dict[str, Tuple[str, Shape]] = {}
        self._others: Dict[str, Tuple[str, Shape]] = {}
        for op in ops:
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
