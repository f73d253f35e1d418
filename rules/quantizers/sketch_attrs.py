"""Default attributes of the operators of examples."""

from __future__ import annotations

from typing import Callable, Dict, Tuple

from vai_inspect.core.ir import attrs as a

Shape = Tuple[int, ...]
SAME = (1, 1, 1, 1)

_DEFAULTS: Dict[str, Callable[[Shape], a.Attrs]] = {
    "argmax": lambda shape: a.AxisAttrs(len(shape) - 1),
    "avgpool2d": lambda shape: a.AvgPool2dAttrs((2, 2), (2, 2)),
    "batchnorm": lambda shape: a.BatchNormAttrs(len(shape) - 1),
    "cast": lambda shape: a.CastAttrs("FLOAT32"),
    "concat": lambda shape: a.AxisAttrs(len(shape) - 1),
    "conv1d": lambda shape: a.Conv1dAttrs((3,), pad=(1, 1)),
    "conv2d": lambda shape: a.Conv2dAttrs((3, 3), pad=SAME),
    "conv3d": lambda shape: a.Conv3dAttrs((3, 3, 3), pad=(1,) * 6),
    "depthwise-conv2d": lambda shape: a.DepthwiseConv2dAttrs((3, 3), pad=SAME),
    "flatten": lambda shape: a.FlattenAttrs(1, len(shape) - 1),
    "groupnorm": lambda shape: a.GroupNormAttrs(2, shape[-1], 1e-5, True),
    "inner-product": lambda shape: a.InnerProductAttrs(len(shape) - 1),
    "leaky-relu": lambda shape: a.LeakyReluAttrs(0.1),
    "matmul": lambda shape: a.MatmulAttrs(),
    "maxpool1d": lambda shape: a.MaxPool1dAttrs((2,), (2,)),
    "maxpool2d": lambda shape: a.MaxPool2dAttrs((2, 2), (2, 2)),
    "pad": lambda shape: a.PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)),
    "reduction_max": lambda shape: a.ReductionAttrs((1,)),
    "reduction_mean": lambda shape: a.ReductionAttrs((1,)),
    "reshape": lambda shape: a.ReshapeAttrs(shape),
    "resize": lambda shape: a.ResizeAttrs("NEAREST", scale=(2.0, 2.0)),
    "squeeze": lambda shape: a.SqueezeAttrs((0,)),
    "strided_slice": lambda shape: a.StridedSliceAttrs((0,) * len(shape), shape, (1,) * len(shape)),
    "transpose": lambda shape: a.TransposeAttrs(tuple(range(len(shape)))[::-1]),
}


def default_attrs(kind: str, name: str, shape: Shape) -> a.Attrs:
    """Returns attributes for an operator.

    Args:
        kind: kind of the operator.
        name: class or function of the framework.
        shape: shape of its first input.
    """
    if kind == "unknown":
        return a.UnknownAttrs(name)
    make = _DEFAULTS.get(kind)
    return a.NoAttrs() if make is None else make(shape)


def default_weights(kind: str, attrs: a.Attrs, shape: Shape) -> Shape:
    """Returns the shape of an operator's weights with equal channels in and out; () for none."""
    channels = shape[-1]
    if isinstance(attrs, a.DepthwiseConv2dAttrs):
        return (attrs.multiplier, *attrs.kernel[::-1], channels)
    if isinstance(attrs, a.Conv2dAttrs):
        return (channels, *attrs.kernel[::-1], channels // attrs.group)
    if isinstance(attrs, a.Conv3dAttrs):
        return (channels, *attrs.kernel, channels)
    if isinstance(attrs, a.Conv1dAttrs):
        return (channels, *attrs.kernel, channels)
    return (channels, channels) if kind == "inner-product" else ()
