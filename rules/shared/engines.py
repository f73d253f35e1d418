"""Which engine of a target does what, whatever the family calls it."""

from __future__ import annotations

from typing import Callable, Optional, Tuple, Union

from vai_inspect.core.ir import Op
from vai_inspect.core.target import (
    AluEngine,
    Bank,
    DepthwiseEngine,
    Limit,
    Target,
    WindowLimit,
)
from vai_inspect.rules.engine.context import SIDES

NONLINEAR = {
    "relu": "relu",
    "relu6": "relu_six",
    "leaky-relu": "leaky_relu",
    "prelu": "prelu",
    "hard-sigmoid": "hsigmoid",
    "hard-swish": "hswish",
}
"""Activation kinds by the name that the target definitions give them."""

CONV_KINDS = ("conv2d", "transposed-conv2d", "inner-product", "conv3d", "transposed-conv3d")
DEPTHWISE_KINDS = (
    "depthwise-conv2d",
    "transposed-depthwise-conv2d",
    "depthwise-conv3d",
    "transposed-depthwise-conv3d",
)
ELTWISE_KINDS = ("add", "mul")
POOL_KINDS = ("maxpool2d", "avgpool2d")
POOL_NAMES = {"maxpool2d": "max pool", "avgpool2d": "average pool"}

ALU_NAMES = {
    "depthwise": ("dwconv", "macc_temp"),
    "maxpool2d": ("max_pool", "comp_temp"),
    "avgpool2d": ("avg_pool", "macc_temp"),
    "add": ("elew_add",),
    "mul": ("elew_mult",),
}
"""What `alu_type` calls each work; some definitions name what multiplies and adds, and compares."""

CHANNEL_GROUPS = 256
"""Channel groups that an engine can address: channels <= 256 * channel_parallel (UG1414)."""


def input_channels(target: Target) -> int:
    """Returns the most input channels of a convolution."""
    return CHANNEL_GROUPS * target.conv.input_channel_parallel


def output_channels(target: Target) -> int:
    """Returns the most output channels of a convolution."""
    return CHANNEL_GROUPS * target.conv.output_channel_parallel


def alu_runs(target: Target, name: str) -> bool:
    """Returns whether the target has an ALU whose `alu_type` lists a name."""
    return target.alu is not None and name in target.alu.alu_type


def _on_alu(target: Target, work: str) -> Optional[AluEngine]:
    """Returns the ALU if it does a work of `ALU_NAMES`."""
    return target.alu if any(alu_runs(target, name) for name in ALU_NAMES[work]) else None


def depthwise_engine(target: Target) -> Union[AluEngine, DepthwiseEngine, None]:
    """Returns the engine that runs depthwise convolutions: the ALU where it can; None without."""
    return _on_alu(target, "depthwise") or target.usable("dwconv")


def runs_depthwise(target: Target) -> bool:
    """Returns whether the target has an engine for depthwise convolutions."""
    return depthwise_engine(target) is not None


def depthwise_limit(target: Target) -> Optional[WindowLimit]:
    """Returns kernel and stride limits of depthwise convolutions, or None without engine."""
    engine = depthwise_engine(target)
    return None if engine is None else engine.limit


def depthwise_kernel(target: Target) -> Optional[Limit]:
    """Returns the kernel sizes of depthwise convolutions, or None without engine."""
    limit = depthwise_limit(target)
    return None if limit is None else limit.kernel_size


def depthwise_stride(target: Target) -> Optional[Limit]:
    """Returns the strides of depthwise convolutions, or None without engine."""
    limit = depthwise_limit(target)
    return None if limit is None else limit.stride


def depthwise_bank(target: Target) -> Optional[Bank]:
    """Returns the bank that holds depthwise weights, or None without engine."""
    engine = depthwise_engine(target)
    return None if engine is None else target.bank(engine.weight_bank)


def scales_channels(target: Target) -> bool:
    """Returns whether a 1x1 depthwise convolution runs, which scales each channel."""
    sizes = depthwise_kernel(target)
    return sizes is not None and 1 in sizes


def pool_limit(target: Target, kind: str) -> Optional[WindowLimit]:
    """Returns kernel and stride limits of `maxpool2d` or `avgpool2d`, or None without engine."""
    alu = _on_alu(target, kind)
    if alu is not None:
        return alu.limit
    if target.pool is None:
        return None
    return target.pool.max_limit if kind == "maxpool2d" else target.pool.avg_limit


def pool_kernel(kind: str) -> Callable[[Target], Optional[Limit]]:
    """Returns what gives the kernel sizes of a kind of pool; None without engine for it."""
    return lambda target: getattr(pool_limit(target, kind), "kernel_size", None)


def pool_stride(kind: str) -> Callable[[Target], Optional[Limit]]:
    """Returns what gives the strides of a kind of pool; None without engine for it."""
    return lambda target: getattr(pool_limit(target, kind), "stride", None)


def eltwise_types(target: Target) -> Tuple[str, ...]:
    """Returns the element-wise kinds that the target runs, as this project names them."""
    if target.eltwise is None:
        return tuple(kind for kind in ELTWISE_KINDS if _on_alu(target, kind) is not None)
    names = {"add": "add", "mult": "mul", "sub": "sub"}
    return tuple(names[name] for name in target.eltwise.elew_type)


def fused_by(target: Target, producer: str) -> Tuple[str, ...]:
    """Returns the activations, by definition name, that the producer's engine fuses."""
    if producer in CONV_KINDS:
        return target.conv.nonlinear
    if producer in DEPTHWISE_KINDS:
        engine = depthwise_engine(target)
        return engine.nonlinear if engine is not None else ()
    if producer in ELTWISE_KINDS:
        # Of an ALU that adds and multiplies the user guide names ReLU alone.
        return ("relu",) if target.eltwise is None else target.eltwise.nonlinear
    if producer in POOL_KINDS and target.pool is not None:
        return target.pool.nonlinear
    return ()


def feature_words(target: Target) -> int:
    """Returns how many pixels of one channel group a feature-map bank group holds."""
    bank = target.bank(target.conv.input_bank[0])
    return bank.num * bank.depth


def _alu_pad(side: str) -> Callable[[Target], Optional[Limit]]:
    return lambda target: getattr(target.alu.pad_limit, side) if target.alu else None


ALU_PADS = {side: _alu_pad(side) for side in SIDES}
"""The ALU's pad limits by side, for a constraint's figures; None on a target without an ALU."""


def up_to(highest: int, engine: Optional[Limit]) -> Limit:
    """Returns 0 to `highest`, or to the engine's own limit where that is lower."""
    return Limit.span(0, max(0, highest if engine is None else min(highest, engine.high)))


def weight_groups(target: Target) -> int:
    """Returns how many output channels share one bank of convolution weights."""
    return ceil_div(target.conv.output_channel_parallel, target.bank(target.conv.weight_bank).num)


def weight_words(target: Target, width: int, height: int, channels: int) -> int:
    """Returns the addresses of the weight bank that one output group of a convolution needs."""
    per_window = ceil_div(channels, target.bank(target.conv.weight_bank).width)
    return width * height * per_window * weight_groups(target)


def weight_depth(target: Target) -> int:
    """Returns the addresses that one bank of convolution weights has."""
    return target.bank(target.conv.weight_bank).depth


def ceil_div(number: int, divisor: int) -> int:
    """Returns number / divisor, rounded up."""
    return -(-number // divisor)


def covers(op: Op, size: Tuple[int, ...]) -> bool:
    """Returns whether a window's kernel is the whole input (w, h), so that it takes one step."""
    return tuple(op.attributes()["kernel"]) == size
