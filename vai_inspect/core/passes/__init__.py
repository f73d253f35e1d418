"""Normalising passes: what every toolchain does to a float graph before a DPU sees it."""

from __future__ import annotations

from functools import partial
from typing import AbstractSet, Callable, Dict, Tuple

from vai_inspect.core.ir import Graph, verify
from vai_inspect.core.passes.batch_norm import FOLDS_BATCH_NORM, fold_batch_norm
from vai_inspect.core.passes.constants import constant_ops, fold_constants
from vai_inspect.core.passes.identities import drop_identities
from vai_inspect.core.passes.idle import LEAVE_OUT, idle, note_idle
from vai_inspect.core.passes.padding import fold_padding

Pass = Callable[[Graph], Graph]

PASSES: Tuple[Pass, ...] = (
    fold_constants,
    drop_identities,
    fold_batch_norm,
    fold_padding,
    note_idle,
)
"""The passes in the order they run."""


def normalise(graph: Graph, batch_norm_into: AbstractSet[str] = FOLDS_BATCH_NORM) -> Graph:
    """Returns the graph after every pass.

    Args:
        graph: what a frontend read.
        batch_norm_into: kinds that fold a batch norm after them.

    Raises:
        GraphError: a pass broke the graph, which is a defect of the pass.
    """
    options: Dict[Pass, Pass] = {fold_batch_norm: partial(fold_batch_norm, into=batch_norm_into)}
    for run in PASSES:
        graph = options.get(run, run)(graph)
    return verify(graph)


__all__ = [
    "LEAVE_OUT",
    "PASSES",
    "Pass",
    "constant_ops",
    "drop_identities",
    "fold_batch_norm",
    "fold_constants",
    "fold_padding",
    "idle",
    "normalise",
    "note_idle",
]
