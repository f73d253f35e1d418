"""The rewrites that bring operators to the DPU, exact ones first.

Each is what people do by hand, what options of the vendor's later tools do, or plain algebra.
"""

from __future__ import annotations

from typing import Tuple

from vai_inspect.rules.rewrites import (
    activations,
    advice,
    arithmetic,
    constants,
    convolutions,
    depthwise,
    quantised,
    reductions,
    shuffles,
)
from vai_inspect.rules.rewrites.rewrite import Rewrite, apply

REWRITES: Tuple[Rewrite, ...] = (
    *quantised.REWRITES,
    *constants.REWRITES,
    *reductions.REWRITES,
    *arithmetic.REWRITES,
    *shuffles.REWRITES,
    *convolutions.REWRITES,
    *depthwise.REWRITES,
    *activations.REWRITES,
    *advice.REWRITES,
)

__all__ = ["REWRITES", "Rewrite", "apply"]
