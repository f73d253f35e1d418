"""From a framework's order of axes, channels first, to that of the DPU: NCHW becomes NHWC.

Convolutions, pools, resizes and the like work channels last. Operators to which the order means
nothing but a number in an attribute (sums, activations, concatenations, slices) follow them, up
to the graph's inputs and down to its outputs. Where an operator depends on the framework's
order (a reshape, a matrix product), a transpose is put in, as the vendor's quantiser does for
deployment. Permutes of the user's are joined with these, so that one that only undoes the
conversion vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import AbstractSet, FrozenSet, List, Optional, Sequence, Set, Tuple

from vai_inspect.core.ir import OPS, Graph, Op, TensorType, Trait, Value
from vai_inspect.core.ir.attrs import (
    FlattenAttrs,
    NoAttrs,
    ReductionAttrs,
    ReshapeAttrs,
    TransposeAttrs,
)
from vai_inspect.core.passes.constants import constant_ops
from vai_inspect.frontends.layout.axes import (
    LAST,
    Order,
    carried,
    moves_nothing,
    native,
    ordered,
    without,
)
from vai_inspect.frontends.layout.conversions import Conversions
from vai_inspect.frontends.layout.regions import Regions


@dataclass(frozen=True)
class Assembled:
    """A graph in the framework's own order of axes.

    Attributes:
        graph: the operators.
        transparent: names of unknown operators to which the order of axes means nothing.
        silent: names of operators that may be left out without a message where nothing reads
            them.
    """

    graph: Graph
    transparent: FrozenSet[str]
    silent: FrozenSet[str] = frozenset()


def channels_last(assembled: Assembled) -> Tuple[Graph, List[str]]:
    """Returns the graph in NHWC, and the names of operators that give nothing to its outputs.

    Args:
        assembled: the graph in the framework's order.
    """
    graph, dropped = _alive(assembled.graph, assembled.silent)
    return _Pass(graph, assembled.transparent).run(), dropped


def _alive(graph: Graph, silent: AbstractSet[str]) -> Tuple[Graph, List[str]]:
    """Drops what no output of the graph depends on, but for its inputs."""
    needed: Set[str] = set()
    for op in reversed(graph.ops):
        if op.kind in ("return", "data") or op.name in needed:
            needed.add(op.name)
            needed.update(value.op for value in op.inputs)
    unread = [op for op in graph.ops if op.name not in needed]
    if not unread:
        return graph, []
    dropped = [
        op.name
        for op in unread
        if op.name not in silent and op.kind != "const" and 0 not in op.output.shape
    ]
    return Graph(graph.name, [op for op in graph.ops if op.name in needed]), dropped


class _Pass:
    def __init__(self, graph: Graph, transparent: AbstractSet[str]) -> None:
        self._graph = graph
        constant = constant_ops(graph)
        self._regions = Regions(graph, transparent, constant)
        self._made = Conversions(graph, constant)

    def run(self) -> Graph:
        for op in self._graph.ops:
            traits = OPS[op.kind].traits
            if op.kind == "const":
                self._made.constant(op)
            elif not op.inputs:
                order = self._wanted(Value(op.name), op.output.rank)
                self._write(op, op.inputs, order, carried_by=order)
            elif op.kind == "return":
                order = self._made.order(op.inputs[0])
                self._write(op, [self._made.read(op.inputs[0], order)], order)
            elif op.kind == "transpose":
                self._transpose(op)
            elif op.name in self._regions.fixed:
                self._fixed(op)
            elif op.name in self._regions.followers:
                self._follower(op)
            elif Trait.REDUCES in traits:
                self._drops_axes(op)
            elif Trait.RESHAPES in traits:
                self._reshape(op)
            else:
                inputs = [self._native(value) for value in op.inputs]
                self._write(op, inputs, native(op.output.rank))
        return Graph(self._graph.name, self._made.ops)

    def _wanted(self, value: Value, rank: int) -> Order:
        return LAST[rank] if self._regions.channels_last(value) else native(rank)

    def _rank(self, value: Value) -> int:
        return self._graph.type_of(value).rank

    def _native(self, value: Value) -> Value:
        return self._made.read(value, native(self._rank(value)))

    def _write(
        self, op: Op, inputs: Sequence[Value], order: Order, carried_by: Optional[Order] = None
    ) -> None:
        """Writes an operator with its outputs in an order, those of another rank in PyTorch's."""
        orders = [
            order if len(one.shape) == len(order) else native(len(one.shape)) for one in op.outputs
        ]
        outputs = tuple(
            TensorType(ordered(one.shape, mine), one.dtype) for one, mine in zip(op.outputs, orders)
        )
        attrs = op.attrs if carried_by is None else carried(op.attrs, carried_by)
        self._made.write(op.replaced(inputs=tuple(inputs), outputs=outputs, attrs=attrs), orders)

    def _fixed(self, op: Op) -> None:
        rank = self._rank(op.inputs[0])
        inputs = [self._made.read(op.inputs[0], LAST[rank])]
        inputs += [self._native(value) for value in op.inputs[1:]]
        self._write(op, inputs, LAST[op.output.rank], carried_by=LAST[rank])

    def _follower(self, op: Op) -> None:
        rank = op.output.rank
        order = self._follower_order(op)
        inputs = []
        for at, value in enumerate(op.inputs):
            if self._rank(value) == rank:
                bare = Trait.ELEMENTWISE in OPS[op.kind].traits or op.kind == "unknown"
                inputs.append(self._made.read(value, order, broadcast=bare))
            elif order == native(rank):
                inputs.append(self._native(value))
            else:
                inputs.append(self._made.raised(value, order, f"{op.name}/expand_{at}"))
        self._write(op, inputs, order, carried_by=order)

    def _follower_order(self, op: Op) -> Order:
        """Returns the region's order, or else the one that all inputs have."""
        rank = op.output.rank
        if self._regions.channels_last(Value(op.name)):
            return LAST[rank]
        found = {
            self._made.order(value)
            for value in op.inputs
            if self._rank(value) == rank and not self._made.is_constant(value)
        }
        return found.pop() if len(found) == 1 else native(rank)

    def _drops_axes(self, op: Op) -> None:
        """Writes a reduction or squeeze in its input's order; the axes that are left keep it."""
        value = op.inputs[0]
        order = self._made.order(value)
        gone = _gone(op)
        if op.kind == "squeeze":
            self._reshape(op)
            return
        self._write(op, [self._made.read(value, order)], without(order, gone), carried_by=order)

    def _reshape(self, op: Op) -> None:
        """Writes a reshape in PyTorch's order, without a permute where that moves no data."""
        value = op.inputs[0]
        order, shape = self._made.order(value), self._graph.type_of(value).shape
        plain = native(op.output.rank)
        if order == native(len(order)) or not moves_nothing(shape, order):
            self._write(op, [self._native(value)], plain)
            return
        source = self._made.read(value, order)
        attrs = op.attrs
        if op.kind == "squeeze":
            self._write(op, [source], without(order, _gone(op)), carried_by=order)
            return
        if isinstance(attrs, FlattenAttrs):
            run = sorted(order.index(a) for a in range(attrs.start_axis, attrs.end_axis + 1))
            straight = run == list(range(run[0], run[-1] + 1)) and run[0] == attrs.start_axis
            if straight and order[: run[0]] == plain[: run[0]]:
                self._write(op.replaced(attrs=FlattenAttrs(run[0], run[-1])), [source], plain)
                return
        changed = op.replaced(kind="reshape", attrs=ReshapeAttrs(op.output.shape))
        self._write(changed, [source], plain)

    def _transpose(self, op: Op) -> None:
        attrs = op.attrs
        assert isinstance(attrs, TransposeAttrs)
        value = op.inputs[0]
        if self._made.is_constant(value):
            self._write(op, [self._native(value)], native(op.output.rank))
            return
        before = self._made.order(value)
        after = self._wanted(Value(op.name), op.output.rank)
        moved = tuple(before.index(attrs.order[axis]) for axis in after)
        source = self._made.read(value, before)
        stored = ordered(self._graph.type_of(value).shape, before)
        if moved == native(len(moved)):
            same = op.replaced(kind="identity", attrs=NoAttrs())
            note = (
                f"the permute {list(attrs.order)} is not needed: the tensor has this order on "
                "the DPU"
            )
            self._write(same.noted(note), [source], after)
        elif moves_nothing(stored, moved):
            changed = op.replaced(
                kind="reshape", attrs=ReshapeAttrs(ordered(op.output.shape, after))
            )
            note = (
                f"the permute {list(attrs.order)} moves no data in {list(stored)}, so it is a "
                "reshape"
            )
            self._write(changed.noted(note), [source], after)
        else:
            self._write(op.replaced(attrs=TransposeAttrs(moved)), [source], after)


def _gone(op: Op) -> Tuple[int, ...]:
    """Returns PyTorch's axes that an operator takes away."""
    axis = getattr(op.attrs, "axis", ())
    if isinstance(op.attrs, ReductionAttrs) and op.attrs.keep_dims:
        return ()
    return (axis,) if isinstance(axis, int) else tuple(axis)
