"""Helpers that the tests of the ONNX frontend share."""

from __future__ import annotations

from typing import Any, List

from vai_inspect.core.ir import Graph, Op
from vai_inspect.frontends.onnx import capture


def graph_of(model: Any, shapes: Any = None) -> Graph:
    return capture(model, shapes).graph


def inner_ops(graph: Graph) -> List[Op]:
    """The operators but for inputs, constants and outputs."""
    return [op for op in graph if op.kind not in ("data", "const", "return")]


def kinds(graph: Graph) -> List[str]:
    return [op.attributes().get("framework_type") or op.kind for op in inner_ops(graph)]
