"""Chooses where the DPU part of a network begins and ends, and extracts its graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import (
    AbstractSet,
    Callable,
    Dict,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    Optional,
    Set,
    Tuple,
)

from vai_inspect.core.findings import Device
from vai_inspect.core.ir import OPS, Graph, Op, Value
from vai_inspect.core.ir.attrs import NoAttrs, TensorAttrs
from vai_inspect.core.ir.ops import Trait

NEGLIGIBLE = 0.0125
"""Upper bound of the share of DPU multiply-accumulates that cuts move to the host. About 1 % of the
work costs less than the crossings that it saves (a softmax inside a detection head)."""

_MOVES = {
    name
    for name, one in OPS.items()
    if {Trait.KEEPS_ELEMENTS, Trait.RESHAPES} & one.traits
    or name in ("concat", "strided_slice", "identity", "pad")
}
"""Kinds that compute nothing: next to a cut they run on the host."""

Neighbours = Callable[[Op], Tuple[Op, ...]]


@dataclass(frozen=True)
class Cut:
    """The operators that run on the host before and after the DPU part.

    Attributes:
        before: names of the operators before it.
        after: names of the operators after it.
        start: operators or network inputs whose outputs are the inputs of the DPU part.
        end: operators whose outputs are the outputs of the DPU part.
    """

    before: FrozenSet[str]
    after: FrozenSet[str]
    start: Tuple[str, ...]
    end: Tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def choose_cut(
    graph: Graph,
    devices: Mapping[str, Device],
    macs: Mapping[str, Optional[int]],
    fixable: AbstractSet[str] = frozenset(),
    followers: AbstractSet[str] = frozenset(),
    most_macs: Optional[float] = None,
) -> Cut:
    """Returns the cut that runs the start and the end of a network on the host.

    A CPU operator goes to the host with everything after it (or before it) if that moves no
    multiply-accumulates off the DPU, or a negligible share of them and the operator is not
    fixable. The work of fixable operators counts as DPU work.

    Args:
        graph: the graph.
        devices: the device of each operator.
        macs: multiply-accumulates of each operator, or None if unknown.
        fixable: CPU operators that a change of the network moves to the DPU.
        followers: operators on the CPU only because of other operators; they are not decisive.
        most_macs: upper bound of the DPU multiply-accumulates that move to the host; the
            `NEGLIGIBLE` share of them by default.
    """
    chooser = _Chooser(graph, devices, macs, fixable, followers, most_macs)
    after = chooser.side(reversed(graph.ops), graph.consumers, graph.producers, frozenset())
    before = chooser.side(graph.ops, graph.producers, graph.consumers, after)
    if not any(
        device is Device.DPU and name not in after and name not in before
        for name, device in devices.items()
        if graph[name].kind != "const"
    ):
        return Cut(frozenset(), frozenset(), (), ())
    start = _boundary(graph, before, before | after)
    end = tuple(
        op.name
        for op in graph
        if op.name not in after | before
        and op.kind not in ("data", "const")
        and any(reader.name in after for reader in graph.consumers(op))
    )
    return Cut(before, after, start, end)


class _Chooser:
    def __init__(
        self,
        graph: Graph,
        devices: Mapping[str, Device],
        macs: Mapping[str, Optional[int]],
        fixable: AbstractSet[str],
        followers: AbstractSet[str],
        most_macs: Optional[float],
    ) -> None:
        self._followers = followers
        self._graph = graph
        self._devices = devices
        on_dpu = {name: (macs[name] or 0) if devices[name] is Device.DPU else 0 for name in devices}
        # Work that a change moves to the DPU counts as DPU work.
        self._macs: Dict[str, float] = dict(on_dpu)
        for name in fixable:
            count = macs.get(name, 0)
            self._macs[name] = float("inf") if count is None else count
        self._fixable = fixable
        self._left = NEGLIGIBLE * sum(on_dpu.values()) if most_macs is None else most_macs

    def side(
        self,
        ops: Iterable[Op],
        onward: Neighbours,
        back: Neighbours,
        taken: AbstractSet[str],
    ) -> FrozenSet[str]:
        """Returns the host operators at one side of the network.

        Args:
            ops: the operators in order, starting at that side.
            onward: returns the neighbours of an operator towards that side.
            back: returns the neighbours away from it.
            taken: the host operators at the other side.
        """
        side: Set[str] = set()
        refused: Set[str] = set()
        for op in ops:
            if not self._decides(op) or op.name in side or op.name in taken:
                continue
            new = self._reached(op, onward, side, refused)
            if new is None or not new.isdisjoint(taken):
                refused.add(op.name)
                continue
            cost = sum(self._macs[name] for name in new)
            if cost > self._left:
                refused.add(op.name)
                continue
            if cost and op.name in self._fixable:
                continue
            self._left -= cost
            side |= new
        if side:
            self._add_moves(side, onward, back)
        return frozenset(side)

    def _decides(self, op: Op) -> bool:
        on_cpu = self._devices[op.name] is Device.CPU and op.kind != "const"
        return on_cpu and op.name not in self._followers

    def _reached(
        self, op: Op, onward: Neighbours, side: AbstractSet[str], refused: AbstractSet[str]
    ) -> Optional[Set[str]]:
        """Returns what goes to the host with an operator; None where a refused one is among it.

        What is too much for one operator is too much for those that reach it: what comes to the
        side meanwhile costs as much less as is left less.
        """
        found = {op.name}
        waiting = [op]
        while waiting:
            for other in onward(waiting.pop()):
                if other.name in found or other.name in side:
                    continue
                if other.name in refused:
                    return None
                if self._devices[other.name] is Device.USER or other.kind == "const":
                    continue
                found.add(other.name)
                waiting.append(other)
        return found

    def _add_moves(self, side: Set[str], onward: Neighbours, back: Neighbours) -> None:
        """Adds operators next to the cut that only move data, if all of it crosses the cut.

        Readers that are inputs or outputs of the network do not count: the host serves them too.
        """
        waiting: List[Op] = [self._graph[name] for name in side]
        while waiting:
            for op in back(waiting.pop()):
                if op.name in side or op.kind not in _MOVES:
                    continue
                others = [one for one in onward(op) if one.kind not in ("const", "data", "return")]
                if all(one.name in side for one in others):
                    side.add(op.name)
                    waiting.append(op)


def _boundary(graph: Graph, before: AbstractSet[str], host: AbstractSet[str]) -> Tuple[str, ...]:
    return tuple(
        op.name
        for op in graph
        if op.name in before and any(reader.name not in host for reader in graph.consumers(op))
    )


def part_of(graph: Graph, cut: Cut) -> Graph:
    """Returns the DPU part of a graph as a graph of its own.

    Args:
        graph: the graph.
        cut: the cut.
    """
    host = cut.before | cut.after
    fed: Dict[str, Op] = {}
    ops: List[Op] = []
    for op in graph:
        if op.name in host or (op.kind == "return" and op.inputs[0].op in host):
            continue
        if op.kind in ("data", "const") and not any(
            reader.name not in host for reader in graph.consumers(op)
        ):
            continue
        inputs = []
        for value in op.inputs:
            if value.op in cut.before:
                value = _fed(graph, value, fed, ops)
            inputs.append(value)
        ops.append(op.replaced(inputs=tuple(inputs)))
    returned = {value for op in ops if op.kind == "return" for value in op.inputs}
    taken = {op.name for op in ops}
    for name in cut.end:
        for index, tensor in enumerate(graph[name].outputs):
            value = Value(name, index)
            if value in returned or not _read_by(graph, value, cut.after):
                continue
            ops.append(Op(_free(f"output_{name}", taken), "return", NoAttrs(), (value,), (tensor,)))
    return Graph(graph.name, ops)


def _fed(graph: Graph, value: Value, fed: Dict[str, Op], ops: List[Op]) -> Value:
    name = value.op if value.index == 0 else f"{value.op}_{value.index}"
    if name not in fed:
        tensor = graph.type_of(value)
        fed[name] = Op(name, "data", TensorAttrs(tensor.shape), (), (tensor,))
        ops.append(fed[name])
    return Value(name)


def _read_by(graph: Graph, value: Value, names: AbstractSet[str]) -> bool:
    return any(
        reader.name in names and value in reader.inputs
        for reader in graph.consumers(graph[value.op])
    )


def _free(name: str, taken: Set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
