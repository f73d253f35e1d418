"""Which engine of a target does what, whatever the family calls it."""

from __future__ import annotations

from typing import Callable, Optional, Tuple, Union

from vai_inspect.core.ir import Op
from vai_inspect.core.target import AluEngine, Bank, DepthwiseEngine, Limit, Target, WindowLimit
from vai_inspect.rules.site import SIDES

NONLINEAR = {
    "relu": "relu",
    "relu6": "relu_six",
    "leaky-relu": "leaky_relu",
    "prelu": "prelu",
    "hard-sigmoid": "hsigmoid",
    "hard-swish": "hswish",
}
"""Activation kinds by the name that the target definitions give them."""

CONV_KINDS = ("conv2d", "transposed-conv2d", "inner-product")
DEPTHWISE_KINDS = ("depthwise-conv2d", "transposed-depthwise-conv2d")
ELTWISE_KINDS = ("add", "mul")

CHANNEL_GROUPS = 256
"""Channel groups that an engine can address: channels <= 256 * channel_parallel (UG1414)."""


def input_channels(target: Target) -> int:
    """Returns the most input channels of a convolution."""
    return CHANNEL_GROUPS * target.conv.input_channel_parallel


def output_channels(target: Target) -> int:
    """Returns the most output channels of a convolution."""
    return CHANNEL_GROUPS * target.conv.output_channel_parallel


def alu_runs(target: Target, name: str) -> bool:
    """Tells whether the target has an ALU whose `alu_type` lists a name."""
    return target.alu is not None and name in target.alu.alu_type


def depthwise_engine(target: Target) -> Union[AluEngine, DepthwiseEngine, None]:
    """Returns the engine that runs depthwise convolutions: the ALU where it can."""
    return target.alu if alu_runs(target, "dwconv") else target.dwconv


def _depthwise_engine(target: Target) -> Union[AluEngine, DepthwiseEngine]:
    engine = depthwise_engine(target)
    if engine is None:
        raise LookupError("{} has no depthwise engine".format(target.name))
    return engine


def depthwise_limit(target: Target) -> WindowLimit:
    """Returns kernel and stride limits of depthwise convolutions.

    Raises:
        LookupError: the target has no engine for them; a rule of its own says so.
    """
    return _depthwise_engine(target).limit


def depthwise_bank(target: Target) -> Bank:
    """Returns the bank that holds depthwise weights.

    Raises:
        LookupError: the target has no engine for them.
    """
    return target.bank(_depthwise_engine(target).weight_bank)


def pool_limit(target: Target, kind: str) -> Optional[WindowLimit]:
    """Returns kernel and stride limits of `maxpool2d` or `avgpool2d`, or None without engine."""
    alu_type = {"maxpool2d": "max_pool", "avgpool2d": "avg_pool"}[kind]
    if target.alu is not None and alu_runs(target, alu_type):
        return target.alu.limit
    if target.pool is None:
        return None
    return target.pool.max_limit if kind == "maxpool2d" else target.pool.avg_limit


def eltwise_types(target: Target) -> Tuple[str, ...]:
    """Returns the element-wise kinds that the target runs, as this project names them."""
    if target.eltwise is None:
        return ()
    names = {"add": "add", "mult": "mul", "sub": "sub"}
    return tuple(names[name] for name in target.eltwise.elew_type)


def fused_by(target: Target, producer: str) -> Tuple[str, ...]:
    """Returns the activations, by definition name, that the producer's engine fuses."""
    if producer in CONV_KINDS:
        return target.conv.nonlinear
    if producer in DEPTHWISE_KINDS:
        engine = depthwise_engine(target)
        return engine.nonlinear if engine is not None else ()
    if producer in ELTWISE_KINDS and target.eltwise is not None:
        return target.eltwise.nonlinear
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


def ceil_div(number: int, divisor: int) -> int:
    """Returns number / divisor, rounded up."""
    return -(-number // divisor)


def covers(op: Op, size: Tuple[int, ...]) -> bool:
    """Tells whether a window's kernel is the whole input (w, h), so that it takes one step."""
    return tuple(op.attributes()["kernel"]) == size
