"""A graph after a family's rewrites on a target, with what rewrites and notes say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.guard import GUARDED

Failure = Tuple[str, BaseException]
"""The id of a rewrite, note or constraint that raised, and what."""


@dataclass
class Rewritten:
    """What rewrites and notes make of a graph.

    Attributes:
        changed: operators that a rewrite turns into others, by name.
        inputs: types of their first inputs where a rewrite lays them out otherwise, by name.
        messages: what rewrites and notes say of operators, by name.
        failed: rewrites and notes that raised.
    """

    changed: Dict[str, Op] = field(default_factory=dict)
    inputs: Dict[str, TensorType] = field(default_factory=dict)
    messages: Dict[str, Tuple[str, ...]] = field(default_factory=dict)
    failed: List[Failure] = field(default_factory=list)

    def add_message(self, op: Op, message: str) -> None:
        """Adds a message to those of an operator."""
        self.messages[op.name] = (*self.messages.get(op.name, ()), message)


def apply_rewrites(family: Family, graph: Graph, target: Target) -> Rewritten:
    """Applies a family's rewrites and notes to each operator of a graph."""
    made = Rewritten()
    for op in graph:
        _rewrite(made, op, family, graph, target)
        _note(made, op, family, graph, target)
    return made


def _rewrite(made: Rewritten, op: Op, family: Family, graph: Graph, target: Target) -> None:
    current = op
    for rewrite in family.rewrites:
        if current.kind not in rewrite.kinds:
            continue
        try:
            new = rewrite.apply(current, graph, target)
            if not isinstance(new, (Op, type(None))):
                raise TypeError(f"it gives a {type(new).__name__}; valid is an Op")
        except GUARDED as error:
            made.failed.append((rewrite.id, error))
            continue
        if new is not None:
            if rewrite.input is not None:
                made.inputs[op.name] = rewrite.input(current, graph)
            current = made.changed[op.name] = new
            made.add_message(op, rewrite.sentence)


def _note(made: Rewritten, op: Op, family: Family, graph: Graph, target: Target) -> None:
    for note in family.notes:
        if op.kind not in note.kinds:
            continue
        try:
            text = note.says(op, graph, target)
            if not isinstance(text, (str, type(None))):
                raise TypeError(f"it gives a {type(text).__name__}; valid is a text")
        except GUARDED as error:
            made.failed.append((note.id, error))
            continue
        if text is not None:
            made.add_message(op, text)


class AfterRewrites:
    """The operators of a graph after the rewrites.

    Attributes:
        by_kind: the operators as the graph holds them, by their kind after the rewrites; the
            graph's inputs, outputs and constants are not among them.
    """

    def __init__(self, graph: Graph, rewritten: Rewritten) -> None:
        self._inputs = rewritten.inputs
        self._ops = {op.name: rewritten.changed.get(op.name, op) for op in graph}
        self.by_kind: Dict[str, List[Op]] = {}
        for op in graph:
            if op.kind in ("data", "const", "return"):
                continue
            self.by_kind.setdefault(self._ops[op.name].kind, []).append(op)

    def __call__(self, op: Op) -> Op:
        """Returns an operator of the graph after the rewrites."""
        return self._ops[op.name]

    def laid_out(self, op: Op) -> Optional[TensorType]:
        """Returns the type of its first input where a rewrite lays that out otherwise."""
        return self._inputs.get(op.name)
