"""What applies to any operator, whatever the family: it is unknown, in float, or a constant."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.rules.engine.constraint import constraint
from vai_inspect.rules.engine.context import OpContext
from vai_inspect.rules.engine.violation import Violation


@constraint(
    "op.unknown",
    kinds=(),
    evidence=Evidence.INFERRED,
    source="no source mentions it",
    passes=(),
    fails=(),
    remedy="replace it by operators that the rule book names, or keep it at an end of the network",
)
def unknown(ctx: OpContext) -> Iterator[Violation]:
    """The operator has an XIR type, and some source says whether the DPU runs it.

    Otherwise it is placed on the CPU with the verdict unknown.
    """
    return iter(())


@constraint(
    "op.float",
    kinds=(),
    evidence=Evidence.INSPECTOR,
    source="the vendor's quantisers of 2.5 to 3.5, executed, and their lists of layers",
    passes=(),
    fails=(),
)
def left_in_float(ctx: OpContext) -> Iterator[Violation]:
    """The vendor's quantiser of the framework quantises it; the DPU computes with int8 only."""
    return iter(())


@constraint(
    "op.const",
    kinds=(),
    evidence=Evidence.INSPECTOR,
    source="2.5 inspector: 'All the children nodes are assigned to CPU.'",
    passes=(),
    fails=(),
    remedy="bring the operator that reads it to the DPU",
)
def constant(ctx: OpContext) -> Iterator[Violation]:
    """A constant is placed with its consumer: on the DPU if some operator there reads it."""
    return iter(())


CONSTRAINTS = (unknown, left_in_float, constant)
"""Asked by `evaluate` itself, of every operator; they have no kinds of their own."""
