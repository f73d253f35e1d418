"""What the DPU's part of a network begins and ends with, as code for it needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Tuple

from vai_inspect.core.boundary import upstream
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition.cut import Cut


@dataclass(frozen=True)
class Sides:
    """The two sides of the DPU's part.

    Attributes:
        starts: what the part reads: operators that the host does, and inputs of the network.
        ends: operators whose outputs the part gives to the host, or as the network does.
        optional: names of ends that the network returns and the host does not read, and that
            others need anyway: the part is the same without returning them.
        inside: names of the part's operators, the network's inputs and constants not among them.
        host: names of the operators that the host does.
        cut_at_start: whether the host does anything before the part.
        host_layers: layers or modules of what the host does.
    """

    starts: Tuple[Op, ...]
    ends: Tuple[Op, ...]
    optional: FrozenSet[str]
    inside: FrozenSet[str]
    host: FrozenSet[str]
    cut_at_start: bool
    host_layers: FrozenSet[str]

    @classmethod
    def of(cls, graph: Graph, cut: Cut) -> Sides:
        """Returns the sides of a cut.

        Args:
            graph: the graph.
            cut: what the host does.
        """
        host = cut.before | cut.after
        inside = frozenset(
            op.name
            for op in graph
            if op.name not in host and op.kind not in ("data", "const", "return")
        )
        returned = {op.inputs[0].op for op in graph if op.kind == "return"}
        ends = tuple(
            op for op in graph if op.name in inside and (op.name in cut.end or op.name in returned)
        )
        starts = tuple(
            op
            for op in graph
            if op.kind != "const"
            and op.name not in inside
            and any(reader.name in inside for reader in graph.consumers(op))
        )
        # A transpose that a change of the order of axes inserted is named after what it follows.
        layers = frozenset(
            layer
            for name in host
            for layer in graph[name].origin.layers
            if graph[name].kind != "transpose"
        )
        needed = set(cut.end) | upstream(graph.ops, frozenset(cut.end))
        optional = frozenset(op.name for op in ends if op.name not in cut.end and inside <= needed)
        return cls(starts, ends, optional, inside, host, bool(cut.before), layers)
