"""One model on several targets: a row for each, and which of them is the smallest that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, Optional, Tuple

from vai_inspect.core.allowance import Allowance
from vai_inspect.core.findings import Finding
from vai_inspect.core.inspection import TOOL_NAME, InspectedOp, Inspection, ModelInfo, Summary
from vai_inspect.core.target import Target
from vai_inspect.core.views import view

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True)
class ComparedTarget:
    """What became of the model on one target.

    Attributes:
        target: the DPU.
        summary: the totals of the inspection.
        blocker: the first operator in graph order that is on the CPU for a reason of its own and
            is not allowed there, or None.
        takes_all: whether the DPU runs everything but what is allowed on the CPU.
        smallest: whether no smaller target of its family takes all, and this one does.
        warnings: the inspection's.
    """

    target: Target
    summary: Summary
    blocker: Optional[InspectedOp]
    takes_all: bool
    smallest: bool
    warnings: Tuple[str, ...]

    @property
    def reason(self) -> Optional[Finding]:
        """The blocker's first reason of its own."""
        found = self.blocker.findings if self.blocker is not None else ()
        return next((finding for finding in found if finding.follows is None), None)

    def to_dict(self) -> Dict[str, Any]:
        """Returns the row as the JSON report holds it."""
        blocker, reason = self.blocker, self.reason
        return {
            "target": {
                "name": self.target.name,
                "fingerprint": self.target.fingerprint_text,
                "family": self.target.dpu,
                "isa_version": self.target.isa_version,
                "batch": self.target.batch,
                "peak_ops_per_cycle": self.target.peak_ops_per_cycle,
            },
            "takes_all": self.takes_all,
            "smallest_of_family": self.smallest,
            "summary": dict(vars(self.summary)),
            "first_blocker": blocker
            and {
                "name": blocker.name,
                "type": blocker.type,
                "verdict": blocker.verdict.value,
                "layers": list(blocker.op.origin.layers),
                "finding": reason and reason.to_dict(),
            },
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Comparison:
    """One model on several targets.

    Attributes:
        model: what was inspected.
        rows: a row for each target: those that take all before the others, then by the share of
            multiply-accumulate operations on the DPU, the operators on the CPU, the crossings,
            and the smaller target first.
        allow: patterns of operators that may be on the CPU.
        tool_version: version of this package.
    """

    model: ModelInfo
    rows: Tuple[ComparedTarget, ...]
    allow: Tuple[str, ...] = ()
    tool_version: str = ""

    @classmethod
    def of(cls, inspections: Iterable[Inspection], allowance: Allowance) -> "Comparison":
        """Compares inspections of one model.

        Args:
            inspections: one for each target; at least one.
            allowance: operators that may be on the CPU.
        """
        found = list(inspections)
        excess = [allowance.excess(inspection) for inspection in found]
        smallest: Dict[str, int] = {}
        for inspection, ops in zip(found, excess):
            if not ops:
                size = _size(inspection.target)
                family = inspection.target.family
                smallest[family] = min(size, smallest.get(family, size))
        rows = [
            ComparedTarget(
                target=inspection.target,
                summary=inspection.summary,
                blocker=next((op for op in ops if op.root_cause), None),
                takes_all=not ops,
                smallest=not ops and smallest[inspection.target.family] == _size(inspection.target),
                warnings=inspection.warnings,
            )
            for inspection, ops in zip(found, excess)
        ]
        rows.sort(key=_rank)
        first = found[0]
        return cls(first.model, tuple(rows), allowance.patterns, first.tool_version)

    def to_dict(self) -> Dict[str, Any]:
        """Returns the comparison as the JSON report holds it (see the shipped schema)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": TOOL_NAME, "version": self.tool_version},
            "model": self.model.to_dict(),
            "allow": list(self.allow),
            "targets": [row.to_dict() for row in self.rows],
        }

    def _repr_html_(self) -> Optional[str]:
        found: Optional[str] = view(self, "html")
        return found

    def __str__(self) -> str:
        return str(view(self, "text"))


def _size(target: Target) -> int:
    """Operations a cycle for the whole batch, by which targets are called small or large."""
    return target.peak_ops_per_cycle * target.batch


def _rank(row: ComparedTarget) -> Tuple[Any, ...]:
    total = row.summary
    share = total.dpu_macs / total.macs if total.macs else 0.0
    return (
        not row.takes_all,
        -share,
        total.cpu_ops,
        total.crossings,
        _size(row.target),
        row.target.name,
    )
