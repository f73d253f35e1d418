"""A graph as a compiler sees it, after a family's rewrites on a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.guard import FAILURES

Failure = Tuple[str, BaseException]
"""The id of a rewrite, remark or constraint that raised, and what."""


@dataclass
class Rewritten:
    """What rewrites and remarks make of a graph.

    Attributes:
        changed: operators that the compiler sees as others, by name.
        inputs: types of their first inputs where the compiler lays them out otherwise, by name.
        messages: what there is to tell of operators, by name.
        failed: rewrites and remarks that raised.
    """

    changed: Dict[str, Op] = field(default_factory=dict)
    inputs: Dict[str, TensorType] = field(default_factory=dict)
    messages: Dict[str, Tuple[str, ...]] = field(default_factory=dict)
    failed: List[Failure] = field(default_factory=list)

    def tell(self, op: Op, message: str) -> None:
        """Adds a message to those of an operator."""
        self.messages[op.name] = (*self.messages.get(op.name, ()), message)


def rewritten(family: Family, graph: Graph, target: Target) -> Rewritten:
    """Applies a family's rewrites and remarks to each operator of a graph."""
    made = Rewritten()
    for op in graph:
        _rewrite(made, op, family, graph, target)
        _remark(made, op, family, graph, target)
    return made


def _rewrite(made: Rewritten, op: Op, family: Family, graph: Graph, target: Target) -> None:
    seen = op
    for rewrite in family.rewrites:
        if seen.kind not in rewrite.kinds:
            continue
        try:
            new = rewrite.apply(seen, graph, target)
            if not isinstance(new, (Op, type(None))):
                raise TypeError("it gives a {}; valid is an Op".format(type(new).__name__))
        except FAILURES as error:
            made.failed.append((rewrite.id, error))
            continue
        if new is not None:
            if rewrite.input is not None:
                made.inputs[op.name] = rewrite.input(seen, graph)
            seen = made.changed[op.name] = new
            made.tell(op, rewrite.sentence)


def _remark(made: Rewritten, op: Op, family: Family, graph: Graph, target: Target) -> None:
    for remark in family.remarks:
        if op.kind not in remark.kinds:
            continue
        try:
            text = remark.says(op, graph, target)
            if not isinstance(text, (str, type(None))):
                raise TypeError("it gives a {}; valid is a text".format(type(text).__name__))
        except FAILURES as error:
            made.failed.append((remark.id, error))
            continue
        if text is not None:
            made.tell(op, text)


class Seen:
    """The operators of a graph as the compiler sees them.

    Attributes:
        by_kind: the operators as the graph holds them, by the kind that they are seen as; the
            graph's inputs, outputs and constants are not among them.
    """

    def __init__(
        self, graph: Graph, changed: Mapping[str, Op], inputs: Mapping[str, TensorType]
    ) -> None:
        self._inputs = inputs
        self._ops = {op.name: changed.get(op.name, op) for op in graph}
        self.by_kind: Dict[str, List[Op]] = {}
        for op in graph:
            if op.kind in ("data", "const", "return"):
                continue
            self.by_kind.setdefault(self._ops[op.name].kind, []).append(op)

    def __call__(self, op: Op) -> Op:
        """Returns an operator of the graph as the compiler sees it."""
        return self._ops[op.name]

    def laid_out(self, op: Op) -> Optional[TensorType]:
        """Returns the type of its first input where the compiler lays that out otherwise."""
        return self._inputs.get(op.name)
