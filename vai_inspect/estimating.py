"""How long an inspected network takes on a board; see docs/performance-model.md."""

from __future__ import annotations

import dataclasses
from typing import AbstractSet, Optional, Sequence, Tuple

from vai_inspect.core.errors import EstimateError, VaiInspectError, count
from vai_inspect.core.estimate import Estimate, Platform
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.ir import Op
from vai_inspect.core.partition.cut import NEGLIGIBLE
from vai_inspect.core.root_cause import Position
from vai_inspect.core.target import Target
from vai_inspect.reports.text.format import share
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.guard import GUARDED, format_error
from vai_inspect.rules.timing import platforms
from vai_inspect.rules.timing.model import Timed, TimingModel


def estimate(
    inspection: Inspection,
    board: Optional[str] = None,
    clock_mhz: Optional[float] = None,
    cores: Optional[int] = None,
    bandwidth_gb_s: Optional[float] = None,
) -> Estimate:
    """Returns how long an inspected network takes on a board.

    Args:
        inspection: the inspection.
        board: see `platform_for`.
        clock_mhz: see `platform_for`.
        cores: see `platform_for`.
        bandwidth_gb_s: see `platform_for`.

    Raises:
        EstimateError: there is no trustworthy model for the target's family, nothing runs on the
            DPU, or the board or a figure is none; the message says why and what to do.
    """
    model = timing_model(inspection.target)
    platform = _platform(inspection.target, model, board, clock_mhz, cores, bandwidth_gb_s)
    timed = model.timed([op.op for op in inspection.ops], inspection.target)
    return timed.in_detail(_estimate_on(inspection, platform, timed), inspection.ops)


def _estimate_on(inspection: Inspection, platform: Platform, timed: Timed) -> Estimate:
    """Returns how long an inspected network takes on a platform.

    Args:
        inspection: the inspection.
        platform: the board.
        timed: the times of its graph.

    Raises:
        EstimateError: nothing runs on the DPU, or nothing is known of what an operator costs.
    """
    on_cpu = inspection.on(Device.CPU)
    unknown = _host_work(inspection)
    part_only = f"{_UNKNOWN}: {unknown}" if unknown else ""
    if on_cpu and not unknown:
        verb = "is" if len(on_cpu) == 1 else "are"
        part_only = f"DPU part only: {count(len(on_cpu), 'CPU operator')} {verb} not counted"
    return timed.estimate(
        inspection.ops,
        platform,
        not_counted=tuple(op.name for op in on_cpu),
        part_only=part_only,
        whole=not unknown,
    )


_UNKNOWN = "frames per second and the time of one frame alone are unknown"


def _host_work(inspection: Inspection) -> str:
    """Returns why the host and not the DPU decides how fast a frame is; empty if it does not."""
    on_cpu = inspection.on(Device.CPU)
    between = [op for op in on_cpu if inspection.boundary.position((op.name,)) is Position.BETWEEN]
    if between:
        number = count(len(between), "CPU operator")
        return f"the time of {number} between DPU operators is not estimated"
    macs = [op.macs for op in on_cpu if op.macs]
    part, whole = sum(macs), inspection.summary.macs
    if part <= NEGLIGIBLE * whole:
        return ""
    return (
        f"the time of {count(len(macs), 'CPU operator')} with {share(part, whole)} of the "
        "multiply-accumulates is not estimated"
    )


def timing_model(target: Target) -> TimingModel:
    """Returns the timing model of a target's family.

    Raises:
        EstimateError: it has none that is trustworthy.
    """
    family = registry.family(target.family)
    if isinstance(family.timing, str):
        raise EstimateError(f"no times are estimated for {family.dpu}: {family.timing}.")
    return family.timing


def platform_for(
    target: Target,
    board: Optional[str] = None,
    clock_mhz: Optional[float] = None,
    cores: Optional[int] = None,
    bandwidth_gb_s: Optional[float] = None,
) -> Platform:
    """Returns the platform that is meant.

    Args:
        target: the DPU.
        board: a board's name in any case; None for the KV260 where it has such a DPU, else for
            one core at 300 MHz.
        clock_mhz: clock of the DPU in place of the board's, MHz.
        cores: DPU cores in place of the board's.
        bandwidth_gb_s: memory bandwidth in place of the board's, GB/s in each direction.

    Raises:
        EstimateError: the family has no timing model, there is no such board, or a figure is none.
    """
    return _platform(target, timing_model(target), board, clock_mhz, cores, bandwidth_gb_s)


