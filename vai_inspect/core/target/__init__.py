"""A DPU target as data."""

from __future__ import annotations

from vai_inspect.core.target.engines import (
    AluEngine,
    Bank,
    ConvEngine,
    DepthwiseEngine,
    EltwiseEngine,
    Figures,
    LoadEngine,
    PadLimit,
    PoolEngine,
    SaveEngine,
    WindowLimit,
)
from vai_inspect.core.target.limit import Limit
from vai_inspect.core.target.target import NOT_KNOWN, BoardUse, Target

__all__ = [
    "NOT_KNOWN",
    "AluEngine",
    "Bank",
    "BoardUse",
    "ConvEngine",
    "DepthwiseEngine",
    "EltwiseEngine",
    "Figures",
    "Limit",
    "LoadEngine",
    "PadLimit",
    "PoolEngine",
    "SaveEngine",
    "Target",
    "WindowLimit",
]
