"""How a constraint is declared.

One function is one constraint. Its docstring is the sentence that the user reads in the rule
book; `{name}` in it is filled from the same limits that the check reads, and those come from
the target, never from a literal in the text.

    @constraint(
        "conv.kernel", kinds=("conv2d",), evidence=Evidence.USER_GUIDE, source="UG1414 3.5",
        limits={"kernel_size": lambda target: target.conv.limit.kernel_size},
        passes=(...), fails=(...),
    )
    def kernel(ctx):
        \"\"\"Kernel width and height are each within {kernel_size}.\"\"\"
        yield from ctx.axes_within("kernel", ctx.attrs.kernel, ctx.limit("kernel_size"))

A constraint yields violations; it never prints, never raises, never stops the others.
"""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from enum import Enum
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Evidence, Finding, Remedy, Verdict
from vai_inspect.core.message import filled, render
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.engine.context import OpContext
from vai_inspect.rules.engine.example import Example, Examples, made_for
from vai_inspect.rules.engine.guard import GUARDED, format_error
from vai_inspect.rules.engine.violation import Remedies, Violation, remedies_of

LimitOf = Callable[[Target], Union[Limit, int, str, None]]
Check = Callable[[OpContext], Iterable[Violation]]

FIRST_RELEASE = "0.1.0"
"""The release of every rule that names no other."""


class Stage(str, Enum):
    """When a constraint is asked; the stages run in this order."""

    OP = "op"
    FUSION = "fusion"
    CONTEXT = "context"


@dataclass(frozen=True)
class Provenance:
    """The evidence of a constraint and its source."""

    evidence: Evidence
    source: str


@dataclass(frozen=True)
class Constraint:
    """One constraint of one or several families.

    Attributes:
        id: group and name, `conv.kernel`; reports put the family's name before it.
        kinds: operator kinds that it applies to, after rewrites.
        stage: op, fusion or context.
        provenance: its evidence.
        sentence: the docstring's first paragraph, with `{limit}` placeholders.
        notes: the rest of the docstring, likewise: what other sources say.
        limits: the figures it checks, by placeholder.
        check: the function.
        passes: examples on the right side of the limit, at its edge where it has one.
        fails: examples on the wrong side.
        always: whether it refuses every operator of its kinds, so that no example can pass.
        remedies: what to change in general; those of a violation come first.
        since: the first release of vai-inspect with it.
        aliases: ids that it had in earlier releases; `explain` finds it by them.
    """

    id: str
    kinds: Tuple[str, ...]
    stage: Stage
    provenance: Provenance
    sentence: str
    notes: str
    limits: Mapping[str, LimitOf]
    check: Check
    passes: Examples
    fails: Examples
    remedies: Tuple[Remedy, ...] = ()
    always: bool = False
    since: str = FIRST_RELEASE
    aliases: Tuple[str, ...] = ()

    def limits_for(self, target: Target) -> Mapping[str, Any]:
        """Returns the figures that it checks, as a target has them."""
        return {name: limit(target) for name, limit in self.limits.items()}

    def finding(self, violation: Violation, family: str) -> Finding:
        """Returns the finding of a violation: its sentences, with the constraint's particulars.

        Args:
            violation: what the check yielded.
            family: name of the family that is asked.
        """
        figures = violation.figures
        arguments = filled(violation.template, violation.arguments, figures)
        return Finding(
            constraint=self.id_in(family),
            message=render(violation.template, arguments),
            evidence=violation.evidence or self.provenance.evidence,
            verdict=violation.verdict,
            found=violation.found,
            limit=violation.limit,
            nearest=violation.nearest,
            remedies=tuple(
                remedy if remedy.text else remedy.rendered(figures)
                for remedy in (*violation.remedies, *self.remedies)
            ),
            source=violation.source or self.provenance.source,
            follows=violation.follows,
            template=violation.template,
            arguments=tuple(arguments.items()),
        )

    def id_in(self, family: str) -> str:
        """Returns the full id, as in reports and `explain`: `czdx8g.conv.kernel`."""
        return f"{family}.{self.id}"

    def passing(self, target: Target) -> Tuple[Example, ...]:
        """Returns the examples for a target that pass."""
        return made_for(target, self.passes)

    def failing(self, target: Target) -> Tuple[Example, ...]:
        """Returns the examples for a target that fail."""
        return made_for(target, self.fails)

    def founded(self, evidence: Evidence, source: str, notes: str = "") -> Constraint:
        """Returns a copy with the evidence and source of one family.

        Args:
            evidence: its evidence there.
            source: where that is written down.
            notes: what to say in place of the constraint's own notes; those stay where empty.
        """
        return dataclasses.replace(
            self, provenance=Provenance(evidence, source), notes=notes or self.notes
        )

    def never_passed(self) -> Constraint:
        """Returns a copy that every target of the family violates."""
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
    remedy: Remedies = None,
    always: bool = False,
    since: str = FIRST_RELEASE,
    aliases: Tuple[str, ...] = (),
) -> Callable[[Check], Constraint]:
    """Returns a decorator that makes a constraint of a check function; see `Constraint`."""

    def declare(check: Check) -> Constraint:
        sentence, _, notes = inspect.cleandoc(check.__doc__ or "").partition("\n\n")
        return Constraint(
            id=id,
            kinds=kinds,
            stage=stage,
            provenance=Provenance(evidence, source),
            sentence=" ".join(sentence.split()),
            notes=" ".join(notes.split()),
            limits=limits or {},
            check=check,
            passes=passes,
            fails=fails,
            remedies=tuple(one.rendered({}) for one in remedies_of(remedy)),
            always=always,
            since=since,
            aliases=aliases,
        )

    return declare


