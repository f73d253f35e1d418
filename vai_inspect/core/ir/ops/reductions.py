"""Reductions of axes, and normalisations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import IN, Received, Shape, ShapeError, Trait, define
from vai_inspect.core.ir.ops.joins import AxisAttrs


@dataclass(frozen=True)
class ReductionAttrs(Attrs):
    """`reduction_mean`, `_sum`, `_max`, `_product`: the axes in NHWC order."""

    axis: Tuple[int, ...]
    keep_dims: bool = False


@dataclass(frozen=True)
class L2NormalizeAttrs(Attrs):
    """`l2_normalize`."""

    axis: Tuple[int, ...] = ()
    epsilon: float = 1e-12


@dataclass(frozen=True)
class BatchNormAttrs(Attrs):
    """`batchnorm` that is folded into no convolution; its axis is the channel axis."""

    axis: int
    epsilon: float = 1e-5


@dataclass(frozen=True)
class ScaleAttrs(Attrs):
    """`scale`: a product and a sum with one constant for each channel."""

    axis: int = -1


@dataclass(frozen=True)
class InstanceNormAttrs(Attrs):
    """`instancenorm`."""

    eps: float
    affine: bool


@dataclass(frozen=True)
class GroupNormAttrs(Attrs):
    """`groupnorm`."""

    num_groups: int
    num_channels: int
    eps: float
    affine: bool


def _reduction(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, ReductionAttrs)
    gone = {received.axis(axis) for axis in received.attrs.axis}
    if received.attrs.keep_dims:
        return tuple(1 if axis in gone else size for axis, size in enumerate(received.shape))
    return tuple(size for axis, size in enumerate(received.shape) if axis not in gone)


def _arg(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, AxisAttrs)
    gone = received.axis(received.attrs.axis)
    return received.shape[:gone] + received.shape[gone + 1 :]


def _group_norm(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, GroupNormAttrs)
    groups, channels = received.attrs.num_groups, received.channels
    if received.attrs.num_channels != channels or groups < 1 or channels % groups:
        raise ShapeError(
            f"{groups} groups of {received.attrs.num_channels} channels do not fit {received.shape}"
        )
    return received.shape


_LAST = frozenset((Trait.CHANNELS_LAST, Trait.SAME_SHAPE))
_NORM = ("input", "weight", "bias")
DEFINITIONS = (
    *(
        define("reduction_" + name, ReductionAttrs, IN, _reduction, traits={Trait.REDUCES})
        for name in ("mean", "product", "sum", "max")
    ),
    define("argmax", AxisAttrs, IN, _arg, traits={Trait.REDUCES}),
    define("l2_normalize", L2NormalizeAttrs, IN, traits={Trait.NAMES_AXES, Trait.SAME_SHAPE}),
    define(
        "batchnorm",
        BatchNormAttrs,
        ("input", "gamma", "beta", "moving_mean", "moving_var"),
        traits=_LAST,
    ),
    define("scale", ScaleAttrs, ("input", "scale", "bias"), traits={Trait.SAME_SHAPE}),
    define("instancenorm", InstanceNormAttrs, _NORM, traits=_LAST),
    define("groupnorm", GroupNormAttrs, _NORM, _group_norm, traits={Trait.CHANNELS_LAST}),
)
