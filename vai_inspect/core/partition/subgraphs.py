"""Connected, convex, maximal subgraphs of one device."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection.parts import Subgraph
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition.clusters import Clusters
from vai_inspect.core.partition.merge import Parts


def subgraphs(graph: Graph, devices: Mapping[str, Device]) -> Tuple[Subgraph, ...]:
    """Returns the DPU's and the CPU's subgraphs in graph order.

    Each subgraph runs as a whole, so the graph of the subgraphs must have no cycle: no path may
    leave a subgraph and return to it. Constants belong to the subgraph of their first reader on
    their device. Inputs and outputs of the graph belong to none.
    """
    clusters = Clusters(graph, devices)
    numbers = Parts(clusters, clusters.on_dpu).numbers()
    part_of = {name: numbers[cluster] for name, cluster in clusters.of.items()}
    return _described(graph, devices, _with_constants(graph, devices, part_of))


def _with_constants(
    graph: Graph, devices: Mapping[str, Device], part_of: Dict[str, int]
) -> Dict[str, int]:
    for op in graph:
        if op.kind == "const":
            for reader in graph.consumers(op):
                if devices[reader.name] is devices[op.name] and reader.name in part_of:
                    part_of[op.name] = part_of[reader.name]
                    break
    return part_of


def _described(
    graph: Graph, devices: Mapping[str, Device], part_of: Mapping[str, int]
) -> Tuple[Subgraph, ...]:
    members: Dict[int, List[Op]] = {}
    for op in graph:
        if op.name in part_of:
            members.setdefault(part_of[op.name], []).append(op)
    counted = {Device.DPU: 0, Device.CPU: 0}
    described = []
    for ops in members.values():
        device = devices[ops[0].name]
        inside = {op.name for op in ops}
        inputs = dict.fromkeys(v.op for op in ops for v in op.inputs if v.op not in inside)
        outputs = [
            op.name
            for op in ops
            if any(reader.name not in inside for reader in graph.consumers(op))
        ]
        name = f"{device.value}_subgraph_{counted[device]}"
        counted[device] += 1
        described.append(
            Subgraph(name, device, tuple(op.name for op in ops), tuple(inputs), tuple(outputs))
        )
    return tuple(described)
