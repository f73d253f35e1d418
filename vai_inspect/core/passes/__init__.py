"""Normalising passes: what every toolchain does to a float graph before a DPU sees it."""

from __future__ import annotations

from typing import Callable, Tuple

from vai_inspect.core.ir import Graph, verify
from vai_inspect.core.passes.batch_norm import fold_batch_norm
from vai_inspect.core.passes.identities import drop_identities
from vai_inspect.core.passes.padding import fold_padding

Pass = Callable[[Graph], Graph]

PASSES: Tuple[Pass, ...] = (drop_identities, fold_batch_norm, fold_padding)
"""The passes in the order they run."""


def normalise(graph: Graph) -> Graph:
    """Returns the graph after every pass.

    Raises:
        GraphError: a pass broke the graph, which is a defect of the pass.
    """
    for run in PASSES:
        graph = run(graph)
    return verify(graph)


__all__ = ["PASSES", "Pass", "drop_identities", "fold_batch_norm", "fold_padding", "normalise"]
