"""What to change where an activation is not fused."""

from __future__ import annotations

from typing import Sequence

from vai_inspect.core.ir import ACTIVATIONS
from vai_inspect.rules.plugin import OpContext, Remedy, approximate, exact
from vai_inspect.rules.shared.engines import ELTWISE_KINDS, scales_channels
from vai_inspect.rules.shared.fusion import HARD, fuses
from vai_inspect.rules.shared.layouts import RESHAPES

_NORM = "batch-norm-between"
_FUSES = " and the activation: it becomes a 1x1 depthwise convolution, which fuses {kind:kind}"
CONVOLUTION_BEFORE = exact("put a convolution or a batch normalisation before it", _NORM)
_RISING = ("relu", "relu6", "leaky-relu", "hard-sigmoid")
"""Activations that never fall, so that they and a maximum may change places."""


def another_slope(ctx: OpContext) -> Remedy:
    """Returns what to do about a slope that the DPU's leaky ReLU does not have."""
    if not fuses("conv2d", "leaky-relu")(ctx.target):
        return approximate("use ReLU: this DPU fuses no leaky ReLU, whatever its slope", "leaky")
    return approximate(
        "train with the slope 26/256 = 0.1015625, which the vendor's quantisers substitute: that "
        "of Keras for 0.1, that of PyTorch for any",
        "leaky",
    )


def something_to_fuse(ctx: OpContext, before: str) -> Remedy:
    """Returns what to put before an activation that has nothing to be fused with.

    Args:
        ctx: the activation.
        before: kind of the operator before it.
    """
    if before == "concat":
        return exact("put the activation before the concatenation, after each convolution")
    norm = scales_channels(ctx.target) and fuses("depthwise-conv2d", ctx.op.kind)(ctx.target)
    if not norm or ctx.input.rank != 4:
        text = "put it directly after a convolution, before any pool, flatten or reshape"
        same = before in RESHAPES or (before == "maxpool2d" and ctx.op.kind in _RISING)
        return exact(text) if same else Remedy(text)
    if before in ACTIVATIONS:
        return approximate("use one activation")
    kind = ctx.op.kind
    if before == "data":
        return exact("put a batch normalisation between the input" + _FUSES, _NORM, kind=kind)
    return exact(
        "put a batch normalisation between {producer:op}" + _FUSES,
        _NORM,
        producer=ctx.producers[0].name,
        kind=kind,
    )


def another_activation(ctx: OpContext, before: str, names: Sequence[str]) -> Remedy:
    """Returns what to use where the engine before it fuses only activations of some names.

    Args:
        ctx: the activation.
        before: kind of the operator before it.
        names: the names.
    """
    rewrite = "relu-after-sum" if before in ELTWISE_KINDS else None
    if not names:
        return approximate("put it after a convolution", rewrite)
    template = "use {choice}"
    if ctx.op.kind in HARD:
        template = "put it after a convolution, or use {choice}"
    elif ctx.op.kind == "leaky-relu" and ctx.target.alu is not None:
        template = "use {choice}, or a DPU built with ALU_LEAKYRELU (fingerprint bit 29)"
    return approximate(template, rewrite, choice=" or ".join(names))
