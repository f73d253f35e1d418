"""What to change, where several constraints say the same."""

from __future__ import annotations

from vai_inspect.rules.plugin import Remedy, approximate, exact

CHAIN_OF_KERNELS = approximate(
    "split a large kernel into a chain of smaller ones of the same reach", "kernel-in-range"
)
SMALLER_WINDOW = approximate("use a smaller kernel or fewer input channels")
PAD_LESS = (
    approximate("pad less"),
    exact("pad in an operator of its own before the convolution"),
)
NO_DILATION = approximate("use dilation 1")
ON_THE_HOST = Remedy("compute it on the host")
LARGEST_ON_THE_HOST = Remedy("take the largest on the host")
