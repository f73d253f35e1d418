"""How a fact about a quantiser is declared, and what it yields.

One function is one fact. Its docstring is the sentence of the documentation; what happens in each
release stands in `effects`; the examples show forms that are taken as they are and forms that are
not, as constraints have them.

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
    """What becomes of a construct in a release.

    Attributes:
        outcome: how bad it is.
        stage: where it happens.
        text: what happens, as the end of a sentence.
        code: see `Obstacle`.
    """

    outcome: Outcome
    stage: FlowStage
    text: str
    code: Optional[str] = None


def fails(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that there is no file."""
    return Effect(Outcome.FAILS, FlowStage(stage), text, code)


def changes(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that the file computes another function, without an error."""
    return Effect(Outcome.CHANGES, FlowStage(stage), text, code)


def left_in_float(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that the operator is not quantised."""
    return Effect(Outcome.FLOAT, FlowStage(stage), text, code)


def warns(stage: str, text: str, code: Optional[str] = None) -> Effect:
    """Returns the effect that a message is printed, and the file is right."""
    return Effect(Outcome.WARNS, FlowStage(stage), text, code)


@dataclass(frozen=True)
class Hit:
    """A place in a model where a rule applies.

    Attributes:
        ops: names of the operators.
        found: what was found there, as the beginning of a sentence.
        remedy: what to do instead, where it is more exact than the rule's.
        effects: what happens, where it is other than the rule's.
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
        effects: what happens, by release; nothing of note in a release that is not there.
        remedy: what to do instead.
        source: how it is known.
        check: yields where it applies.
        passes: models that it does not apply to.
        fails: models that it applies to.
        from_conversion: whether it follows from a conversion that `convert=False` leaves out.
        decides: whether operators that fall to float by it run on the CPU for that reason; where
            a rule of the DPUs says more about them, it does not.
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
    """Returns a decorator that makes a rule of a check function; see `ObstacleRule`."""

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
    """What a quantiser puts in the place of something by default.

    Attributes:
        id: as of `ObstacleRule`.
        sentence: what becomes what, by release where they differ.
        releases: those that convert it.
        source: how it is known.
        check: yields where it applies; a hit's text says what becomes what.
        passes: models that it does not apply to.
        fails: models that it applies to.
        optional: whether `convert=False` leaves it out.
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
    """Returns a decorator that makes a conversion of a check function; see `ConversionRule`."""

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
