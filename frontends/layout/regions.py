"""Which tensors lie channels last: those that a convolution or the like touches, and neighbours."""

from __future__ import annotations

from typing import AbstractSet, Dict, Set

from vai_inspect.core.ir import OPS, Graph, Op, Trait, Value
from vai_inspect.core.ir.attrs import ReductionAttrs


def has(op: Op, trait: Trait) -> bool:
    """Returns whether the kind of an operator has a trait."""
    return trait in OPS[op.kind].traits


def is_channels_last(op: Op, graph: Graph) -> bool:
    """Returns whether an operator works channels last; of tensors with two axes nothing does."""
    return has(op, Trait.CHANNELS_LAST) and graph.type_of(op.inputs[0]).rank > 2


def follows(op: Op, transparent: AbstractSet[str]) -> bool:
    """Returns whether an operator takes any order of axes, all its tensors in the same one."""
    if isinstance(op.attrs, ReductionAttrs):
        return op.attrs.keep_dims
    if op.kind == "unknown":
        return op.name in transparent
    return bool(OPS[op.kind].traits & _ANY_ORDER)


_ANY_ORDER = {Trait.ELEMENTWISE, Trait.NAMES_AXES, Trait.CHANNELS_LAST}


class Regions:
    """Tensors that must lie in the same order, as sets; a set with a convolution is NHWC."""

    def __init__(
        self, graph: Graph, transparent: AbstractSet[str], constant: AbstractSet[str]
    ) -> None:
        """Finds them.

        Args:
            graph: the graph in PyTorch's order.
            transparent: names of unknown operators that take any order.
            constant: names of operators that depend on no input; they lie as is wanted.
        """
        self._parents: Dict[Value, Value] = {}
        pinned: Set[Value] = set()
        for op in graph:
            if op.name in constant:
                continue
            values = [Value(op.name, at) for at in range(len(op.outputs))]
            if op.inputs and is_channels_last(op, graph):
                pinned.update([op.inputs[0], *values])
            elif op.inputs and follows(op, transparent):
                values += op.inputs
                rank = op.output.rank
                for value in values[1:]:
                    if graph.type_of(value).rank == rank > 2 and value.op not in constant:
                        self._join(values[0], value)
        self._pinned = {self._root(value) for value in pinned}

    def channels_last(self, value: Value) -> bool:
        """Returns whether a tensor lies channels last."""
        return self._root(value) in self._pinned

    def _root(self, value: Value) -> Value:
        while value in self._parents:
            value = self._parents[value]
        return value

    def _join(self, first: Value, second: Value) -> None:
        one, other = self._root(first), self._root(second)
        if one != other:
            self._parents[one] = other
