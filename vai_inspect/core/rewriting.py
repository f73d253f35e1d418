"""Numbers that rewrites have in common, on the IR and on live models of any framework."""

from __future__ import annotations

SLOPE = 26 / 256
"""The one slope of a leaky ReLU that the DPU computes."""
CHAINED = 5
"""Kernel of the max pools that stand in place of a larger one, as in SPPF."""


def factor(size: int) -> int:
    """Returns the largest divisor that is at most the square root: two windows are alike.

    Args:
        size: length of a window that is to be the product of two.
    """
    return max(one for one in range(1, int(size**0.5) + 1) if size % one == 0)
