"""Notes: what the user should know of an operator, though it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Tuple

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.target import Target


@dataclass(frozen=True)
class Note:
    """One note.

    Attributes:
        id: group and name, `batch.larger`.
        kinds: kinds of the operators that it may be made on, as the graph holds them.
        sentence: what it says, for the rule book.
        evidence: its evidence.
        source: its source.
        says: returns the message for one operator, or None.
    """

    id: str
    kinds: Tuple[str, ...]
    sentence: str
    evidence: Evidence
    source: str
    says: Callable[[Op, Graph, Target], Optional[str]]
