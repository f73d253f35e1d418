"""What vai_q_pytorch makes of a float module (releases 2.5, 3.0 and 3.5, default options)."""

from __future__ import annotations

import dataclasses
from typing import Callable, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.ir import Graph, verify
from vai_inspect.rules.quantizers.torch.activations import convert_activations
from vai_inspect.rules.quantizers.torch.computed import note_computed
from vai_inspect.rules.quantizers.torch.floats import mark_float
from vai_inspect.rules.quantizers.torch.splits import mark_several_results, note_splits

Pass = Callable[[Graph], Graph]

MARKS: Tuple[Pass, ...] = (mark_float, mark_several_results, note_splits, note_computed)
"""Passes that judge the module as written; they run with `convert=False` too."""


def quantized(captured: Captured, convert: bool) -> Captured:
    """Returns a captured module as vai_q_pytorch hands it to the compiler.

    Args:
        captured: what the frontend read.
        convert: whether activations are replaced by those of the DPU.
    """
    graph = captured.graph
    for run in (*MARKS, convert_activations) if convert else MARKS:
        graph = run(graph)
    return dataclasses.replace(captured, graph=verify(graph))


__all__ = ["MARKS", "Pass", "convert_activations", "quantized"]
