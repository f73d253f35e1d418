"""What to change, where several constraints say the same."""

from __future__ import annotations

from vai_inspect.rules.engine.host import AT_AN_END
from vai_inspect.rules.plugin import Remedy, approximate, exact

CHAIN_OF_KERNELS = approximate(
    "replace a large kernel by a chain of smaller ones with the same receptive field",
    "kernel-in-range",
)
SMALLER_WINDOW = approximate("use a smaller kernel or fewer input channels")
PAD_LESS = (
    approximate("pad less"),
    exact("pad in an operator of its own before the convolution"),
)
TWO_DIMENSIONAL = exact(
    "write the network with 2-D layers on maps of height 1, (1, L) in place of L", "one-d-to-two-d"
)
NO_DILATION = approximate("use dilation 1")
MAXIMUM_ON_THE_HOST = Remedy("compute it on the host")

__all__ = [
    "AT_AN_END",
    "CHAIN_OF_KERNELS",
    "MAXIMUM_ON_THE_HOST",
    "NO_DILATION",
    "PAD_LESS",
    "SMALLER_WINDOW",
    "TWO_DIMENSIONAL",
]
