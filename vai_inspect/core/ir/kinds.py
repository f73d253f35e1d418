"""The vocabulary: every operator kind, its attribute set and its inputs.

The names are XIR's op types (release 3.5, `src/xir/op/built_in_ops.cpp`). Two are this
project's own: `return`, which marks an output of the graph, and `unknown`, an operator that XIR
has no word for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple, Type

from vai_inspect.core.ir import attrs as a

_CONV = ("input", "weights", "bias")
_IN = ("input",)


@dataclass(frozen=True)
class Kind:
    """One operator kind.

    Attributes:
        name: XIR's op type.
        attrs: the attribute set that an op of this kind carries.
        inputs: XIR's names of the inputs; parameters (weights, bias) among them.
    """

    name: str
    attrs: Type[a.Attrs]
    inputs: Tuple[str, ...]


def _kinds(inputs: Tuple[str, ...], attrs: Type[a.Attrs], *names: str) -> Dict[str, Kind]:
    return {name: Kind(name, attrs, inputs) for name in names}


KINDS: Dict[str, Kind] = {
    # sources and sinks
    **_kinds((), a.TensorAttrs, "data", "const", "data-fix", "const-fix"),
    **_kinds((), a.RandomNormalAttrs, "random_standard_normal"),
    **_kinds(_IN, a.NoAttrs, "return", "identity", "upload", "download", "placeholder", "shape"),
    **_kinds(_IN, a.UnknownAttrs, "unknown"),
    # convolutions
    **_kinds(_CONV, a.Conv1dAttrs, "conv1d"),
    **_kinds(_CONV, a.Conv2dAttrs, "conv2d"),
    **_kinds(_CONV, a.DepthwiseConv2dAttrs, "depthwise-conv2d"),
    **_kinds(_CONV, a.TransposedConv2dAttrs, "transposed-conv2d"),
    **_kinds(_CONV, a.TransposedDepthwiseConv2dAttrs, "transposed-depthwise-conv2d"),
    **_kinds(_CONV, a.Conv3dAttrs, "conv3d"),
    **_kinds(_CONV, a.DepthwiseConv3dAttrs, "depthwise-conv3d"),
    **_kinds(_CONV, a.TransposedConv3dAttrs, "transposed-conv3d"),
    **_kinds(_CONV, a.TransposedDepthwiseConv3dAttrs, "transposed-depthwise-conv3d"),
    **_kinds(_CONV, a.InnerProductAttrs, "inner-product"),
    **_kinds(("input", "bias"), a.MatmulAttrs, "matmul"),
    # pooling, pixels
    **_kinds(_IN, a.MaxPool1dAttrs, "maxpool1d"),
    **_kinds(_IN, a.MaxPool2dAttrs, "maxpool2d"),
    **_kinds(_IN, a.AvgPool2dAttrs, "avgpool2d"),
    **_kinds(("input", "size"), a.ResizeAttrs, "resize"),
    **_kinds(_IN, a.PadAttrs, "pad"),
    **_kinds(_IN, a.ReorgAttrs, "reorg", "reorg-fix"),
    **_kinds(_IN, a.PixelShuffleAttrs, "pixel-shuffle"),
    **_kinds(_IN, a.GsTilingAttrs, "gstiling", "tile-fix"),
    # element-wise and activations
    **_kinds(_IN, a.NoAttrs, "add", "sub", "mul", "div", "min", "max", "exp", "neg"),
    **_kinds(_IN, a.NoAttrs, "relu", "relu6", "gelu", "mish", "selu", "sigmoid", "swish", "tanh"),
    **_kinds(_IN, a.NoAttrs, "hard-sigmoid", "hard-sigmoid-fix", "hard-swish", "hard-tanh"),
    **_kinds(_IN, a.LeakyReluAttrs, "leaky-relu"),
    **_kinds(("input", "weight"), a.NoAttrs, "prelu"),
    **_kinds(("input", "threshold"), a.NoAttrs, "threshold"),
    **_kinds(_IN, a.EluAttrs, "elu", "celu"),
    **_kinds(_IN, a.AxisAttrs, "softmax", "argmax", "argmax-fix", "concat", "concat-fix", "stack"),
    **_kinds(_IN, a.HardSoftmaxAttrs, "hard-softmax"),
    # reductions and normalisations
    **_kinds(_IN, a.ReductionAttrs, "reduction_mean", "reduction_product", "reduction_sum"),
    **_kinds(_IN, a.ReductionAttrs, "reduction_max", "reduction_max-fix"),
    **_kinds(_IN, a.L2NormalizeAttrs, "l2_normalize"),
    **_kinds(
        ("input", "gamma", "beta", "moving_mean", "moving_var"), a.BatchNormAttrs, "batchnorm"
    ),
    **_kinds(("input", "scale", "bias"), a.ScaleAttrs, "scale"),
    **_kinds(("input", "weight", "bias"), a.InstanceNormAttrs, "instancenorm"),
    **_kinds(("input", "weight", "bias"), a.GroupNormAttrs, "groupnorm"),
    # shape, order, type
    **_kinds(("input", "shape"), a.ReshapeAttrs, "reshape"),
    **_kinds(_IN, a.ReshapeAttrs, "reshape-fix"),
    **_kinds(_IN, a.SqueezeAttrs, "squeeze"),
    **_kinds(_IN, a.TransposeAttrs, "transpose"),
    **_kinds(_IN, a.FlattenAttrs, "flatten"),
    **_kinds(_IN, a.StridedSliceAttrs, "strided_slice", "strided_slice-fix"),
    **_kinds(_IN, a.CastAttrs, "cast"),
    # detection and stereo
    **_kinds(_IN, a.PriorBoxAttrs, "priorbox"),
    **_kinds(_IN, a.CorrelationAttrs, "correlation1d_elemwise", "correlation2d_elemwise"),
    **_kinds(_IN, a.CorrelationAttrs, "correlation1d_elemwise-fix", "correlation2d_elemwise-fix"),
    **_kinds(_IN, a.CostVolumeAttrs, "cost_volume", "cost_volume-fix"),
    # quantised operators of compiled models
    **_kinds(_CONV, a.Conv2dFixAttrs, "conv2d-fix"),
    **_kinds(_CONV, a.ConvFixAttrs2d, "depthwise-conv2d-fix", "transposed-conv2d-fix"),
    **_kinds(_CONV, a.ConvFixAttrs2d, "transposed-depthwise-conv2d-fix"),
    **_kinds(_CONV, a.ConvFixAttrs3d, "conv3d-fix", "depthwise-conv3d-fix"),
    **_kinds(_CONV, a.ConvFixAttrs3d, "transposed-conv3d-fix", "transposed-depthwise-conv3d-fix"),
    **_kinds(_IN, a.PoolFixAttrs, "pool-fix"),
    **_kinds(_IN, a.EltwiseFixAttrs, "eltwise-fix"),
    **_kinds(_IN, a.DepthwiseFixAttrs, "depthwise-fix"),
    **_kinds(_IN, a.FixPointAttrs, "fix", "fix2float", "float2fix"),
    **_kinds(_IN, a.PadFixAttrs, "pad-fix"),
    **_kinds(_IN, a.PixelShuffleFixAttrs, "pixel-shuffle-fix"),
    **_kinds(("input", "size"), a.SampleFixAttrs, "upsample-fix", "downsample-fix"),
}

SOURCES = frozenset(("data", "const", "random_standard_normal", "data-fix", "const-fix"))
"""Kinds without inputs."""

CONVOLUTIONS_2D = (
    "conv2d",
    "depthwise-conv2d",
    "transposed-conv2d",
    "transposed-depthwise-conv2d",
)
CONVOLUTIONS_3D = (
    "conv3d",
    "depthwise-conv3d",
    "transposed-conv3d",
    "transposed-depthwise-conv3d",
)
ACTIVATIONS = ("relu", "relu6", "leaky-relu", "prelu", "hard-sigmoid", "hard-swish")
"""Activations that some DPU engine can fuse with the operator before them."""
