"""Numbers that a rewrite has in the rules, in the plan and where it is done alike."""

from __future__ import annotations

CHAINED = 5
"""Kernel of the pools that stand in place of a larger one, as in SPPF."""
SLOPE = 26 / 256
"""The one slope that the vendor's quantisers give a leaky ReLU."""


def divisor(size: int) -> int:
    """Returns the largest divisor of a size that is at most its square root."""
    return max(one for one in range(1, int(size**0.5) + 1) if size % one == 0)
