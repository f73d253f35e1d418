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

import dataclasses
import inspect
from dataclasses import dataclass
from enum import Enum
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Evidence, Figure, Finding, Verdict
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, Examples, made_for
from vai_inspect.rules.engine.guard import FAILURES, told

LimitOf = Callable[[Target], Union[Limit, int, str, None]]
Check = Callable[[Site], Iterable[Problem]]


class Stage(str, Enum):
    """When a constraint is asked; the stages run in this order."""

    OP = "op"
    FUSION = "fusion"
    CONTEXT = "context"


@dataclass(frozen=True)
class Founding:
    """How a constraint is founded, and where that is written down."""

    evidence: Evidence
    source: str


@dataclass(frozen=True)
class Constraint:
    """One constraint, as one family or several have it.

    Attributes:
        id: group and name, `conv.kernel`; the family's name is put before it in reports.
        kinds: operator kinds that it speaks of, as the compiler sees them (after rewrites).
        stage: op, fusion or context.
        founding: how it is founded where it was seen.
        seen_on: names of the families that the founding speaks of; empty where it is all.
        elsewhere: how it is founded for the others.
        sentence: the docstring's first paragraph, with `{limit}` placeholders.
        notes: the rest of the docstring, likewise: what other sources say.
        limits: the figures it checks, by placeholder.
        check: the function.
        passes: examples on the right side of the limit, at its edge where it has one.
        fails: examples on the wrong side.
        always: whether it refuses every operator of its kinds, so that no example can pass.
        cure: what to change in general, for the rule book; findings may be more exact.
    """

    id: str
    kinds: Tuple[str, ...]
    stage: Stage
    founding: Founding
    seen_on: Tuple[str, ...]
    elsewhere: Founding
    sentence: str
    notes: str
    limits: Mapping[str, LimitOf]
    check: Check
    passes: Examples
    fails: Examples
    cure: Optional[str] = None
    always: bool = False

    def limits_for(self, target: Target) -> Mapping[str, Any]:
        """Returns the figures that it checks, as a target has them."""
        return {name: limit(target) for name, limit in self.limits.items()}

    def finding(self, problem: Problem, family: str) -> Finding:
        """Returns a problem as a finding of the family, with the constraint's own particulars."""
        founding = self.founding_in(family)
        return Finding(
            constraint=self.id_in(family),
            message=problem.message,
            evidence=problem.evidence or founding.evidence,
            verdict=problem.verdict,
            found=problem.found,
            limit=problem.limit,
            nearest=problem.nearest,
            suggestion=", or ".join(filter(None, (problem.suggestion, self.cure))) or None,
            source=problem.source or founding.source,
            follows=problem.follows,
        )

    def id_in(self, family: str) -> str:
        """Returns the whole id, as reports and `explain` have it: `czdx8g.conv.kernel`."""
        return "{}.{}".format(family, self.id)

    def founding_in(self, family: str) -> Founding:
        """Returns how the constraint is founded for a family."""
        return self.founding if not self.seen_on or family in self.seen_on else self.elsewhere

    def passing(self, target: Target) -> Tuple[Example, ...]:
        """Returns the examples for a target that pass."""
        return made_for(target, self.passes)

    def failing(self, target: Target) -> Tuple[Example, ...]:
        """Returns the examples for a target that fail."""
        return made_for(target, self.fails)

    def founded(self, evidence: Evidence, source: str, notes: str = "") -> "Constraint":
        """Returns the constraint as a family has it for which another source speaks.

        Args:
            evidence: how it is founded there.
            source: where that is written down.
            notes: what to say in place of the constraint's own notes; those stay where empty.
        """
        return dataclasses.replace(
            self, founding=Founding(evidence, source), seen_on=(), notes=notes or self.notes
        )

    def never_passed(self) -> "Constraint":
        """Returns the constraint as a family has it of which no target can keep it."""
        return dataclasses.replace(self, passes=(), always=True)

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
    passes: Examples,
    fails: Examples,
    limits: Optional[Mapping[str, LimitOf]] = None,
    stage: Stage = Stage.OP,
    cure: Optional[str] = None,
    seen_on: Tuple[str, ...] = (),
    elsewhere: Optional[Founding] = None,
    always: bool = False,
) -> Callable[[Check], Constraint]:
    """Returns a decorator that makes a constraint of a check function; see `Constraint`.

    Where `seen_on` names families, `evidence` and `source` speak of those alone; for the others it
    is founded as `elsewhere` says, or inferred where that is None.
    """
    seen = ", ".join("DPU" + family.upper() for family in seen_on)

    def declare(check: Check) -> Constraint:
        sentence, _, notes = inspect.cleandoc(check.__doc__ or "").partition("\n\n")
        return Constraint(
            id=id,
            kinds=kinds,
            stage=stage,
            founding=Founding(evidence, source),
            seen_on=seen_on,
            elsewhere=elsewhere
            or Founding(Evidence.INFERRED, "seen on {} only: {}".format(seen, source)),
            sentence=" ".join(sentence.split()),
            notes=" ".join(notes.split()),
            limits=limits or {},
            check=check,
            passes=passes,
            fails=fails,
            cure=cure,
            always=always,
        )

    return declare


