"""Placement from findings, convex subgraphs, the crossings between them, and root causes."""

from __future__ import annotations

from vai_inspect.core.partition.partition import Partition, partitioned
from vai_inspect.core.partition.placement import (
    ContextRules,
    DeviceOf,
    Placement,
    explained,
    place,
    settled,
)
from vai_inspect.core.partition.root_causes import root_causes
from vai_inspect.core.partition.subgraphs import subgraphs
from vai_inspect.core.partition.transfers import transfers

__all__ = [
    "ContextRules",
    "DeviceOf",
    "Partition",
    "Placement",
    "transfers",
    "explained",
    "partitioned",
    "place",
    "root_causes",
    "settled",
    "subgraphs",
]