def _platform(
    target: Target,
    model: TimingModel,
    board: Optional[str] = None,
    clock_mhz: Optional[float] = None,
    cores: Optional[int] = None,
    bandwidth_gb_s: Optional[float] = None,
) -> Platform:
    known = registry.targets(target.family)
    return platforms.platform(target, known, model.table, board, clock_mhz, cores, bandwidth_gb_s)


def board_target(name: str) -> Optional[Tuple[Target, str]]:
    """Returns the target that a board boots and the board's name, where times of it are estimated.

    Args:
        name: a board's name in any case.

    Returns:
        Of several builds that of the earliest release, as the name of a target means it; None
        where no image of such a board is known with its cores and clock.
    """
    for target in registry.targets():
        for use in target.board_uses:
            if use.releases and use.cores is not None and use.board.lower() == name.strip().lower():
                return target, use.board
    return None


def on_every_board(inspection: Inspection) -> Tuple[Estimate, ...]:
    """Returns the estimate of an inspection, then those of the other boards that have its DPU.

    Args:
        inspection: the inspection.

    Returns:
        None at all where nothing is estimated.
    """
    first = inspection.default_estimate
    if first is None:
        return ()
    target, model = inspection.target, timing_model(inspection.target)
    timed = model.timed([op.op for op in inspection.ops], target)
    known = registry.targets(target.family)
    others = [
        _platform(target, model, use.board)
        for use in platforms.boards_of(target, known).values()
        if use.board != first.board
    ]
    return (first, *(_estimate_on(inspection, one, timed) for one in others))


class Times:
    """The times of one graph on the default board of a target.

    A timing model may be a plug-in's: where it fails there are no times, but a reason.
    """

    def __init__(self, ops: Sequence[Op], target: Target) -> None:
        """Looks the family's model up.

        Args:
            ops: the operators, in topological order.
            target: the DPU.
        """
        self._unknown = ""
        try:
            model = timing_model(target)
            self._platform = _platform(target, model)
            self._timed = model.timed(ops, target)
        except GUARDED as error:
            self._unknown = _reason(error, target)

    def dpu_ms(self, dpu: AbstractSet[str]) -> Optional[float]:
        """Returns the DPU time of a frame, ms; None where it is not estimated.

        Args:
            dpu: names of the operators on the DPU, constants not among them.
        """
        try:
            return None if self._unknown else self._timed.dpu_ms(dpu, self._platform)
        except GUARDED:
            return None

    def added_to(self, inspection: Inspection) -> Inspection:
        """Returns an inspection with its estimate, or with the reason why there is none.

        Args:
            inspection: the inspection.
        """
        if self._unknown:
            return dataclasses.replace(inspection, estimate_unknown=self._unknown)
        try:
            found = _estimate_on(inspection, self._platform, self._timed)
        except GUARDED as error:
            reason = _reason(error, inspection.target)
            return dataclasses.replace(inspection, estimate_unknown=reason)
        return dataclasses.replace(inspection, default_estimate=found)

    def in_detail(self, inspection: Inspection) -> Inspection:
        """Returns an inspection with its estimate, of each operator and subgraph, too.

        Args:
            inspection: the inspection, without an estimate.
        """
        inspection = self.added_to(inspection)
        if inspection.default_estimate is None:
            return inspection
        try:
            found = self._timed.in_detail(inspection.default_estimate, inspection.ops)
        except GUARDED as error:
            reason = _reason(error, inspection.target)
            return dataclasses.replace(inspection, default_estimate=None, estimate_unknown=reason)
        return dataclasses.replace(inspection, default_estimate=found)


def _reason(error: BaseException, target: Target) -> str:
    if isinstance(error, VaiInspectError):
        return str(error)
    return f"the timing model of {target.dpu} failed: {format_error(error)}."
