"""The sizes of DPUCZDX8G, and what both layouts of its fingerprints share (PG338)."""

from __future__ import annotations

from vai_inspect.rules.targets.builder import Parallel

TYPE_BYTE = 1

DEPTH = 2048
"""Addresses of every bank."""

SIZES = tuple(
    Parallel(pp, channels, channels)
    for pp, channels in (
        (4, 8),
        (4, 10),
        (8, 8),
        (4, 12),
        (8, 10),
        (8, 12),
        (8, 14),
        (8, 16),
        (4, 4),
        (2, 6),
        (2, 8),
        (2, 4),
    )
)
"""B512 B800 B1024 B1152 B1600 B2304 B3136 B4096, then B128 B144 B256 B64."""