def unsupported_kinds(
    id: str,
    kinds: Tuple[str, ...],
    sentence: str,
    evidence: Evidence,
    source: str,
    remedy: Remedies = None,
    fails: Examples = (),
    verdict: Verdict = Verdict.UNSUPPORTED,
    suggest: Optional[Callable[[OpContext], Remedies]] = None,
    since: str = FIRST_RELEASE,
) -> Constraint:
    """Returns the constraint of operator kinds that no engine of a family runs.

    `remedy` says what to use instead for every target, `suggest` for each operator and target.
    """

    def check(ctx: OpContext) -> Iterator[Violation]:
        own = suggest(ctx) if suggest is not None else None
        yield Violation(sentence, found=ctx.op.kind, verdict=verdict, remedy=own)

    check.__doc__ = sentence
    declare = constraint(
        id,
        kinds=kinds,
        evidence=evidence,
        source=source,
        passes=(),
        fails=fails,
        remedy=remedy,
        always=True,
        since=since,
    )
    return declare(check)


def figure_of(limit: LimitOf, target: Target) -> "Limit | int | str | None":
    """Returns a figure for the rule book; where it fails, as anyone's code may, what it says."""
    try:
        return limit(target)
    except GUARDED as error:
        return f"(no figure: {format_error(error)})"


def _filled(sentence: str, limits: Mapping[str, LimitOf], targets: Iterable[Target]) -> str:
    figures: Dict[str, Any] = {}
    for name, limit in limits.items():
        by_text: Dict[str, List[str]] = {}
        for target in targets:
            figure = figure_of(limit, target)
            if figure is not None:
                by_text.setdefault(str(figure), []).append(target.name)
        if not by_text:
            figures[name] = "none"
        elif len(by_text) == 1:
            figures[name] = next(iter(by_text))
        else:
            figures[name] = " or ".join(
                f"{text} ({', '.join(_short(names))})" for text, names in by_text.items()
            )
    return sentence.format(**figures)


def _short(names: Iterable[str]) -> Iterable[str]:
    """Drops the DPU's type and instruction set from target names: B4096, C32B3, ..."""
    seen: Dict[str, None] = {}
    for name in names:
        parts = name.split("_")
        seen["_".join(parts[2:]) or name] = None
    return seen
