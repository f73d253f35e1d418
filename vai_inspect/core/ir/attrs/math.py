"""Attributes of activations, reductions, products and normalisations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from vai_inspect.core.ir.attrs.base import Attrs, extra, hidden


@dataclass(frozen=True)
class LeakyReluAttrs(Attrs):
    """`leaky-relu`: alpha is the slope below zero."""

    alpha: float


@dataclass(frozen=True)
class EluAttrs(Attrs):
    """`elu` and `celu`."""

    alpha: float = 1.0


@dataclass(frozen=True)
class AxisAttrs(Attrs):
    """One axis of the operator's own (NHWC) order: `argmax`, `concat`, `softmax`, `stack`."""

    axis: int


@dataclass(frozen=True)
class HardSoftmaxAttrs(Attrs):
    """`hard-softmax`."""

    axis: int
    type: str


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
class InnerProductAttrs(Attrs):
    """`inner-product`: weights (out features, in features) over the axes from `axis` on."""

    axis: int = 1


@dataclass(frozen=True)
class MatmulAttrs(Attrs):
    """`matmul` of two tensors of the graph."""

    transpose_a: bool = False
    transpose_b: bool = False


@dataclass(frozen=True)
class BatchNormAttrs(Attrs):
    """`batchnorm` that no convolution took in; its axis is the channel axis."""

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


@dataclass(frozen=True)
class PriorBoxAttrs(Attrs):
    """`priorbox`."""

    min_sizes: Tuple[float, ...]
    max_sizes: Tuple[float, ...] = ()
    aspect_ratio: Tuple[float, ...] = ()
    flip: bool = False
    clip: bool = False
    variance: Tuple[float, ...] = ()
    step: Tuple[float, ...] = ()
    offset: float = 0.5


@dataclass(frozen=True)
class CorrelationAttrs(Attrs):
    """`correlation1d_elemwise` and `correlation2d_elemwise`."""

    pad_size: int
    shape: Tuple[int, ...] = ()
    data_type: str = "FLOAT32"


@dataclass(frozen=True)
class CostVolumeAttrs(Attrs):
    """`cost_volume`."""

    maxdisp: int
    shape: Tuple[int, ...] = ()
    data_type: str = "FLOAT32"


@dataclass(frozen=True)
class UnknownAttrs(Attrs):
    """`unknown`: an operator without XIR equivalent, under the framework's own name.

    Attributes:
        framework_type: the framework's own name.
        opaque: whether it is not known that XIR has no equivalent: what the operator computes
            could not be read.
        idle: whether it gives what it reads, so that it multiplies and accumulates nothing.
    """

    framework_type: str = extra("")
    opaque: bool = hidden(False)
    idle: bool = hidden(False)
