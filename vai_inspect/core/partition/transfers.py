"""The tensors that pass between the DPU and the CPU."""

from __future__ import annotations

from typing import Dict, Iterable, Mapping, Tuple

from vai_inspect.core.cost import dpu_bytes
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection.parts import Crossing, Subgraph
from vai_inspect.core.ir import Graph


def transfers(
    graph: Graph, devices: Mapping[str, Device], parts: Iterable[Subgraph]
) -> Tuple[Crossing, ...]:
    """Returns each tensor that one device gives and the other reads, once for each reader part.

    The graph's own inputs and outputs are not counted, nor are constants, which are loaded once.
    """
    part_of = {name: part.name for part in parts for name in part.ops}
    found: Dict[Tuple[str, int, str], Crossing] = {}
    for op in graph:
        for value in op.inputs:
            source = graph[value.op]
            sides = {devices[source.name], devices[op.name]}
            if source.kind == "const" or sides != {Device.DPU, Device.CPU}:
                continue
            key = (value.op, value.index, part_of[op.name])
            found[key] = Crossing(
                op=value.op,
                index=value.index,
                source=part_of[value.op],
                target=part_of[op.name],
                bytes=dpu_bytes(graph.type_of(value)),
            )
    return tuple(found.values())
