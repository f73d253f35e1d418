"""One model on several targets: a row for each, and which of them is the smallest that does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, Optional, Sequence, Tuple

from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.codec import Plain, encode
from vai_inspect.core.estimate import Estimate
from vai_inspect.core.findings import Finding, Verdict
from vai_inspect.core.inspection import (
    SCHEMA_VERSION,
    TOOL_NAME,
    InspectedOp,
    Inspection,
    ModelInfo,
    Summary,
    summary_dict,
)
from vai_inspect.core.presenter import presenter
from vai_inspect.core.target import Target

_TARGET = (
    "name",
    "fingerprint",
    "family",
    "isa_version",
    "batch",
    "peak_ops_per_cycle",
    "boards",
)
"""The fields of a target in a row of the JSON."""


@dataclass(frozen=True)
class ComparedTarget(Plain):
    """What became of the model on one target.

    Attributes:
        target: the DPU.
        summary: the totals of the inspection.
        blocker: the first operator in graph order that is on the CPU for a reason of its own and
            is not allowed there, or None. One that has no DPU cost at its position is reported
            only where no other is.
        takes_all: whether the DPU runs everything but what is allowed on the CPU.
        ends: where only operators at the start or the end of the network are left, which cost
            the DPU nothing there, the patterns that allow them: `end:softmax`.
        smallest: whether no smaller target of its family takes all, and this one does.
        smallest_but_for_ends: whether this one takes all but those ends, and no smaller target of
            its family takes as much.
        warnings: the inspection's.
        estimates: how long it takes, on each board that is known to have such a DPU, or on a
            design of one core where none is; the first is the inspection's own.
        estimate_unknown: why there are none; None where there are.
        unknown_left: operators of unknown verdict that are not allowed on the CPU.
    """

    target: Target
    summary: Summary
    blocker: Optional[InspectedOp]
    takes_all: bool
    ends: Tuple[str, ...]
    smallest: bool
    smallest_but_for_ends: bool
    warnings: Tuple[str, ...]
    estimates: Tuple[Estimate, ...] = ()
    estimate_unknown: Optional[str] = None
    unknown_left: int = 0

    @property
    def estimate(self) -> Optional[Estimate]:
        """The estimate for the first board."""
        return self.estimates[0] if self.estimates else None

    @property
    def takes_all_but_ends(self) -> bool:
        """Whether nothing is left to the CPU, or only what has no DPU cost."""
        return self.takes_all or bool(self.ends)

    @property
    def reason(self) -> Optional[Finding]:
        """The blocker's first reason of its own."""
        found = self.blocker.findings if self.blocker is not None else ()
        return next((finding for finding in found if finding.follows is None), None)

    def to_dict(self) -> Dict[str, Any]:
        """Returns the row as the JSON report holds it."""
        blocker, reason, target = self.blocker, self.reason, self.target.to_dict()
        return {
            "target": {key: target[key] for key in _TARGET},
            "takes_all": self.takes_all,
            "takes_all_but_ends": self.takes_all_but_ends,
            "ends": encode(self.ends),
            "smallest_of_family": self.smallest,
            "smallest_of_family_but_for_ends": self.smallest_but_for_ends,
            "summary": summary_dict(self.summary, self.estimate, self.estimate_unknown),
            "estimates": encode(self.estimates),
            "first_blocker": blocker
            and {
                "name": blocker.name,
                "type": blocker.type,
                "verdict": blocker.verdict.value,
                "layers": encode(blocker.op.origin.layers),
                "finding": encode(reason),
            },
            "warnings": encode(self.warnings),
        }


