"""A graph before the layout pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet

from vai_inspect.core.ir import Graph


@dataclass(frozen=True)
class Assembled:
    """A graph in the framework's own order of axes.

    Attributes:
        graph: the operators.
        transparent: names of unknown operators to which the order of axes means nothing.
        silent: names of operators that may be left out without a message where nothing reads
            them.
    """

    graph: Graph
    transparent: FrozenSet[str]
    silent: FrozenSet[str] = frozenset()
