"""What is said of any operator, whatever the family: it is unknown, or left in float."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.rules.engine.constraint import constraint
from vai_inspect.rules.engine.context import Problem, Site


@constraint(
    "op.unknown",
    kinds=(),
    evidence=Evidence.INFERRED,
    source="no source speaks of it",
    passes=(),
    fails=(),
    cure="replace it by operators that the rule book names, or keep it at an end of the network",
)
def unknown(site: Site) -> Iterator[Problem]:
    """The operator is one that XIR names and of which some source says whether the DPU runs it.

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
def left_in_float(site: Site) -> Iterator[Problem]:
    """The vendor's quantiser of the framework quantises it; the DPU computes with int8 only."""
    return iter(())


@constraint(
    "op.const",
    kinds=(),
    evidence=Evidence.INSPECTOR,
    source="2.5 inspector: 'All the children nodes are assigned to CPU.'",
    passes=(),
    fails=(),
    cure="bring the operator that reads it to the DPU",
)
def constant(site: Site) -> Iterator[Problem]:
    """A constant lies where it is read: on the DPU if some operator there reads it."""
    return iter(())


CONSTRAINTS = (unknown, left_in_float, constant)
"""Asked by the judge itself, of every operator; they have no kinds of their own."""
