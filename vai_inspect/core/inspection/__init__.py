"""The one immutable result: its parts, its totals, its JSON and the JSON read back."""

from __future__ import annotations

from vai_inspect.core.inspection.data import SCHEMA_VERSION, TOOL_NAME
from vai_inspect.core.inspection.inspection import Inspection
from vai_inspect.core.inspection.parts import (
    Crossing,
    CutPoints,
    InspectedOp,
    ModelInfo,
    Subgraph,
    Summary,
    summary_dict,
)

__all__ = [
    "SCHEMA_VERSION",
    "TOOL_NAME",
    "Crossing",
    "CutPoints",
    "InspectedOp",
    "Inspection",
    "ModelInfo",
    "Subgraph",
    "Summary",
    "summary_dict",
]
