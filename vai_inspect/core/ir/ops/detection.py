"""Operators of detection and stereo vision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import IN, define


@dataclass(frozen=True)
class PriorBoxAttrs(Attrs):
    """`priorbox`."""

    min_sizes: Tuple[float, ...]
    max_sizes: Tuple[float, ...] = ()
    aspect_ratio: Tuple[float, ...] = ()
    flip: bool = False
    clip: bool = False
    variance: Tuple[float, ...] = ()
    step: Tuple[float, ...] = ()
    offset: float = 0.5


@dataclass(frozen=True)
class CorrelationAttrs(Attrs):
    """`correlation1d_elemwise` and `correlation2d_elemwise`."""

    pad_size: int
    shape: Tuple[int, ...] = ()
    data_type: str = "FLOAT32"


@dataclass(frozen=True)
class CostVolumeAttrs(Attrs):
    """`cost_volume`."""

    maxdisp: int
    shape: Tuple[int, ...] = ()
    data_type: str = "FLOAT32"


DEFINITIONS = (
    define("priorbox", PriorBoxAttrs),
    define("correlation1d_elemwise", CorrelationAttrs, IN, macs=None),
    define("correlation2d_elemwise", CorrelationAttrs, IN, macs=None),
    define("cost_volume", CostVolumeAttrs, IN, macs=None),
)
