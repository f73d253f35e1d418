"""The rewrites that bring operators to the DPU, exact ones first.

Each is what people do by hand, what options of the vendor's later tools do, or plain algebra.
"""

from __future__ import annotations

from typing import Mapping, Tuple

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
BY_ID: Mapping[str, Rewrite] = {one.id: one for one in REWRITES}

__all__ = ["BY_ID", "REWRITES", "Rewrite", "apply"]
