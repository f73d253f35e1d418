"""Declares facts about a quantiser as rules.

One function is one fact. Its docstring is the sentence in the documentation, `effects` says what
happens in each release, and the examples show forms that are accepted unchanged and forms that are
not, like the examples of constraints. What a function may return is in hits.py.

    @obstacle(
        "torch.activations.hardswish",
        effects={"2.5": fails("quantise", "it stops with a NameError", "NameError")},
        remedy="use release 3.0 or later, or x * nn.Hardsigmoid()(x)",
        source=EXECUTED,
        passes=(example("nn.Hardsigmoid", ...),),
        fails=(example("nn.Hardswish", ...),),
    )
    @each(calls("Hardswish", "hardswish"))
    def hardswish(scene, op):
        \"\"\"Hardswish, which release 2.5 does not support.\"\"\"
        return f"{described(op)} is not supported"
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Remedy
from vai_inspect.rules.quantizers.effects import Effect
from vai_inspect.rules.quantizers.hits import Check, Each
from vai_inspect.rules.quantizers.sketch import Sketched

EXECUTED = "the vendor's open quantiser of each release named, executed on small models"
CONVERTED = (
    "the vendor's open quantiser and the published converter of its file (3.5), executed on small "
    "models"
)


@dataclass(frozen=True)
class ObstacleRule:
    """A fact about a quantiser.

    Attributes:
        id: flow, group and name: `torch.splits.chunk`.
        sentence: the docstring's first paragraph.
        notes: the rest of the docstring.
        effects: the effect in each release; a release without an entry has none.
        remedy: what to do instead.
        source: the evidence.
        check: yields the places where the rule applies.
        passes: models to which it does not apply.
        fails: models to which it applies.
        from_conversion: whether it follows from a conversion that `convert=False` disables.
        decides: whether operators left in float by this rule are on the CPU for that reason;
            false if a DPU rule reports them with more detail.
        explains_float: whether it reports that an operator is left in float, so that a rewrite
            that has the operator quantised removes it; true where `decides` is.
    """

    id: str
    sentence: str
    notes: str
    effects: Mapping[str, Effect]
    remedy: Optional[Remedy]
    source: str
    check: Check
    passes: Tuple[Sketched, ...]
    fails: Tuple[Sketched, ...]
    from_conversion: bool = False
    decides: bool = False
    explains_float: bool = False


def obstacle(
    id: str,
    *,
    effects: Mapping[str, Effect],
    source: str,
    fails: Tuple[Sketched, ...],
    passes: Tuple[Sketched, ...] = (),
    remedy: Union[str, Remedy, None] = None,
    from_conversion: bool = False,
    decides: bool = False,
    explains_float: bool = False,
) -> Callable[[Check], ObstacleRule]:
    """Returns a decorator that turns a check function into a rule; see `ObstacleRule`."""

    def declare(check: Check) -> ObstacleRule:
        sentence, notes = _documented(check)
        return ObstacleRule(
            id=id,
            sentence=sentence,
            notes=notes,
            effects=effects,
            remedy=Remedy(remedy) if isinstance(remedy, str) else remedy,
            source=source,
            check=check,
            passes=passes,
            fails=fails,
            from_conversion=from_conversion,
            decides=decides,
            explains_float=decides or explains_float,
        )

    return declare


@dataclass(frozen=True)
class ConversionRule:
    """A default replacement by a quantiser.

    Attributes:
        id: see `ObstacleRule`.
        sentence: the replacement, by release if they differ.
        releases: releases that apply it.
        source: the evidence.
        check: yields the places where it applies; the text of a hit is the replacement.
        passes: models to which it does not apply.
        fails: models to which it applies.
        optional: whether `convert=False` disables it.
    """

    id: str
    sentence: str
    releases: Tuple[str, ...]
    source: str
    check: Check
    passes: Tuple[Sketched, ...]
    fails: Tuple[Sketched, ...]
    optional: bool = True


def conversion(
    id: str,
    *,
    source: str,
    applies: Tuple[Sketched, ...],
    leaves: Tuple[Sketched, ...] = (),
    releases: Tuple[str, ...] = ("2.5", "3.0", "3.5"),
    optional: bool = True,
) -> Callable[[Check], ConversionRule]:
    """Returns a decorator that turns a check function into a conversion; see `ConversionRule`."""

    def declare(check: Check) -> ConversionRule:
        sentence, _ = _documented(check)
        return ConversionRule(id, sentence, releases, source, check, leaves, applies, optional)

    return declare


def _documented(check: Check) -> Tuple[str, str]:
    documented = check.check if isinstance(check, Each) else check
    sentence, _, notes = inspect.cleandoc(documented.__doc__ or "").partition("\n\n")
    return " ".join(sentence.split()), " ".join(notes.split())
