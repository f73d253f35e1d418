"""Graphs of the IR inspected without a framework, for tests of verdicts."""

from __future__ import annotations

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.example import with_batch
from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.targets.lookup import lookup


def inspected(graph, target, convert=False):
    """The inspection of a graph of batch 1, with the batch that the target's family asks for."""
    found = lookup(target) if isinstance(target, str) else target
    graph = with_batch(graph, registry.family(found.family).batch)
    captured = Captured(graph, ModelInfo("graph", "torch", "", "fx"))
    return inspect_graph(quantized(captured, convert), found)
