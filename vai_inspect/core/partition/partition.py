"""A placed graph in subgraphs, with the tensors between them and the work of each operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Set, Tuple

from vai_inspect.core.cost import Macs, count_macs
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection.parts import Crossing, Subgraph
from vai_inspect.core.ir import Graph
from vai_inspect.core.partition.placement import Placement
from vai_inspect.core.partition.subgraphs import subgraphs
from vai_inspect.core.partition.transfers import transfers


@dataclass(frozen=True)
class Partition:
    """A placed graph in subgraphs.

    Attributes:
        graph: the graph.
        placement: the device of each operator, and why.
        subgraphs: the DPU's and the CPU's, in graph order.
        transfers: the tensors that pass between the DPU and the CPU.
        macs: the multiply-accumulates of each operator, by name.
    """

    graph: Graph
    placement: Placement
    subgraphs: Tuple[Subgraph, ...]
    transfers: Tuple[Crossing, ...]
    macs: Mapping[str, Macs]

    def on(self, device: Device) -> Set[str]:
        """Returns the names of the operators on a device, without constants."""
        devices = self.placement.devices
        return {op.name for op in self.graph if devices[op.name] is device and op.kind != "const"}


def partitioned(graph: Graph, placement: Placement) -> Partition:
    """Returns a placed graph in subgraphs.

    Args:
        graph: the graph.
        placement: the device of each operator, and why.
    """
    parts = subgraphs(graph, placement.devices)
    crossing = transfers(graph, placement.devices, parts)
    macs = {op.name: count_macs(op, graph) for op in graph}
    return Partition(graph, placement, parts, crossing, macs)
