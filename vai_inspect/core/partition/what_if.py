"""Which operators move to the DPU if some of them are fixed."""

from __future__ import annotations

from typing import AbstractSet, Dict, List, Mapping, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition.placement import ContextRules, DeviceOf, Findings, Placement, settle


class WhatIf:
    """Places operators again, starting from a finished placement.

    Fixing an operator removes its own findings, those that follow from no other operator. An
    operator that moves to the DPU is connected with a fixed one through others that move, as
    a neighbour objects otherwise; so only the surroundings of the fixed ones are visited.
    """

    def __init__(
        self,
        graph: Graph,
        own: Mapping[str, Findings],
        context: ContextRules,
        placement: Placement,
    ) -> None:
        """Keeps the placement to start from.

        Args:
            graph: the graph.
            own: what was given to `place`.
            context: what was given to `place`.
            placement: what `place` made of them.
        """
        self._graph = graph
        self._context = context
        self._order = {op.name: number for number, op in enumerate(graph)}
        # While operators are placed a constant counts as on the DPU, as in `place`.
        self._devices = {
            op.name: Device.DPU if op.kind == "const" else placement.devices[op.name]
            for op in graph
        }
        self._held = {
            name
            for name, findings in own.items()
            if any(finding.follows is None for finding in findings)
        }
        # An own finding that follows from a neighbour goes when the neighbour moves to the DPU.
        self._following = {
            name: tuple(finding for finding in findings if finding.follows is not None)
            for name, findings in own.items()
        }

    def returned(self, fixed: AbstractSet[str]) -> Tuple[str, ...]:
        """Returns the operators that move to the DPU, in graph order, without constants.

        Args:
            fixed: the operators whose own findings are removed.
        """

        def context(op: Op, device_of: DeviceOf) -> Findings:
            found = self._context(op, device_of)
            if op.name in fixed:
                found = tuple(finding for finding in found if finding.follows is not None)
            return found + tuple(
                finding
                for finding in self._following.get(op.name, ())
                if device_of(self._graph[finding.follows or op.name]) is Device.CPU
            )

        hopeful = self._hopeful(fixed, context)
        if not hopeful:
            return ()
        devices = _Changed(self._devices)
        devices.update(dict.fromkeys(hopeful, Device.DPU))
        settle(self._graph, devices, hopeful, context)
        back = [name for name in hopeful if devices[name] is Device.DPU]
        return tuple(sorted(back, key=self._order.__getitem__))

    def _hopeful(self, fixed: AbstractSet[str], context: ContextRules) -> List[str]:
        """Returns the operators that can move at most, the fixed ones first."""

        def held(name: str) -> bool:
            return name in self._held and name not in fixed

        def at_best(op: Op) -> Device:
            device = self._devices[op.name]
            return Device.DPU if device is Device.CPU and not held(op.name) else device

        found: Dict[str, None] = {}
        seen = {name for name in fixed if self._devices[name] is Device.CPU}
        waiting = sorted(seen, key=self._order.__getitem__)
        while waiting:
            op = self._graph[waiting.pop()]
            if context(op, at_best):
                continue
            found[op.name] = None
            for neighbour in self._graph.producers(op) + self._graph.consumers(op):
                name = neighbour.name
                if name in seen or self._devices[name] is not Device.CPU or held(name):
                    continue
                seen.add(name)
                waiting.append(name)
        return list(found)


class _Changed(Dict[str, Device]):
    """Devices of which some are others: what is not here is as it was before."""

    def __init__(self, before: Mapping[str, Device]) -> None:
        super().__init__()
        self._before = before

    def __missing__(self, name: str) -> Device:
        return self._before[name]
