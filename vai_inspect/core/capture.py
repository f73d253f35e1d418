"""What a frontend hands over."""

from __future__ import annotations

from dataclasses import dataclass

from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph


@dataclass(frozen=True)
class Captured:
    """A model read into the IR, before any pass.

    Attributes:
        graph: the operators as the framework has them, in XIR's words and NHWC shapes.
        model: what the report says of the model.
    """

    graph: Graph
    model: ModelInfo
