"""Placement from findings, convex subgraphs, and the crossings between them."""

from __future__ import annotations

from vai_inspect.core.partition.crossings import crossings
from vai_inspect.core.partition.placement import DeviceOf, Placement, place
from vai_inspect.core.partition.subgraphs import subgraphs

__all__ = ["DeviceOf", "Placement", "crossings", "place", "subgraphs"]