@dataclass(frozen=True)
class Comparison(Plain):
    """One model on several targets.

    Attributes:
        model: what was inspected.
        rows: a row for each target: those that take all before those that take all but the ends,
            and these before the others, then by the share of multiply-accumulate operations on
            the DPU, the operators on the CPU, the crossings, and the smaller target first.
        allow: patterns of operators that may be on the CPU.
        tool_version: version of this package.
        fps: frames per second that a board is wanted for, or None.
        idle: those of `allow` that match no operator at all: probably misspelt.
    """

    model: ModelInfo
    rows: Tuple[ComparedTarget, ...]
    allow: Tuple[str, ...] = ()
    tool_version: str = ""
    fps: Optional[float] = None
    idle: Tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        inspections: Iterable[Inspection],
        allowlist: Allowlist,
        estimates: Sequence[Tuple[Estimate, ...]] = (),
        fps: Optional[float] = None,
    ) -> "Comparison":
        """Compares inspections of one model.

        Args:
            inspections: one for each target; at least one.
            allowlist: operators that may be on the CPU.
            estimates: of each target on its boards; by default the inspections' own.
            fps: frames per second that a board is wanted for.
        """
        found = list(inspections)
        rows = [_row(one, allowlist) for one in found]
        if estimates:
            rows = [replace(row, estimates=those) for row, those in zip(rows, estimates)]
        whole = _smallest(row.target for row in rows if row.takes_all)
        but_ends = _smallest(row.target for row in rows if row.takes_all_but_ends)
        rows = [
            replace(
                row,
                smallest=row.takes_all and _is_in(whole, row.target),
                smallest_but_for_ends=bool(row.ends) and _is_in(but_ends, row.target),
            )
            for row in rows
        ]
        rows.sort(key=_rank)
        first = found[0]
        idle = tuple(allowlist.idle(first))  # names and types are the same on every target
        return cls(first.model, tuple(rows), allowlist.patterns, first.tool_version, fps, idle)

    @property
    def smallest_board(self) -> Optional[Tuple[ComparedTarget, Estimate]]:
        """The smallest board that reaches the frames per second that are wanted, and its target.

        Its size is that of all its cores: operations a cycle times the clock. Of a board whose
        start or end of the network is left to the host the DPU part counts.
        """
        wanted = self.fps
        if wanted is None:
            return None
        found = [
            (row, one)
            for row in self.rows
            for one in row.estimates
            if one.board is not None and one.fps is not None and one.fps >= wanted
        ]
        return min(found, key=_power, default=None)

    def to_dict(self) -> Dict[str, Any]:
        """Returns the comparison as the JSON report holds it (see the shipped schema)."""
        board = self.smallest_board
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": TOOL_NAME, "version": self.tool_version},
            "model": self.model.to_dict(),
            "allow": encode(self.allow),
            "fps": self.fps,
            "smallest_board": board and {"target": board[0].target.name, "board": board[1].board},
            "targets": encode(self.rows),
        }

    def _repr_html_(self) -> str:
        return presenter().html(self)

    def __str__(self) -> str:
        return presenter().text(self)


def _row(inspection: Inspection, allowlist: Allowlist) -> ComparedTarget:
    excess = allowlist.excess(inspection)
    free = {op.name for op in inspection.left_to_host()} if excess else set()
    roots = [op for op in excess if op.root_cause]
    return ComparedTarget(
        target=inspection.target,
        summary=inspection.summary,
        blocker=next((op for op in roots if op.name not in free), roots[0] if roots else None),
        takes_all=not excess,
        ends=allowlist.for_the_rest(inspection),
        smallest=False,
        smallest_but_for_ends=False,
        warnings=inspection.warnings,
        estimates=() if inspection.default_estimate is None else (inspection.default_estimate,),
        estimate_unknown=inspection.estimate_unknown,
        unknown_left=sum(op.verdict is Verdict.UNKNOWN for op in excess),
    )


def _smallest(targets: Iterable[Target]) -> Dict[str, int]:
    """Returns the size of the smallest target of each family."""
    sizes: Dict[str, int] = {}
    for target in targets:
        sizes[target.family] = min(_size(target), sizes.get(target.family, _size(target)))
    return sizes


def _is_in(sizes: Dict[str, int], target: Target) -> bool:
    return sizes.get(target.family) == _size(target)


def _size(target: Target) -> int:
    """Operations a cycle for the whole batch, by which targets are called small or large."""
    return target.peak_ops_per_cycle * target.batch


def _power(pair: Tuple[ComparedTarget, Estimate]) -> Tuple[float, str]:
    target, platform = pair[0].target, pair[1].platform
    return _size(target) * platform.cores * platform.clock_mhz, str(platform.board)


def _rank(row: ComparedTarget) -> Tuple[Any, ...]:
    total = row.summary
    return (
        not row.takes_all,
        not row.takes_all_but_ends,
        -total.dpu_share,
        total.cpu_ops,
        total.crossings,
        _size(row.target),
        row.target.name,
    )
