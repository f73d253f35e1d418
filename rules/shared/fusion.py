"""Which engine fuses which activation, and which ones the ALU computes."""

from __future__ import annotations

from typing import Callable

from vai_inspect.rules.plugin import OpContext, Target
from vai_inspect.rules.shared.engines import (
    CONV_KINDS,
    DEPTHWISE_KINDS,
    ELTWISE_KINDS,
    NONLINEAR,
    POOL_KINDS,
    alu_runs,
    depthwise_engine,
    fused_by,
)

FUSING = CONV_KINDS + DEPTHWISE_KINDS + ELTWISE_KINDS + POOL_KINDS
"""Kinds whose engine may fuse an activation; that of pools does so on few DPUs."""

NEVER_ON_DPU = (
    "unknown",
    "groupnorm",
    "instancenorm",
    "l2_normalize",
    "softmax",
    "hard-softmax",
    "batchnorm",  # but as the depthwise convolution that it becomes on most DPUs
)
"""Kinds that no DPU computes: an activation after one follows it."""

HARD = ("hard-sigmoid", "hard-swish")


def pool_fuses_nothing(ctx: OpContext, before: str) -> bool:
    """Returns whether a pool is before it whose engine fuses nothing."""
    return before in POOL_KINDS and not fused_by(ctx.target, before)


def follows_what_is_before(ctx: OpContext, before: str) -> bool:
    """Tells whether an activation only follows the operator before it, of some kind."""
    alone = ctx.op.kind == "hard-sigmoid" and alu_runs(ctx.target, "hsigmoid")
    return before in NEVER_ON_DPU and not alone


def engine_name(kind: str) -> str:
    """Returns what runs operators of a kind, in words."""
    if kind in CONV_KINDS:
        return "convolution engine"
    if kind in POOL_KINDS:
        return "pool engine"
    return "depthwise engine" if kind in DEPTHWISE_KINDS else "element-wise engine"


def fuses(before: str, kind: str) -> Callable[[Target], bool]:
    """Tells of a target whether an engine, or the ALU besides, fuses an activation."""
    return lambda target: (
        NONLINEAR[kind] in fused_by(target, before) or by_alu(target, kind, before)
    )


def not_fused(before: str, kind: str) -> Callable[[Target], bool]:
    """Tells of a target that runs what is before whether nothing there fuses an activation."""

    def refused(target: Target) -> bool:
        there = before not in DEPTHWISE_KINDS or depthwise_engine(target) is not None
        return there and not fuses(before, kind)(target)

    return refused


HARDENED_BY_ALU = ("conv2d", "depthwise-conv2d", "inner-product", "transposed-conv2d")
"""Kinds after which an ALU computes hard-sigmoid, and the product that makes a hard-swish of it."""


def by_alu(target: Target, kind: str, before: str) -> bool:
    """Returns whether the ALU computes an activation that the engine before it does not fuse."""
    return kind in HARD and alu_runs(target, "hsigmoid") and before in HARDENED_BY_ALU


def listed_for_alu(target: Target, name: str) -> bool:
    """Tells of a target whose ALU does the sums and products whether it lists an activation."""
    return target.eltwise is None and target.alu is not None and name in target.alu.nonlinear


def may_be_by_alu(ctx: OpContext, before: str) -> bool:
    """Returns whether the ALU may compute hard-sigmoid or hard-swish after an operator.

    Hard-sigmoid after anything, hard-swish after what is like a convolution: compiled models show
    hard-swish after a sum on the CPU; no source mentions the others.
    """
    if not alu_runs(ctx.target, "hsigmoid"):
        return False
    return ctx.op.kind == "hard-sigmoid" or before not in ELTWISE_KINDS
