"""Operators at the start or the end of a network, which can run on the host at no DPU cost."""

from __future__ import annotations

from typing import AbstractSet, Iterable, Mapping, Optional, Sequence, Set

from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Op
from vai_inspect.core.root_cause import Position


def downstream(ops: Sequence[Op], marked: AbstractSet[str]) -> Set[str]:
    """Returns the operators that depend on a marked one, directly or not.

    Args:
        ops: the operators in topological order.
        marked: names of the marked ones.
    """
    found: Set[str] = set()
    known = set(marked)
    for op in ops:
        for value in op.inputs:
            if value.op in known:
                known.add(op.name)
                found.add(op.name)
                break
    return found


def upstream(ops: Sequence[Op], marked: AbstractSet[str]) -> Set[str]:
    """Returns the operators that a marked one depends on, directly or not.

    Args:
        ops: as of `downstream`.
        marked: as of `downstream`.
    """
    found: Set[str] = set()
    for op in reversed(ops):
        if op.name in marked or op.name in found:
            for value in op.inputs:
                found.add(value.op)
    return found


class Boundary:
    """Positions of operators relative to the DPU part, and whether they have a DPU cost.

    A constant is where it is read; it is no computation before an operator.
    """

    def __init__(
        self,
        ops: Sequence[Op],
        devices: Mapping[str, Device],
        macs: Mapping[str, Optional[int]],
    ) -> None:
        """Finds what is before and after the DPU's operators, and those that compute.

        Args:
            ops: the operators in topological order.
            devices: the device of each.
            macs: multiply-accumulate operations of each; None where they are unknown, which
                counts as if there were some.
        """
        on_dpu = {op.name for op in ops if devices[op.name] is Device.DPU and op.kind != "const"}
        off = [op for op in ops if op.name not in on_dpu]
        # Positions are those of operators off the DPU. A path to or from the DPU leads through
        # such operators alone but for its last step; so does one after an end or before a start.
        read = {value.op for op in ops if op.name in on_dpu for value in op.inputs}
        working = {op.name for op in off if macs[op.name] != 0 and op.kind != "const"}
        self._downstream_of_dpu = downstream(off, on_dpu)
        self._upstream_of_dpu = read | upstream(off, read)
        self._work_until = working | downstream(off, working)
        self._work_from = working | upstream(off, working)

    def position(self, names: Iterable[str]) -> Position:
        """Returns the position of some operators.

        Args:
            names: their names; none is on the DPU.
        """
        every = tuple(names)
        computed = any(name in self._downstream_of_dpu for name in every)
        awaited = any(name in self._upstream_of_dpu for name in every)
        if computed:
            return Position.BETWEEN if awaited else Position.END
        return Position.START if awaited else Position.APART

    def at_boundary(self, names: Iterable[str]) -> bool:
        """Returns whether the DPU part is complete without some operators, and computes as much.

        They are at the end, and neither they nor the operators after them multiply and
        accumulate; or at the start, and neither they nor the operators before them do.

        Args:
            names: their names; none is on the DPU.
        """
        every = tuple(names)
        position = self.position(every)
        if position is Position.END:
            return not any(name in self._work_from for name in every)
        if position is Position.START:
            return not any(name in self._work_until for name in every)
        return False
