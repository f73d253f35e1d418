"""Which tensors are channels last: those that a convolution or the like touches, and neighbours."""

from __future__ import annotations

from typing import AbstractSet, Dict, Set

from vai_inspect.core.ir import OPS, Graph, Op, Trait, Value
from vai_inspect.core.ir.attrs import ReductionAttrs


def _follows(op: Op, transparent: AbstractSet[str]) -> bool:
    """Returns whether an operator takes any order of axes, all its tensors in the same one."""
    if isinstance(op.attrs, ReductionAttrs):
        return op.attrs.keep_dims
    if op.kind == "unknown":
        return op.name in transparent
    return bool(OPS[op.kind].traits & _ANY_ORDER)


_ANY_ORDER = {Trait.ELEMENTWISE, Trait.NAMES_AXES, Trait.CHANNELS_LAST}


class Regions:
    """Tensors that must have the same order of axes, as sets; a set with a convolution is NHWC.

    Attributes:
        fixed: names of the operators that work channels last, on tensors of more than two axes.
        followers: names of the others that take any order of axes, all their tensors in the same.
    """

    def __init__(self, graph: Graph, transparent: AbstractSet[str], constant: Set[str]) -> None:
        """Finds them.

        Args:
            graph: the graph in PyTorch's order.
            transparent: names of unknown operators that take any order.
            constant: names of operators that depend on no input; they are in any order.
        """
        self._parents: Dict[Value, Value] = {}
        self.fixed: Set[str] = set()
        self.followers: Set[str] = set()
        pinned: Set[Value] = set()
        ranks: Dict[Value, int] = {}
        for op in graph.ops:
            values = [Value(op.name, at) for at in range(len(op.outputs))]
            ranks.update((value, len(one.shape)) for value, one in zip(values, op.outputs))
            if not op.inputs:
                continue
            if Trait.CHANNELS_LAST in OPS[op.kind].traits and ranks[op.inputs[0]] > 2:
                self.fixed.add(op.name)
                if op.name not in constant:
                    pinned.update([op.inputs[0], *values])
            elif _follows(op, transparent):
                self.followers.add(op.name)
                for value in (*values[1:], *op.inputs):
                    same_rank = ranks[value] == ranks[values[0]] > 2
                    if same_rank and constant.isdisjoint((op.name, value.op)):
                        self._join(values[0], value)
        self._pinned = {self._root(value) for value in pinned}

    def channels_last(self, value: Value) -> bool:
        """Returns whether a tensor is channels last."""
        return self._root(value) in self._pinned

    def _root(self, value: Value) -> Value:
        while value in self._parents:
            value = self._parents[value]
        return value

    def _join(self, first: Value, second: Value) -> None:
        one, other = self._root(first), self._root(second)
        if one != other:
            self._parents[one] = other
