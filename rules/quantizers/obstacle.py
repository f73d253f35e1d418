"""Declares facts about a quantiser as rules.

One function is one fact. Its docstring is the sentence in the documentation, `effects` says what
happens in each release, and the examples show forms that are accepted unchanged and forms that are
not, like the examples of constraints.

    @obstacle(
        "torch.splits.chunk",
        effects={
            "2.5": changes("export", "one operator with one result is written"),
            "3.0": fails("export", "no file is written, and no exception raised", "CONVERT_XMODEL"),
        },
        remedy="write slices, x[:, :k] and x[:, k:]",
        source=EXECUTED,
        passes=(example("one part is used", ...),),
        fails=(example("both parts are used", ...),),
    )
    def chunk(scene):
        \"\"\"Several parts of a `chunk` are used.\"\"\"
        ...
        yield Hit(names, "both parts of chunk are used")
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Callable, Iterable, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Remedy
from vai_inspect.core.quantizer import FlowStage, Outcome
from vai_inspect.rules.quantizers.scene import Scene
from vai_inspect.rules.quantizers.sketch import Sketched

EXECUTED = "the vendor's open quantiser of each release named, executed on small models"
CONVERTED = (
    "the vendor's open quantiser and the published converter of its file (3.5), executed on small "
    "models"
)


@dataclass(frozen=True)
class Effect:
    """The effect of a construct in a release.

    Attributes:
        outcome: the severity.
        stage: the stage of the flow.
        text: what happens, as the end of a sentence.
        code: see `Obstacle`.
    """

    outcome: Outcome
    stage: FlowStage
    text: str
    code: Optional[str] = None


def fails(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that no file is written."""
    return Effect(Outcome.FAILS, FlowStage(stage), text, code)


def changes(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that the file computes another function, without an error."""
    return Effect(Outcome.CHANGES, FlowStage(stage), text, code)


def left_in_float(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that the operator is not quantised."""
    return Effect(Outcome.FLOAT, FlowStage(stage), text, code)


def warns(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that a message is printed and the file is correct."""
    return Effect(Outcome.WARNS, FlowStage(stage), text, code)


@dataclass(frozen=True)
class Hit:
    """A place in a model where a rule applies.

    Attributes:
        ops: names of the operators.
        found: what was found, as the beginning of a sentence.
        remedy: a remedy that overrides the rule's, or None.
        effects: effects that override the rule's, or None.
    """

    ops: Tuple[str, ...]
    found: str
    remedy: Optional[Remedy] = None
    effects: Optional[Mapping[str, Effect]] = None


Check = Callable[[Scene], Iterable[Hit]]


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
    sentence, _, notes = inspect.cleandoc(check.__doc__ or "").partition("\n\n")
    return " ".join(sentence.split()), " ".join(notes.split())


def in_all(effect: Effect) -> Mapping[str, Effect]:
    """Returns one effect for every release."""
    return {"2.5": effect, "3.0": effect, "3.5": effect}


def since_3(effect: Effect, before: Optional[Effect] = None) -> Mapping[str, Effect]:
    """Returns an effect for 3.0 and 3.5, and another, if any, for 2.5."""
    found = {"3.0": effect, "3.5": effect}
    return found if before is None else {"2.5": before, **found}
