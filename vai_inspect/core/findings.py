"""What a rule found out about an operator, and how well it is founded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, Iterable, Optional, Tuple, Union

Figure = Union[int, float, str, Tuple[int, ...]]


class Device(str, Enum):
    """Where an operator runs. `USER` is for the graph's inputs and outputs."""

    DPU = "dpu"
    CPU = "cpu"
    USER = "user"


class Verdict(str, Enum):
    """What the sources say of an operator on a target."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class Evidence(str, Enum):
    """How a rule is founded, the strongest first. Where sources disagree, this order decides."""

    COMPILED = "compiled"
    INSPECTOR = "inspector"
    PARTITION_RULE = "partition_rule"
    USER_GUIDE = "user_guide"
    INFERRED = "inferred"

    @property
    def meaning(self) -> str:
        """One sentence for the report and the rule book."""
        return _MEANINGS[self]


_MEANINGS = {
    Evidence.COMPILED: "seen in a compiled model or a compile log",
    Evidence.INSPECTOR: "seen in output of the vendor's own inspector",
    Evidence.PARTITION_RULE: "published partition rule of the vendor",
    Evidence.USER_GUIDE: "user guide or product guide",
    Evidence.INFERRED: "concluded from other facts; no source says it in so many words",
}


@dataclass(frozen=True)
class Finding:
    """One reason why an operator does not, or may not, run on the DPU.

    Attributes:
        constraint: id of the constraint, e.g. `czdx8g.conv.kernel`.
        message: the sentence that the user reads; complete without the other fields.
        evidence: how the constraint is founded.
        verdict: `UNSUPPORTED`, or `UNKNOWN` where no source decides.
        found: the figure that was found, or None.
        limit: the limit as text (`1-16`), or None.
        nearest: the nearest figure that would pass, or None.
        suggestion: what to change, or None where no cure is known.
        source: where the rule is written down.
        follows: name of the operator whose placement causes this finding; None for a root cause.
    """

    constraint: str
    message: str
    evidence: Evidence
    verdict: Verdict = Verdict.UNSUPPORTED
    found: Optional[Figure] = None
    limit: Optional[str] = None
    nearest: Optional[Figure] = None
    suggestion: Optional[str] = None
    source: str = ""
    follows: Optional[str] = None

    def to_dict(self) -> Dict[str, Any]:
        """Returns the finding as the JSON report holds it."""
        return {
            "constraint": self.constraint,
            "message": self.message,
            "found": _plain(self.found),
            "limit": self.limit,
            "nearest": _plain(self.nearest),
            "suggestion": self.suggestion,
            "evidence": self.evidence.value,
            "source": self.source,
            "verdict": self.verdict.value,
            "follows": self.follows,
        }


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Returns the verdict that findings amount to: one that refuses outweighs one that doubts."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.UNSUPPORTED in verdicts:
        return Verdict.UNSUPPORTED
    return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.SUPPORTED


def _plain(figure: Optional[Figure]) -> Any:
    return list(figure) if isinstance(figure, tuple) else figure
