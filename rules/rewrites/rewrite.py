"""What a rewrite is: a change of the network that brings operators to the DPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Value

Change = Optional[Dict[str, Tuple[Op, ...]]]
"""The operators in place of each operator that changes; the last of them has its name."""


@dataclass(frozen=True)
class Rewrite:
    """A change that people make by hand, as done on the IR.

    Attributes:
        id: its name, as in `mean-to-pool`.
        effect: `EXACT` where the function is the same in float up to rounding, else
            `APPROXIMATE`: the network must be trained again, or at least evaluated.
        change: returns what stands in place of an operator and others around it, or None where
            the rewrite does not match there.
        advice: what to write, by framework.
        source: where it comes from.
    """

    id: str
    effect: Effect
    change: Callable[[Graph, Op], Change]
    advice: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def advised(self, op: Op) -> str:
        """Returns what to write in the words of the operator's framework.

        Args:
            op: the first operator that it is done at.
        """
        remedy = op.float_remedy
        if (
            remedy is not None and remedy.effect is not None and not self.advice
        ):  # one on the host is no rewrite
            return remedy.rendered({}).text
        return self.advice.get(op.origin.framework) or next(iter(self.advice.values()), self.id)


def apply(graph: Graph, rewrite: Rewrite, names: Sequence[str]) -> Graph:
    """Returns a graph with a rewrite done at some operators; what does not match stays.

    Args:
        graph: the normalised graph.
        rewrite: the rewrite.
        names: names of operators.
    """
    changes: Dict[str, Tuple[Op, ...]] = {}
    for name in names:
        if name in graph and name not in changes:
            changes.update(rewrite.change(graph, graph[name]) or {})
    if not changes:
        return graph
    ops: List[Op] = []
    for op in graph:
        ops.extend(changes.get(op.name, (op,)))
    passing = {
        Value(op.name): op.inputs[0]
        for new in changes.values()
        for op in new
        if op.kind == "identity"
    }
    return _without_unread(_led(Graph(graph.name, ops), passing))


def _led(graph: Graph, passing: Dict[Value, Value]) -> Graph:
    """Drops operators that give their input on, and has their readers read it."""
    return graph.rewritten({value.op: None for value in passing}, passing) if passing else graph


def _without_unread(graph: Graph) -> Graph:
    """Drops what nothing reads any more."""
    while True:
        unread = {
            op.name: None
            for op in graph
            if op.kind not in ("data", "return") and not graph.consumers(op)
        }
        if not unread:
            return graph
        graph = graph.rewritten(unread)
