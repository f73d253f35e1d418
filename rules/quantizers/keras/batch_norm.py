"""Consecutive batch normalisations after a convolution."""

from __future__ import annotations

from vai_inspect.core.ir import Graph
from vai_inspect.core.passes import drop_identities, fold_batch_norm


def fold_batch_norms(graph: Graph) -> Graph:
    """Folds batch normalisations into the preceding convolution, one after the other.

    The 3.5 inspector folds both of two consecutive ones. The behaviour of the PyTorch quantiser is
    not known.

    Requires: operators left in float are marked.
    Ensures: no batch normalisation remains that `fold_batch_norm` folds.
    """
    graph = drop_identities(graph)
    while True:
        folded = fold_batch_norm(graph)
        if folded is graph:
            return graph
        graph = folded
