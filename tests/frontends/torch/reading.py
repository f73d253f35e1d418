"""Helpers that the tests of the PyTorch frontend share."""

from __future__ import annotations

from typing import Any, List

from torch import nn

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.passes import normalise
from vai_inspect.frontends.torch import capture


class Calls(nn.Module):
    """A module whose forward is a function of it and its inputs; parts become submodules."""

    def __init__(self, forward: Any, **parts: Any) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self._function = forward

    def forward(self, x: Any) -> Any:
        return self._function(self, x)


def graph_of(model: Any, *shapes: Any) -> Graph:
    return capture(model, list(shapes)).graph


def normal_graph(model: Any, *shapes: Any) -> Graph:
    captured = capture(model, list(shapes))
    return normalise(captured.graph, captured.batch_norm_into)


def inner_ops(graph: Graph) -> List[Op]:
    """The operators but for inputs, constants and outputs."""
    return [op for op in graph if op.kind not in ("data", "const", "return")]


def kinds(graph: Graph) -> List[str]:
    return [op.kind for op in inner_ops(graph)]
