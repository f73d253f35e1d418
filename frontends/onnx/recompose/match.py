"""Matches patterns in a graph and replaces several operators by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs, TransposeAttrs, UnknownAttrs
from vai_inspect.frontends.layout.axes import LAST, ordered

Match = Callable[["Matcher", Op], Optional["Replacement"]]
"""Returns the replacement of the operators that end with the given one, or None."""


DEEPEST = 64
"""Limit of nested scopes."""


@dataclass(frozen=True)
class Pattern:
    """Several operators that are one in the model's source code.

    Attributes:
        ends: kinds that the last of them may have.
        match: finds them; called for operators of these kinds.
    """

    ends: Tuple[str, ...]
    match: Match


def ending_with(*kinds: str) -> Callable[[Match], Pattern]:
    """Makes a pattern of the function that matches it.

    Args:
        kinds: kinds that the last operator may have.
    """

    def pattern(match: Match) -> Pattern:
        return Pattern(kinds, match)

    return pattern


class Replacement:
    """The replacement of several operators.

    Attributes:
        op: the operator that replaces the last one.
        parts: the operators before the last one.
        before: new operators before `op`; they may have the names of parts.
    """

    def __init__(self, op: Op, parts: Sequence[Op], before: Sequence[Op] = ()) -> None:
        self.op = op
        self.parts = tuple(parts)
        self.before = tuple(before)


class Matcher:
    """A graph in which patterns are matched."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._at = {op.name: at for at, op in enumerate(graph)}
        self._scopes: Optional[Dict[str, Set[str]]] = None

    @property
    def scopes(self) -> Mapping[str, Set[str]]:
        """The scopes directly within each scope, from the names of the operators."""
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
        """Returns the position of an operator in the graph."""
        return self._at[op.name]

    def producer(self, value: Value) -> Op:
        """Returns the operator that outputs a value."""
        return self.graph[value.op]

    def number(self, value: Value) -> Optional[float]:
        """Returns the number of a constant, or None."""
        attrs = self.producer(value).attrs
        return attrs.number if isinstance(attrs, TensorAttrs) else None

    def is_constant(self, value: Value) -> bool:
        """Returns whether a value is a constant."""
        return self.producer(value).kind == "const"

    def channel_axis(self, constant: Value, shape: Sequence[int]) -> Optional[int]:
        """Returns the axis of a tensor along which a constant has one element per channel.

        Args:
            constant: the constant that is added to the tensor or multiplied by it.
            shape: shape of the tensor, in the file's order.

        Returns:
            1 or the last axis; None for any other constant.
        """
        own = self.producer(constant).output.shape
        if not self.is_constant(constant) or len(own) > len(shape):
            return None
        wide = [axis - len(own) for axis, size in enumerate(own) if size != 1]
        axis = wide[0] + len(shape) if len(wide) == 1 else 0
        fits = axis in (1, len(shape) - 1) and axis > 0 and own[wide[0]] == shape[axis]
        return axis if fits else None

    def with_number(self, op: Op, *kinds: str) -> Optional[Tuple[Value, float]]:
        """Returns the other operand and the number of an operator with a number as an operand."""
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
        """Yields the operands of an operator of this kind in both orders."""
        if op.kind == kind and len(op.inputs) == 2:
            first, second = op.inputs
            yield first, second
            if first != second:
                yield second, first

    def inner(self, op: Op) -> bool:
        """Returns whether exactly one operator, and no output, reads an operator."""
        readers = self.graph.consumers(op)
        return len(readers) == 1 and readers[0].kind != "return"


def _around(scope: str) -> str:
    return scope.rpartition("/")[0]


def named(op: Op) -> str:
    """Returns the framework's name of an operator without XIR equivalent; else its kind."""
    attrs = op.attrs
    return attrs.framework_type if isinstance(attrs, UnknownAttrs) else op.kind


def replacement(
    parts: Sequence[Op],
    last: Op,
    kind: str,
    inputs: Sequence[Value],
    attrs: Optional[Attrs] = None,
    params: Sequence[Param] = (),
) -> Replacement:
    """Returns the replacement of several operators by one.

    Args:
        parts: the operators before the last one, which are removed.
        last: the last one, whose name and output the new operator has.
        kind: kind of the new operator.
        inputs: its inputs.
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
    return Replacement(new, parts)


def by_channel(found: Replacement, axis: int) -> Replacement:
    """Returns a replacement with an operator per channel that has the channels at axis 1.

    Args:
        found: the replacement; input and output of its operator have the same shape.
        axis: the axis of the channels; if it is the last one, transposes are added around it.
    """
    op, rank = found.op, found.op.output.rank
    if axis == 1 or rank not in LAST:
        return found
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
    return Replacement(last, found.parts, (*found.before, before, inner))


def run(graph: Graph, patterns: Sequence[Pattern]) -> Graph:
    """Returns the graph with the matches of patterns replaced.

    Parts with other readers stay.
    """
    matcher = Matcher(graph)
    by_end: Dict[str, List[Match]] = {}
    for pattern in patterns:
        for kind in pattern.ends:
            by_end.setdefault(kind, []).append(pattern.match)
    change: Dict[str, Optional[Op]] = {}
    added: Dict[str, Sequence[Op]] = {}
    for op in graph:
        matches = by_end.get(op.kind, ())
        found = next(filter(None, (match(matcher, op) for match in matches)), None)
        if found is None or any(part.name in change for part in (*found.parts, op)):
            continue
        removed = {part.name for part in found.parts}
        if any(new.name in graph and new.name not in removed for new in found.before):
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
