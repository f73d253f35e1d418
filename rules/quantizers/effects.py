"""The effects of constructs in the releases of a quantiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from vai_inspect.core.quantizer import FlowStage, Outcome


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


def in_all(effect: Effect) -> Mapping[str, Effect]:
    """Returns one effect for every release."""
    return {"2.5": effect, "3.0": effect, "3.5": effect}


def since_3(effect: Effect, before: Optional[Effect] = None) -> Mapping[str, Effect]:
    """Returns an effect for 3.0 and 3.5, and another, if any, for 2.5."""
    found = {"3.0": effect, "3.5": effect}
    return found if before is None else {"2.5": before, **found}
