"""The attribute sets of all operator kinds, in one place to import from."""

from __future__ import annotations

from vai_inspect.core.ir.ops.activations import (
    EluAttrs,
    HardSoftmaxAttrs,
    LeakyReluAttrs,
)
from vai_inspect.core.ir.ops.attributes import Attrs, NoAttrs
from vai_inspect.core.ir.ops.convolutions import (
    Conv1dAttrs,
    Conv2dAttrs,
    Conv3dAttrs,
    DepthwiseConv2dAttrs,
    DepthwiseConv3dAttrs,
    TransposedConv2dAttrs,
    TransposedConv3dAttrs,
    TransposedDepthwiseConv2dAttrs,
    TransposedDepthwiseConv3dAttrs,
    WindowAttrs2d,
    WindowAttrs3d,
)
from vai_inspect.core.ir.ops.detection import (
    CorrelationAttrs,
    CostVolumeAttrs,
    PriorBoxAttrs,
)
from vai_inspect.core.ir.ops.joins import (
    AxisAttrs,
)
from vai_inspect.core.ir.ops.moves import (
    CastAttrs,
    FlattenAttrs,
    GsTilingAttrs,
    ReshapeAttrs,
    SqueezeAttrs,
    StridedSliceAttrs,
    TransposeAttrs,
)
from vai_inspect.core.ir.ops.no_xir import (
    UnknownAttrs,
)
from vai_inspect.core.ir.ops.pixels import (
    PadAttrs,
    PixelShuffleAttrs,
    ReorgAttrs,
    ResizeAttrs,
)
from vai_inspect.core.ir.ops.pools import (
    AvgPool2dAttrs,
    MaxPool1dAttrs,
    MaxPool2dAttrs,
)
from vai_inspect.core.ir.ops.products import (
    InnerProductAttrs,
    MatmulAttrs,
)
from vai_inspect.core.ir.ops.reductions import (
    BatchNormAttrs,
    GroupNormAttrs,
    InstanceNormAttrs,
    L2NormalizeAttrs,
    ReductionAttrs,
    ScaleAttrs,
)
from vai_inspect.core.ir.ops.sources import (
    RandomNormalAttrs,
    TensorAttrs,
)

__all__ = [
    "Attrs",
    "AvgPool2dAttrs",
    "AxisAttrs",
    "BatchNormAttrs",
    "CastAttrs",
    "Conv1dAttrs",
    "Conv2dAttrs",
    "Conv3dAttrs",
    "CorrelationAttrs",
    "CostVolumeAttrs",
    "DepthwiseConv2dAttrs",
    "DepthwiseConv3dAttrs",
    "EluAttrs",
    "FlattenAttrs",
    "GroupNormAttrs",
    "GsTilingAttrs",
    "HardSoftmaxAttrs",
    "InnerProductAttrs",
    "InstanceNormAttrs",
    "L2NormalizeAttrs",
    "LeakyReluAttrs",
    "MatmulAttrs",
    "MaxPool1dAttrs",
    "MaxPool2dAttrs",
    "NoAttrs",
    "PadAttrs",
    "PixelShuffleAttrs",
    "PriorBoxAttrs",
    "RandomNormalAttrs",
    "ReductionAttrs",
    "ReorgAttrs",
    "ReshapeAttrs",
    "ResizeAttrs",
    "ScaleAttrs",
    "SqueezeAttrs",
    "StridedSliceAttrs",
    "TensorAttrs",
    "TransposeAttrs",
    "TransposedConv2dAttrs",
    "TransposedConv3dAttrs",
    "TransposedDepthwiseConv2dAttrs",
    "TransposedDepthwiseConv3dAttrs",
    "UnknownAttrs",
    "WindowAttrs2d",
    "WindowAttrs3d",
]
