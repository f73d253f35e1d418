"""The findings of rules about an operator: verdict, evidence and remedy."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, Hashable, Iterable, Mapping, Optional, Sequence, Tuple, Union

from vai_inspect.core.codec import Plain, encode
from vai_inspect.core.message import (
    Argument,
    Arguments,
    distinguishing,
    filled,
    render,
    without_names,
)

Figure = Union[int, float, str, Tuple[int, ...]]


class Device(str, Enum):
    """Where an operator runs. `USER` is for the graph's inputs and outputs."""

    DPU = "dpu"
    CPU = "cpu"
    USER = "user"


class Verdict(str, Enum):
    """The verdict of the sources on an operator and a target."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class Evidence(str, Enum):
    """The evidence of a rule, the strongest first. If sources disagree, this order decides."""

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


class Effect(str, Enum):
    """The effect of a change on the function that the network computes."""

    EXACT = "exact"
    """The same function in float, up to rounding."""
    APPROXIMATE = "approximate"
    """Another function: the network must be trained again, or at least evaluated."""

    @property
    def advice(self) -> str:
        """What reports say of it."""
        return "exact" if self is Effect.EXACT else "approximate: retrain"


@dataclass(frozen=True)
class Remedy(Plain):
    """What to change so that a finding goes away.

    Attributes:
        template: what to do, as an imperative, with placeholders; see `core.message`.
        effect: what it does to the function; None where that is open, or where nothing of the
            network is changed, such as with a step on the host.
        rewrite: id of the mechanical rewrite that does it, or None.
        arguments: the values of the placeholders.
        text: the template rendered; empty before that.
    """

    MEMBERS = ("text", "template", "arguments", "effect", "rewrite")

    template: str
    effect: Optional[Effect] = None
    rewrite: Optional[str] = None
    arguments: Arguments = ()
    text: str = ""

    def rendered(self, figures: Mapping[str, Optional[Figure]]) -> Remedy:
        """Returns the remedy with its text.

        Args:
            figures: what the template may name beside its own arguments, by name.
        """
        known = filled(self.template, dict(self.arguments), figures)
        return dataclasses.replace(
            self, arguments=tuple(known.items()), text=render(self.template, known)
        )

    def to_dict(self) -> Dict[str, Any]:
        """Returns the remedy as the JSON report holds it, its arguments by name."""
        return dict(super().to_dict(), arguments=encode(dict(self.arguments)))


def suggestion_of(remedies: Sequence[Remedy]) -> Optional[str]:
    """Returns remedies of which one is enough as one text, or None."""
    return ", or ".join(remedy.text for remedy in remedies) or None


def effect_of(remedies: Iterable[Remedy]) -> Optional[Effect]:
    """Returns the effect of remedies: approximate if any is, exact if all are, else None."""
    effects = {remedy.effect for remedy in remedies}
    if Effect.APPROXIMATE in effects:
        return Effect.APPROXIMATE
    return Effect.EXACT if effects == {Effect.EXACT} else None


def exact(template: str, rewrite: Optional[str] = None, **arguments: Argument) -> Remedy:
    """Returns a remedy after which the network computes the same function, up to rounding.

    Args:
        template: what to do; it may name the violation's `found`, `limit` and `nearest`.
        rewrite: id of the mechanical rewrite that does it.
        **arguments: the values of its other placeholders.
    """
    return Remedy(template, Effect.EXACT, rewrite, tuple(arguments.items()))


def approximate(template: str, rewrite: Optional[str] = None, **arguments: Argument) -> Remedy:
    """Returns a remedy that changes the function, so that the network must be trained again.

    Args:
        template: see `exact`.
        rewrite: see `exact`.
        **arguments: see `exact`.
    """
    return Remedy(template, Effect.APPROXIMATE, rewrite, tuple(arguments.items()))


@dataclass(frozen=True)
class Finding(Plain):
    """One reason why an operator does not, or may not, run on the DPU.

    Attributes:
        constraint: id of the constraint, e.g. `czdx8g.conv.kernel`.
        message: the sentence that the user reads; complete without the other fields.
        evidence: the evidence of the constraint.
        verdict: `UNSUPPORTED`, or `UNKNOWN` where no source decides.
        found: the figure that was found, or None.
        limit: the limit as text (`1-16`), or None.
        nearest: the nearest figure that would pass, or None.
        remedies: what to change, one of them; empty where no remedy is known.
        source: where the rule is written down.
        follows: name of the operator whose placement causes this finding; None for a root cause.
        template: the message with placeholders, see `core.message`; empty where there is none.
        arguments: the values of the placeholders.
    """

    MEMBERS = (
        "constraint",
        "message",
        "template",
        "arguments",
        "found",
        "limit",
        "nearest",
        "suggestion",
        "effect",
        "remedies",
        "evidence",
        "source",
        "verdict",
        "follows",
    )

    constraint: str
    message: str
    evidence: Evidence
    verdict: Verdict = Verdict.UNSUPPORTED
    found: Optional[Figure] = None
    limit: Optional[str] = None
    nearest: Optional[Figure] = None
    remedies: Tuple[Remedy, ...] = ()
    source: str = ""
    follows: Optional[str] = None
    template: str = ""
    arguments: Arguments = ()

    @property
    def suggestion(self) -> Optional[str]:
        """The remedies as one text, or None."""
        return suggestion_of(self.remedies)

    @property
    def effect(self) -> Optional[Effect]:
        """The effect of the suggestion on the function, for any of the remedies."""
        return effect_of(self.remedies)

    @property
    def cause(self) -> Hashable:
        """What findings of one cause have in common: the rule, arguments that matter, remedies."""
        if not self.template:
            return (self.constraint, self.message)
        return (
            self.constraint,
            *distinguishing(self.template, dict(self.arguments)),
            *((remedy.template, remedy.effect) for remedy in self.remedies),
        )

    @property
    def wording(self) -> Hashable:
        """What findings have in common that differ in nothing but the operators that they name."""
        return (
            self.constraint,
            self.verdict,
            self.follows is None,
            without_names(self.template or self.message, dict(self.arguments)),
            *(without_names(one.template, dict(one.arguments)) for one in self.remedies),
        )

    def to_dict(self) -> Dict[str, Any]:
        """Returns the finding as the JSON report holds it, its arguments by name."""
        return dict(super().to_dict(), arguments=encode(dict(self.arguments)))


def what_to_change(remedies: Sequence[Remedy]) -> Optional[str]:
    """Returns remedies as one text that says what each does to the function, or None.

    An effect that all have in common is said once, at the end.
    """
    effects = dict.fromkeys(remedy.effect for remedy in remedies)
    each = ["" if one.effect is None else f" ({one.effect.advice})" for one in remedies]
    if len(effects) == 1:
        each = [""] * (len(each) - 1) + each[-1:]
    texts = [(one.text or one.template) + effect for one, effect in zip(remedies, each)]
    return ", or ".join(texts) or None


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Returns the verdict that findings amount to: one that refuses outweighs one that doubts."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.UNSUPPORTED in verdicts:
        return Verdict.UNSUPPORTED
    return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.SUPPORTED


def _plain(value: Optional[Argument]) -> Any:
    return list(value) if isinstance(value, tuple) else value
