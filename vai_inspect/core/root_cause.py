"""What keeps operators off the DPU, and the effect of removing it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional, Tuple

from vai_inspect.core.codec import Plain, Renamed
from vai_inspect.core.findings import Effect, Remedy, Verdict, effect_of, suggestion_of

_FEW = 3
"""Operators that the repr of a root cause names."""


class Position(str, Enum):
    """Position of the operators of a root cause relative to the DPU part."""

    START = "start"
    """The DPU computes nothing before them, but something after them."""
    BETWEEN = "between"
    """The DPU computes something before them and something after them."""
    END = "end"
    """The DPU computes something before them and nothing after them: they split nothing."""
    APART = "apart"
    """The DPU computes nothing before them and nothing after them."""


@dataclass(frozen=True)
class Outcome(Plain):
    """The placement if reasons of some operators were removed, all else being equal.

    The operators are placed again for it, so that an operator which has another reason, or a
    neighbour that stays on the CPU, does not count as back.

    Attributes:
        returned: names of the operators that move to the DPU, in graph order.
        macs: their multiply-accumulate operations, as far as these are known.
        dpu_subgraphs: how many DPU subgraphs there would be; None where it was not counted, as in
            a network of thousands of operators with hundreds of root causes. So the next three.
        cpu_subgraphs: how many CPU subgraphs.
        crossings: how many tensors would pass between the DPU and the CPU.
        crossing_bytes: their size for the shapes inspected, one byte an element.
        dpu_ms: DPU time of a frame that there would be, of one core of the board that the
            inspection's estimate is of; None where it was not estimated.
    """

    returned: Tuple[str, ...]
    macs: int
    dpu_subgraphs: Optional[int]
    cpu_subgraphs: Optional[int]
    crossings: Optional[int]
    crossing_bytes: Optional[int]
    dpu_ms: Optional[float] = None


@dataclass(frozen=True)
class RootCause(Renamed):
    """One reason, or set of reasons, of operators themselves, regardless of their neighbours.

    Attributes:
        type: XIR type of the operators.
        constraints: ids of the constraints that object.
        message: that of the first operator and its first reason.
        verdict: `UNSUPPORTED`, or `UNKNOWN` where no source decides.
        position: their position relative to the DPU part.
        ops: names of the operators, in graph order.
        alone: the outcome if these operators alone were fixed.
        cumulative: the outcome if this root cause and those before it were fixed; None if there
            are too many of them to count.
        each: the outcome if one of the operators alone were fixed, for each of `ops`.
        at_boundary: whether the operators are at the start or the end of the network and can run
            on the host at no DPU cost: neither they nor the operators beyond them multiply and
            accumulate.
        remedies: what to change for the first operator, for each of its reasons with a remedy;
            of the remedies of one reason, one is enough.
    """

    MEMBERS = (
        "type",
        "constraints",
        "message",
        "suggestion",
        "effect",
        "remedies",
        "verdict",
        "position",
        "at_boundary",
        "ops",
        "alone",
        "cumulative",
        "each",
    )
    FORMER = {"cuts_nothing": "at_boundary", "in_turn": "cumulative"}

    type: str
    constraints: Tuple[str, ...]
    message: str
    verdict: Verdict
    position: Position
    ops: Tuple[str, ...]
    alone: Outcome
    cumulative: Optional[Outcome]
    each: Tuple[Outcome, ...]
    at_boundary: bool = False
    remedies: Tuple[Tuple[Remedy, ...], ...] = ()

    @property
    def suggestion(self) -> Optional[str]:
        """The remedies as one text, or None."""
        texts = filter(None, map(suggestion_of, self.remedies))
        return "; ".join(dict.fromkeys(texts)) or None

    @property
    def effect(self) -> Optional[Effect]:
        """The effect of the suggestion on the function."""
        return effect_of(remedy for one in self.remedies for remedy in one)

    def __repr__(self) -> str:
        names = ", ".join(self.ops[:_FEW]) + (", ..." if self.ops[_FEW:] else "")
        back = len(self.alone.returned)
        effect = "no DPU cost" if self.at_boundary else f"{back:,} to the DPU if fixed alone"
        text = f"{len(self.ops):,} {self.type} ({names}): {self.message}; {effect}"
        return f"<RootCause {self.constraints[0] if self.constraints else ''}: {text}>"
