"""The conditions of a check (the options for CI) and their outcome for an inspection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Iterable, Mapping, Optional, Tuple

from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.errors import ReportError
from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection import InspectedOp, Inspection, Summary
from vai_inspect.core.quantizer import Obstacle

CPU, UNKNOWN, QUANTIZER, NEVER = "cpu", "unknown", "quantizer", "never"
"""What `fail_on` can be."""

ALLOWED, KNOWN = "allowed", "baseline"
"""Why an operator on the CPU is accepted."""


@dataclass(frozen=True)
class Failure:
    """One condition that an inspection does not meet.

    Attributes:
        option: the option that asks for it, `--fail-on cpu`.
        ops: the operators that break it, in graph order; empty where it is about totals or the
            quantiser.
        found: the figure that was found: operators, obstacles, DPU subgraphs, or percent.
        limit: the figure that the option gives; None for `--fail-on`.
        obstacles: the obstacles of the quantiser that break it, in order.
    """

    option: str
    ops: Tuple[InspectedOp, ...]
    found: float
    limit: Optional[float] = None
    obstacles: Tuple[Obstacle, ...] = ()


@dataclass(frozen=True)
class GateOutcome:
    """The outcome of a gate for an inspection.

    Attributes:
        accepted: operators on the CPU that may be there, with the reason: `allowed` by a pattern,
            or on the CPU in the `baseline` already.
        failures: the conditions that are not met.
        baseline: whether there is a baseline to differ from.
        obstacles: those of the quantiser that the baseline has already: id and operators.
    """

    accepted: Mapping[str, str]
    failures: Tuple[Failure, ...]
    baseline: bool
    obstacles: FrozenSet[Tuple[str, Tuple[str, ...]]] = frozenset()

    @property
    def failing(self) -> Tuple[str, ...]:
        """Names of the operators that break a condition, in graph order."""
        return tuple(dict.fromkeys(op.name for failure in self.failures for op in failure.ops))

    @property
    def blocked(self) -> Tuple[Obstacle, ...]:
        """The obstacles of the quantiser that break a condition, in order."""
        return tuple(one for failure in self.failures for one in failure.obstacles)


@dataclass(frozen=True)
class Gate:
    """Conditions on an inspection.

    Attributes:
        fail_on: `cpu` or `unknown`: which operators on the CPU fail; `quantizer`: what the vendor's
            quantiser fails at, or changes the function of; or `never`.
        allowlist: operators that may be on the CPU.
        max_subgraphs: DPU subgraphs at most; None for any number.
        min_macs: percent of the multiply-accumulates on the DPU at least; None for any.
        baselines: inspections of earlier runs. What one of them has, by name, on the CPU already
            does not fail; nor do totals that are no worse than there.
    """

    fail_on: str = NEVER
    allowlist: Allowlist = Allowlist()
    max_subgraphs: Optional[int] = None
    min_macs: Optional[float] = None
    baselines: Tuple[Inspection, ...] = ()

    def check(self, inspection: Inspection) -> GateOutcome:
        """Checks an inspection against the conditions.

        Args:
            inspection: what to check.

        Raises:
            ReportError: there are baselines, but none of this model and target.
        """
        earlier = _baseline(self.baselines, inspection) if self.baselines else None
        left = self.allowlist.excess(inspection)
        known = {op.name: op for op in earlier.on(Device.CPU)} if earlier is not None else {}
        met = _obstacles(earlier)
        failures = (
            *self._operators(left, known),
            *self._quantizer(inspection, met),
            *self._totals(inspection, earlier),
        )
        names = {op.name for op in left}
        accepted = {op.name: ALLOWED for op in inspection.on(Device.CPU) if op.name not in names}
        failing = {op.name for failure in failures for op in failure.ops}
        accepted.update((name, KNOWN) for name in names - failing if name in known)
        return GateOutcome(accepted, failures, earlier is not None, met)

    def _operators(
        self, left: Iterable[InspectedOp], known: Mapping[str, InspectedOp]
    ) -> Iterable[Failure]:
        if self.fail_on in (NEVER, QUANTIZER):
            return
        found = [op for op in left if op.name not in known]
        if self.fail_on == UNKNOWN:
            # An operator whose refusal became a doubt is new as an open question.
            found = [
                op
                for op in left
                if op.verdict is Verdict.UNKNOWN
                and (op.name not in known or known[op.name].verdict is not Verdict.UNKNOWN)
            ]
        if found:
            yield Failure("--fail-on " + self.fail_on, tuple(found), len(found))

    def _quantizer(
        self, inspection: Inspection, known: FrozenSet[Tuple[str, Tuple[str, ...]]]
    ) -> Iterable[Failure]:
        if self.fail_on != QUANTIZER or inspection.quantizer is None:
            return
        found = [one for one in inspection.quantizer.blocking if (one.id, one.ops) not in known]
        if found:
            yield Failure("--fail-on " + QUANTIZER, (), len(found), obstacles=tuple(found))

    def _totals(self, inspection: Inspection, earlier: Optional[Inspection]) -> Iterable[Failure]:
        now = inspection.summary
        before = earlier.summary if earlier is not None else None
        most, least = self.max_subgraphs, self.min_macs
        if most is not None and now.dpu_subgraphs > max(
            most, before.dpu_subgraphs if before is not None else 0
        ):
            yield Failure("--max-subgraphs", (), now.dpu_subgraphs, most)
        if least is not None and macs_percent(now) < min(
            least, macs_percent(before) if before is not None else 100.0
        ):
            yield Failure("--min-macs", (), macs_percent(now), least)


def _obstacles(inspection: Optional[Inspection]) -> FrozenSet[Tuple[str, Tuple[str, ...]]]:
    quantizer = inspection.quantizer if inspection is not None else None
    return frozenset((one.id, one.ops) for one in (quantizer.obstacles if quantizer else ()))


def macs_percent(total: Summary) -> float:
    """Returns the percent of the multiply-accumulates that the DPU does; 100 where there are none.

    Args:
        total: the totals of an inspection.
    """
    return 100.0 * total.dpu_macs / total.macs if total.macs else 100.0


def _baseline(baselines: Iterable[Inspection], inspection: Inspection) -> Inspection:
    """Returns the baseline of a model and a target.

    A model that was renamed is found by its target, where that leaves no choice.
    """
    wanted = inspection.target
    of_target = [one for one in baselines if one.target.name == wanted.name]
    same_build = [one for one in of_target if one.target.fingerprint == wanted.fingerprint]
    found = same_build or of_target
    named = [one for one in found if one.model.name == inspection.model.name]
    if len(named or found) == 1:
        return (named or found)[0]
    listed = ", ".join(dict.fromkeys(f"{one.model.name} on {one.target.name}" for one in baselines))
    raise ReportError(
        f"--baseline: there is {'more than one' if named or found else 'no'} report of "
        f"{inspection.model.name} on {wanted.name}; given are reports of {listed}."
    )
