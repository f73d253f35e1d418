"""The boundaries of the DPU part of a network, for code generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Tuple

from vai_inspect.core.boundary import upstream
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition.cut import Cut


@dataclass(frozen=True)
class Sides:
    """The boundaries of the DPU part.

    Attributes:
        starts: producers of the part's inputs: host operators and network inputs.
        ends: operators whose outputs the host reads or the network returns.
        optional: names of ends that the network returns, the host does not read and other ends
            depend on: the part computes the same without returning them.
        inside: names of the part's operators, without network inputs and constants.
        host: names of the host operators.
        cut_at_start: whether host operators run before the part.
        host_layers: layers or modules of the host operators.
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
        """Returns the boundaries of a cut.

        Args:
            graph: the graph.
            cut: the cut.
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
        # A transpose inserted by a layout change carries the layer name of its producer.
        layers = frozenset(
            layer
            for name in host
            for layer in graph[name].origin.layers
            if graph[name].kind != "transpose"
        )
        needed = set(cut.end) | upstream(graph.ops, frozenset(cut.end))
        optional = frozenset(op.name for op in ends if op.name not in cut.end and inside <= needed)
        return cls(starts, ends, optional, inside, host, bool(cut.before), layers)
