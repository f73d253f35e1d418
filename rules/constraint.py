"""How a constraint is declared, and what it sees.

One function is one constraint. Its docstring is the sentence that the user reads in the rule
book; `{name}` in it is filled from the same limits that the check reads, and those come from
the target, never from a literal in the text.

    @constraint(
        "conv.kernel", kinds=("conv2d",), evidence=Evidence.USER_GUIDE, source="UG1414 3.5",
        limits={"kernel_size": lambda target: target.conv.limit.kernel_size},
        passes=(...), fails=(...),
    )
    def kernel(site):
        \"\"\"Kernel width and height are each within {kernel_size}.\"\"\"
        yield from site.axes_within("kernel", site.op.attrs.kernel, site.limit("kernel_size"))

A constraint yields problems; it never prints, never raises, never stops the others.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import Enum
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Evidence, Figure, Finding, Verdict
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.example import Example
from vai_inspect.rules.site import Problem, Site

LimitOf = Callable[[Target], Union[Limit, int, str, None]]
Check = Callable[[Site], Iterable[Problem]]


class Stage(str, Enum):
    """When a constraint is asked; the stages run in this order."""

    OP = "op"
    FUSION = "fusion"
    CONTEXT = "context"


@dataclass(frozen=True)
class Constraint:
    """One constraint of a family.

    Attributes:
        id: group and name, `conv.kernel`; the family's name is put before it in reports.
        kinds: operator kinds that it speaks of, as the compiler sees them (after rewrites).
        stage: op, fusion or context.
        evidence: how it is founded.
        source: where it is written down.
        sentence: the docstring's first paragraph, with `{limit}` placeholders.
        notes: the rest of the docstring, likewise: what other sources say.
        limits: the figures it checks, by placeholder.
        check: the function.
        passes: examples on the right side of the limit, at its edge where it has one.
        fails: examples on the wrong side.
        cure: what to change in general, for the rule book; findings may be more exact.
    """

    id: str
    kinds: Tuple[str, ...]
    stage: Stage
    evidence: Evidence
    source: str
    sentence: str
    notes: str
    limits: Mapping[str, LimitOf]
    check: Check
    passes: Tuple[Example, ...]
    fails: Tuple[Example, ...]
    cure: Optional[str] = None

    def findings(self, site: Site, family: str) -> Iterator[Finding]:
        """Yields what the constraint finds at a site, as findings of the family."""
        limits = {name: limit(site.target) for name, limit in self.limits.items()}
        for problem in self.check(site.with_limits(limits)):
            yield self.finding(problem, family)

    def finding(self, problem: Problem, family: str) -> Finding:
        """Returns a problem as a finding of the family, with the constraint's own particulars."""
        return Finding(
            constraint=self.id_in(family),
            message=problem.message,
            evidence=problem.evidence or self.evidence,
            verdict=problem.verdict,
            found=problem.found,
            limit=problem.limit,
            nearest=problem.nearest,
            suggestion=", or ".join(filter(None, (problem.suggestion, self.cure))) or None,
            source=problem.source or self.source,
            follows=problem.follows,
        )

    def id_in(self, family: str) -> str:
        """Returns the whole id, as reports and `explain` have it: `czdx8g.conv.kernel`."""
        return "{}.{}".format(family, self.id)

    def sentence_for(self, *targets: Target) -> str:
        """Returns the sentence with the limits of these targets in it."""
        return _filled(self.sentence, self.limits, targets)

    def notes_for(self, *targets: Target) -> str:
        """Returns the notes with the limits of these targets in them."""
        return _filled(self.notes, self.limits, targets)


def constraint(
    id: str,
    *,
    kinds: Tuple[str, ...],
    evidence: Evidence,
    source: str,
    passes: Tuple[Example, ...],
    fails: Tuple[Example, ...],
    limits: Optional[Mapping[str, LimitOf]] = None,
    stage: Stage = Stage.OP,
    cure: Optional[str] = None,
) -> Callable[[Check], Constraint]:
    """Returns a decorator that makes a constraint of a check function."""

    def declare(check: Check) -> Constraint:
        sentence, _, notes = inspect.cleandoc(check.__doc__ or "").partition("\n\n")
        return Constraint(
            id=id,
            kinds=kinds,
            stage=stage,
            evidence=evidence,
            source=source,
            sentence=" ".join(sentence.split()),
            notes=" ".join(notes.split()),
            limits=limits or {},
            check=check,
            passes=passes,
            fails=fails,
            cure=cure,
        )

    return declare


def cpu_only(
    id: str,
    kinds: Tuple[str, ...],
    sentence: str,
    evidence: Evidence,
    source: str,
    cure: Optional[str] = None,
    passes: Tuple[Example, ...] = (),
    fails: Tuple[Example, ...] = (),
    verdict: Verdict = Verdict.UNSUPPORTED,
) -> Constraint:
    """Returns the constraint of operator kinds that no engine of a family runs."""

    def check(site: Site) -> Iterator[Problem]:
        yield Problem(sentence, found=site.op.kind, verdict=verdict)

    check.__doc__ = sentence
    declare = constraint(
        id, kinds=kinds, evidence=evidence, source=source, passes=passes, fails=fails, cure=cure
    )
    return declare(check)


def _filled(sentence: str, limits: Mapping[str, LimitOf], targets: Iterable[Target]) -> str:
    figures: "dict[str, Any]" = {}
    for name, limit in limits.items():
        by_text: "dict[str, list[str]]" = {}
        for target in targets:
            by_text.setdefault(str(limit(target)), []).append(target.name)
        if len(by_text) == 1:
            figures[name] = next(iter(by_text))
        else:
            figures[name] = " or ".join(
                "{} ({})".format(text, ", ".join(_short(names))) for text, names in by_text.items()
            )
    return sentence.format(**figures)


def _short(names: Iterable[str]) -> Iterable[str]:
    """Drops the DPU's type and instruction set from target names: B4096, C32B3, ..."""
    seen: "dict[str, None]" = {}
    for name in names:
        parts = name.split("_")
        seen["_".join(parts[2:]) or name] = None
    return seen


__all__ = [
    "Check",
    "Constraint",
    "Evidence",
    "Example",
    "Figure",
    "Limit",
    "Problem",
    "Site",
    "Stage",
    "Verdict",
    "constraint",
    "cpu_only",
]