def unsupported_kinds(
    id: str,
    kinds: Tuple[str, ...],
    sentence: str,
    evidence: Evidence,
    source: str,
    cure: Optional[str] = None,
    fails: Examples = (),
    verdict: Verdict = Verdict.UNSUPPORTED,
    seen_on: Tuple[str, ...] = (),
    elsewhere: Optional[Founding] = None,
    suggest: Optional[Callable[[Site], str]] = None,
) -> Constraint:
    """Returns the constraint of operator kinds that no engine of a family runs.

    What to use in its place is told by `cure` for every target, or by `suggest` for each.
    """

    def check(site: Site) -> Iterator[Problem]:
        suggestion = suggest(site) if suggest is not None else None
        yield Problem(sentence, found=site.op.kind, verdict=verdict, suggestion=suggestion)

    check.__doc__ = sentence
    declare = constraint(
        id,
        kinds=kinds,
        evidence=evidence,
        source=source,
        passes=(),
        fails=fails,
        cure=cure,
        seen_on=seen_on,
        elsewhere=elsewhere,
        always=True,
    )
    return declare(check)


def with_own(shared: Tuple[Constraint, ...], *own: Constraint) -> Tuple[Constraint, ...]:
    """Returns shared constraints with a family's own in the place of those of the same id.

    Own ones of a new id come last.
    """
    mine = {rule.id: rule for rule in own}
    kept = tuple(mine.pop(rule.id, rule) for rule in shared)
    return (*kept, *mine.values())


def without(shared: Tuple[Constraint, ...], *ids: str) -> Tuple[Constraint, ...]:
    """Returns shared constraints without those of some ids.

    Raises:
        LookupError: there is none of one of the ids.
    """
    missing = set(ids) - {rule.id for rule in shared}
    if missing:
        raise LookupError("no constraint {}".format(", ".join(sorted(missing))))
    return tuple(rule for rule in shared if rule.id not in ids)


def with_notes(shared: Tuple[Constraint, ...], notes: Mapping[str, str]) -> Tuple[Constraint, ...]:
    """Returns shared constraints with what is to say of them in one family, after their own notes.

    Args:
        shared: the constraints.
        notes: texts by the ids of constraints, such as what a product guide says otherwise.

    Raises:
        LookupError: there is none of one of the ids.
    """
    missing = set(notes) - {rule.id for rule in shared}
    if missing:
        raise LookupError("no constraint {}".format(", ".join(sorted(missing))))
    return tuple(
        dataclasses.replace(rule, notes=" ".join(filter(None, (rule.notes, notes.get(rule.id)))))
        for rule in shared
    )


def figure_of(limit: LimitOf, target: Target) -> "Limit | int | str | None":
    """Returns a figure for the rule book; where it fails, as anyone's code may, what it says."""
    try:
        return limit(target)
    except FAILURES as error:
        return "(no figure: {})".format(told(error))


def _filled(sentence: str, limits: Mapping[str, LimitOf], targets: Iterable[Target]) -> str:
    figures: "dict[str, Any]" = {}
    for name, limit in limits.items():
        by_text: "dict[str, list[str]]" = {}
        for target in targets:
            figure = figure_of(limit, target)
            if figure is not None:
                by_text.setdefault(str(figure), []).append(target.name)
        if not by_text:
            figures[name] = "(no figure)"
        elif len(by_text) == 1:
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
    "Founding",
    "Limit",
    "Problem",
    "Site",
    "Stage",
    "Verdict",
    "constraint",
    "unsupported_kinds",
    "with_notes",
    "with_own",
    "without",
]
