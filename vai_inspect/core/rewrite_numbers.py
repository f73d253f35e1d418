"""Numbers that rewrites have in common, on the IR and on live models of any framework."""

from __future__ import annotations

CHAINED = 5
"""Kernel of the pools that stand in place of a larger one, as in SPPF."""
SLOPE = 26 / 256
"""The only slope of leaky ReLU on the DPU, which the quantisers of the vendor give it."""


def divisor(size: int) -> int:
    """Returns the largest divisor of a size that is at most its square root."""
    return max(one for one in range(1, int(size**0.5) + 1) if size % one == 0)
