"""Rewrites: what the compiler makes of an operator before it places it.

The report shows the operator as the user wrote it; the constraints are asked about what it
becomes; a message on the operator says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Tuple

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.target import Target


@dataclass(frozen=True)
class Rewrite:
    """One rewrite.

    Attributes:
        id: group and name, `rewrite.batchnorm`.
        kinds: operator kinds that it may change.
        sentence: what becomes what, for the rule book and, as the message, for the user.
        evidence: its evidence.
        source: its source.
        apply: returns what the compiler makes of the operator, or None where it leaves it alone.
        input: returns the type of its first input as the compiler lays it out; None where that
            stays as in the graph.
    """

    id: str
    kinds: Tuple[str, ...]
    sentence: str
    evidence: Evidence
    source: str
    apply: Callable[[Op, Graph, Target], Optional[Op]]
    input: Optional[Callable[[Op, Graph], TensorType]] = None
