"""What the passes ask of a graph, and how several operators become one."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs, TransposeAttrs, UnknownAttrs
from vai_inspect.frontends.layout.axes import LAST, ordered

Join = Callable[["Matcher", Op], Optional["Joined"]]
"""Looks whether an operator is the last of some that are one; the graph is not changed."""


DEEPEST = 64
"""Scopes inside of each other that are looked at."""


class Joined:
    """Several operators that are one.

    Attributes:
        op: the operator that takes the place of the last one.
        parts: those that were before it.
        before: what the operator reads that is new; it may have the names of parts.
    """

    def __init__(self, op: Op, parts: Sequence[Op], before: Sequence[Op] = ()) -> None:
        self.op = op
        self.parts = tuple(parts)
        self.before = tuple(before)


class Matcher:
    """A graph to look patterns up in."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._at = {op.name: at for at, op in enumerate(graph)}
        self._scopes: Optional[Dict[str, Set[str]]] = None

    @property
    def scopes(self) -> Mapping[str, Set[str]]:
        """The scopes that lie directly within each scope, by the names of the operators."""
        if self._scopes is None:
            self._scopes = {}
            for op in self.graph:
                scope = _around(op.name)
                if op.kind == "const" or scope.count("/") > DEEPEST:
                    continue  # a constant is `dense_1/add/y` beside the operator `dense_1/add`
                while "/" in scope and scope not in self._scopes.get(_around(scope), ()):
                    self._scopes.setdefault(_around(scope), set()).add(scope)
                    scope = _around(scope)
        return self._scopes

    def at(self, op: Op) -> int:
        """Returns the place of an operator in the graph."""
        return self._at[op.name]

    def producer(self, value: Value) -> Op:
        """Returns the operator that gives a value."""
        return self.graph[value.op]

    def number(self, value: Value) -> Optional[float]:
        """Returns the number that a constant holds, or None."""
        attrs = self.producer(value).attrs
        return attrs.number if isinstance(attrs, TensorAttrs) else None

    def is_constant(self, value: Value) -> bool:
        """Tells whether a value is a constant."""
        return self.producer(value).kind == "const"

    def channel_axis(self, constant: Value, shape: Sequence[int]) -> Optional[int]:
        """Returns the axis of a tensor along which a constant has one figure for each channel.

        Args:
            constant: what is added to the tensor or multiplied by it.
            shape: the tensor's, in the file's order.

        Returns:
            1 or the last axis; None where the constant is anything else.
        """
        own = self.producer(constant).output.shape
        if not self.is_constant(constant) or len(own) > len(shape):
            return None
        wide = [axis - len(own) for axis, size in enumerate(own) if size != 1]
        axis = wide[0] + len(shape) if len(wide) == 1 else 0
        fits = axis in (1, len(shape) - 1) and axis > 0 and own[wide[0]] == shape[axis]
        return axis if fits else None

    def with_number(self, op: Op, *kinds: str) -> Optional[Tuple[Value, float]]:
        """Returns the other operand and the number of an operator that has one for an operand."""
        if op.kind not in kinds or len(op.inputs) != 2:
            return None
        first, second = op.inputs
        number = self.number(second)
        if number is not None:
            return first, number
        number = self.number(first)
        if number is not None and op.kind in ("add", "mul"):
            return second, number
        return None

    def pairs(self, op: Op, kind: str) -> Iterator[Tuple[Value, Value]]:
        """Yields the operands of an operator in both orders, where it is of this kind."""
        if op.kind == kind and len(op.inputs) == 2:
            first, second = op.inputs
            yield first, second
            if first != second:
                yield second, first

    def inner(self, op: Op) -> bool:
        """Tells whether nothing but one operator reads what an operator gives."""
        readers = self.graph.consumers(op)
        return len(readers) == 1 and readers[0].kind != "return"


def _around(scope: str) -> str:
    return scope.rpartition("/")[0]


def named(op: Op) -> str:
    """Returns the framework's name of an operator without XIR equivalent; else its kind."""
    attrs = op.attrs
    return attrs.framework_type if isinstance(attrs, UnknownAttrs) else op.kind


def one_of(
    parts: Sequence[Op],
    last: Op,
    kind: str,
    inputs: Sequence[Value],
    attrs: Optional[Attrs] = None,
    params: Sequence[Param] = (),
) -> Joined:
    """Returns the operator that several are.

    Args:
        parts: the operators before the last one that vanish.
        last: the last one, whose name and output the new one has.
        kind: what it is.
        inputs: what it reads.
        attrs: its attributes.
        params: its parameters.
    """
    origin = last.origin
    messages: List[str] = list(last.messages)
    for part in parts:
        origin = origin.merged(part.origin)
        messages += [text for text in part.messages if text not in messages]
    new = last.replaced(
        kind=kind,
        attrs=NoAttrs() if attrs is None else attrs,
        inputs=tuple(inputs),
        params=tuple(params),
        origin=origin,
        messages=tuple(messages),
    )
    return Joined(new, parts)


def by_channel(joined: Joined, axis: int) -> Joined:
    """Returns a join whose operator has a figure for each channel, with the channels at axis 1.

    Args:
        joined: the join; its operator reads and gives one tensor of the same shape.
        axis: where the channels are; where that is the last axis, transposes are put around it.
    """
    op, rank = joined.op, joined.op.output.rank
    if axis == 1 or rank not in LAST:
        return joined
    back = LAST[rank]
    first = tuple(back.index(at) for at in range(rank))
    moved = TensorType(ordered(op.output.shape, first), op.output.dtype)
    before = Op(
        name=op.name + "/channels_first",
        kind="transpose",
        attrs=TransposeAttrs(first),
        inputs=op.inputs,
        outputs=(moved,),
        origin=op.origin,
    )
    inner = op.replaced(
        name=op.name + "/by_channel", inputs=(Value(before.name),), outputs=(moved,)
    )
    last = Op(
        name=op.name,
        kind="transpose",
        attrs=TransposeAttrs(back),
        inputs=(Value(inner.name),),
        outputs=op.outputs,
        origin=op.origin,
    )
    return Joined(last, joined.parts, (*joined.before, before, inner))


def run(graph: Graph, joins: Sequence[Join]) -> Graph:
    """Returns the graph with what the joins find put together.

    Parts that something else reads as well stay.
    """
    matcher = Matcher(graph)
    change: Dict[str, Optional[Op]] = {}
    added: Dict[str, Sequence[Op]] = {}
    for op in graph:
        found = next(filter(None, (join(matcher, op) for join in joins)), None)
        if found is None or any(part.name in change for part in (*found.parts, op)):
            continue
        vanish = {part.name for part in found.parts}
        if any(new.name in graph and new.name not in vanish for new in found.before):
            continue
        change[op.name] = found.op
        added[op.name] = found.before
        gone = {op.name, *(part.name for part in found.parts)}
        for part in sorted(found.parts, key=matcher.at, reverse=True):
            if all(reader.name in gone for reader in graph.consumers(part)):
                change[part.name] = None
            else:
                gone.discard(part.name)
    if not change:
        return graph
    new = ((*added.get(op.name, ()), change.get(op.name, op)) for op in graph)
    return Graph(graph.name, (op for ops in new for op in ops if op is not None))
