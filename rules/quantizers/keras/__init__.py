"""Model of the vendor's Keras quantiser.

Passes on the captured graph, one per file. Each adds a message to the operator. Source of all: the
TF2 quantiser of releases 2.5 and 3.5 (README, vitis_activation.py, vitis_pooling.py; UG1414,
options convert_* of quantize_model).
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Iterator, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.ir import Graph, verify
from vai_inspect.rules.quantizers.keras.activations import note_own_functions
from vai_inspect.rules.quantizers.keras.average_pool import scale_averages
from vai_inspect.rules.quantizers.keras.batch_norm import fold_batch_norms
from vai_inspect.rules.quantizers.keras.hard_activations import HARD, harden
from vai_inspect.rules.quantizers.keras.hard_sigmoid_pattern import join_written_out
from vai_inspect.rules.quantizers.keras.hard_swish import join_products
from vai_inspect.rules.quantizers.keras.leaky_relu import settle_slopes
from vai_inspect.rules.quantizers.keras.left_in_float import leave_in_float
from vai_inspect.rules.quantizers.keras.separable import note_dropped_activations
from vai_inspect.rules.quantizers.keras.shared_layers import note_shared, shared_layers

Pass = Callable[[Graph], Graph]

MARKS: Tuple[Pass, ...] = (
    leave_in_float,
    note_own_functions,
    note_dropped_activations,
    note_shared,
)
"""Passes over the model as written; they run with `convert=False` too."""

CONVERSIONS: Tuple[Pass, ...] = (
    join_written_out,
    harden,
    join_products,
    settle_slopes,
    scale_averages,
)
"""The conversions in order: `join_products` needs the hard-sigmoids of the passes before it."""


def quantized(captured: Captured, convert: bool) -> Captured:
    """Returns a captured model after the vendor's Keras quantiser.

    Args:
        captured: the result of the frontend.
        convert: whether to replace operators by those of the DPU; operators left in float are
            marked in any case.

    Raises:
        GraphError: a pass built an invalid graph (a defect of the pass).
    """
    graph = captured.graph
    for mark in MARKS:
        graph = mark(graph)
    warnings = [*captured.warnings, *shared_layers(graph)]
    if convert:
        warnings += _replaced(graph)
        for run in CONVERSIONS:
            graph = run(graph)
    graph = fold_batch_norms(graph)
    return dataclasses.replace(captured, graph=verify(graph), warnings=tuple(warnings))


def _replaced(graph: Graph) -> Iterator[str]:
    """Yields one warning if operators become other functions."""
    replaced = [
        "{} by {} ({})".format(
            kind, HARD[kind], "1 operator" if number == 1 else f"{number} operators"
        )
        for kind in HARD
        for number in [sum(op.kind == kind and op.float_only is None for op in graph)]
        if number
    ]
    if replaced:
        yield (
            "the vendor's Keras quantiser replaces {}: the results differ, so check the "
            "accuracy. convert=False (--no-convert) inspects the model as written".format(
                " and ".join(replaced)
            )
        )


__all__ = ["CONVERSIONS", "MARKS", "Pass", "quantized"]
