"""A device for every operator."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass
from typing import Callable, Deque, Dict, Iterable, Mapping, Set, Tuple

from vai_inspect.core.findings import Device, Finding, Verdict, verdict_of
from vai_inspect.core.ir import Graph, Op

DeviceOf = Callable[[Op], Device]
Findings = Tuple[Finding, ...]
ContextRules = Callable[[Op, DeviceOf], Findings]


@dataclass(frozen=True)
class Placement:
    """Where each operator runs and why.

    Attributes:
        devices: the device of each operator, by name.
        findings: the findings of each operator that has any, by name.
    """

    devices: Mapping[str, Device]
    findings: Mapping[str, Findings]


def place(graph: Graph, own: Mapping[str, Findings], context: ContextRules) -> Placement:
    """Places every operator.

    An operator with findings of its own goes to the CPU. The others start on the DPU; the
    context rules are evaluated until none objects. Operators only move to the CPU, and a
    neighbour's move only adds findings, so the result does not depend on the order of
    evaluation. Finally the rules of every operator on the CPU are evaluated once more, so
    that it has all its reasons; a reason that follows from a neighbour whose own verdict is
    unknown is unknown, too.

    Args:
        graph: the normalised graph.
        own: findings that an operator has regardless of where its neighbours run.
        context: returns what an operator's neighbours cause; it may look at the devices of
            direct producers and consumers only.
    """
    return explained(graph, settled(graph, own, context), own, context)


def settled(
    graph: Graph, own: Mapping[str, Findings], context: ContextRules
) -> Mapping[str, Device]:
    """Returns the device of each operator; of `own` it matters only who has any.

    Args:
        graph: as of `place`.
        own: as of `place`.
        context: as of `place`.
    """
    devices = {op.name: _start(op, own) for op in graph}
    settle(graph, devices, devices, context)
    for op in graph:
        if op.kind == "const":
            devices[op.name] = _const_device(graph, op, devices)
    return devices


def explained(
    graph: Graph,
    devices: Mapping[str, Device],
    own: Mapping[str, Findings],
    context: ContextRules,
) -> Placement:
    """Returns the devices with all the reasons of the operators on the CPU.

    Args:
        graph: as of `place`.
        devices: what `settled` returned.
        own: as of `place`.
        context: as of `place`.
    """

    def device_of(op: Op) -> Device:
        return devices[op.name]

    findings = {
        op.name: (*own.get(op.name, ()), *context(op, device_of))
        for op in graph
        if devices[op.name] is Device.CPU
    }
    # A constant is a weight: that it is placed with its reader is certain, whatever that one's
    # verdict is.
    judged = {name: found for name, found in findings.items() if graph[name].kind != "const"}
    return Placement(devices, {**findings, **_with_doubts(judged)})


def settle(
    graph: Graph, devices: Dict[str, Device], names: Iterable[str], context: ContextRules
) -> None:
    """Moves operators to the CPU until no context rule objects any more.

    Args:
        graph: the graph.
        devices: the devices to begin with, which are changed.
        names: the operators to start with; neighbours of those that move follow.
        context: the context rules.
    """

    def device_of(op: Op) -> Device:
        return devices[op.name]

    waiting: Deque[str] = deque(names)
    queued: Set[str] = set(waiting)
    while waiting:
        op = graph[waiting.popleft()]
        queued.discard(op.name)
        if devices[op.name] is not Device.DPU or op.kind == "const":
            continue
        if not context(op, device_of):
            continue
        devices[op.name] = Device.CPU
        for neighbour in graph.producers(op) + graph.consumers(op):
            if neighbour.name not in queued and devices[neighbour.name] is Device.DPU:
                queued.add(neighbour.name)
                waiting.append(neighbour.name)


def _with_doubts(findings: Mapping[str, Findings]) -> Dict[str, Findings]:
    """Returns the findings, those that follow from an unknown verdict as unknown themselves."""
    doubted = dict(findings)
    changed = True
    while changed:
        changed = False
        for name, found in doubted.items():
            new = tuple(_as_sure_as(finding, doubted) for finding in found)
            if new != found:
                doubted[name], changed = new, True
    return doubted


def _as_sure_as(finding: Finding, findings: Mapping[str, Findings]) -> Finding:
    cause = findings.get(finding.follows or "", ())
    if finding.verdict is Verdict.UNSUPPORTED and verdict_of(cause) is Verdict.UNKNOWN:
        return dataclasses.replace(finding, verdict=Verdict.UNKNOWN)
    return finding


def _start(op: Op, own: Mapping[str, Findings]) -> Device:
    if op.kind in ("data", "return"):
        return Device.USER
    return Device.CPU if own.get(op.name) else Device.DPU


def _const_device(graph: Graph, op: Op, devices: Mapping[str, Device]) -> Device:
    """A constant is placed with its readers: on the DPU if any reader is there."""
    on_dpu = any(devices[reader.name] is Device.DPU for reader in graph.consumers(op))
    return Device.DPU if on_dpu else Device.CPU
