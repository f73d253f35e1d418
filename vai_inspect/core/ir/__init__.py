"""The typed op IR: XIR's vocabulary, NHWC shapes, origins."""

from __future__ import annotations

from vai_inspect.core.ir.graph import Graph
from vai_inspect.core.ir.op import CallForm, Frame, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir.ops import (
    ACTIVATIONS,
    CONVOLUTIONS_2D,
    CONVOLUTIONS_3D,
    OPS,
    SOURCES,
    OpDefinition,
    Trait,
)
from vai_inspect.core.ir.verify import verify

__all__ = [
    "ACTIVATIONS",
    "CONVOLUTIONS_2D",
    "CONVOLUTIONS_3D",
    "CallForm",
    "Frame",
    "Graph",
    "OPS",
    "Op",
    "OpDefinition",
    "Origin",
    "Param",
    "SOURCES",
    "TensorType",
    "Trait",
    "Value",
    "verify",
]
