"""Operators without XIR equivalent, under the framework's own name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from vai_inspect.core.ir.ops.attributes import Attrs, extra, hidden
from vai_inspect.core.ir.ops.definition import IN, Received, Shape, define


@dataclass(frozen=True)
class UnknownAttrs(Attrs):
    """`unknown`: an operator without XIR equivalent, under the framework's own name.

    Attributes:
        framework_type: the framework's own name.
        opaque: whether it is not known that XIR has no equivalent: what the operator computes
            could not be read.
        idle: whether it gives what it reads, so that it multiplies and accumulates nothing.
        random: whether it gives other values in each run, though it may read no input.
        macs: its multiply-accumulates, where the frontend counts them.
    """

    framework_type: str = extra("")
    opaque: bool = hidden(False)
    idle: bool = hidden(False)
    random: bool = hidden(False)
    macs: Optional[int] = hidden(None)


ELEMENTWISE = frozenset(
    ("abs", "acos", "asin", "atan", "atan2", "bernoulli", "bitwise_not", "ceil", "clamp")
    + ("clamp_max", "clamp_min", "clip", "cos", "cosh", "eq", "erf", "erfc", "exp2", "expm1")
    + ("floor", "floor_divide", "floordiv", "fmod", "frac", "ge", "gt", "hardshrink", "isnan")
    + ("le", "lerp", "log", "log10", "log1p", "log2", "logical_and", "logical_not", "logical_or")
    + ("logsigmoid", "lt", "masked_fill", "mod", "nan_to_num", "ne", "positive", "pow")
    + ("reciprocal", "remainder", "round", "rounding", "rsqrt", "sign", "sin", "sinh", "softplus")
    + ("softshrink", "softsign", "sqrt", "tan", "tanhshrink", "threshold", "trunc", "where")
    + ("and", "or", "xor", "addcdiv", "addcmul", "hardtanh", "power", "square", "acosh", "asinh")
    + ("atanh", "bitshift", "bitwiseand", "bitwisenot", "bitwiseor", "bitwisexor", "equal")
    + ("greater", "greaterorequal", "hardsigmoid", "isinf", "less", "lessorequal", "not", "shrink")
    + ("swish", "thresholdedrelu", "div", "invert")
)
"""Functions of each element, by name without case."""

_MOVES = frozenset(
    ("argmin", "argsort", "broadcast_to", "channel_shuffle", "channelshuffle", "cummax")
    + ("cumprod", "cumsum", "diagonal", "dropout", "embedding", "expand", "expand_as", "flip")
    + ("fliplr", "flipud", "fold", "gather", "getitem", "index", "index_put", "index_select")
    + ("kthvalue", "log_softmax", "logsoftmax", "logsumexp", "masked_select", "maxunpool2d")
    + ("median", "meshgrid", "new_full", "nonzero", "norm", "normalize", "one_hot", "pad")
    + ("repeat", "repeat_interleave", "roll", "rot90", "scatter", "scatter_add", "select")
    + ("setitem", "softmin", "sort", "std", "take", "tile", "topk", "tril", "triu", "unfold")
    + ("unique", "upsample", "var", "layernorm", "layer_norm", "layernormalization", "rms_norm")
    + ("rmsnorm", "local_response_norm", "localresponsenorm", "max_unpool2d", "zeros_like")
    + ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d")
    + ("adaptiveavgpool1d", "adaptiveavgpool2d", "adaptiveavgpool3d", "adaptivemaxpool1d")
    + ("adaptivemaxpool2d", "adaptivemaxpool3d", "adaptive_max_pool2d")
    + ("avg_pool3d", "max_pool3d", "adaptive_max_pool1d", "adaptive_max_pool3d", "lp_pool2d")
    + ("maxpool3d", "avgpool1d", "avgpool3d", "interpolate", "grid_sample", "ones_like", "lrn")
    + ("averagepool", "depthtospace", "gatherelements", "gathernd", "globallppool", "gridsample")
    + ("hardmax", "lppool", "maxpool", "meanvariancenormalization", "onehot", "reducel1")
    + ("reducel2", "reducelogsum", "reducelogsumexp", "reducemin", "reducesumsquare", "resize")
    + ("reversesequence", "rmsnormalization", "roialign", "scatterelements", "scatternd")
    + ("spacetodepth", "trilu", "batch_norm", "batchnorm1d", "batchnorm2d", "batchnorm3d")
    + ("batchnormalization", "instance_norm", "instancenorm1d", "instancenorm2d")
    + ("instancenorm3d", "syncbatchnorm", "syncbatchnormalization")
)
"""Functions that move, compare, select, sum or normalise, by name without case."""


def computes_each_element(framework_type: str) -> bool:
    """Returns whether the framework's function is one of each element, in any order of axes."""
    return _plain(framework_type) in ELEMENTWISE


def costs_nothing(framework_type: str) -> bool:
    """Returns whether the framework's function multiplies and accumulates nothing."""
    name = _plain(framework_type)
    return name in ELEMENTWISE or name in _MOVES


def _plain(framework_type: str) -> str:
    return framework_type.split("(")[0].strip().lower()


def _macs(received: Received, output: Shape) -> Optional[int]:
    attrs = received.attrs
    if not isinstance(attrs, UnknownAttrs):
        return None
    if attrs.macs is not None:
        return attrs.macs
    free = not attrs.opaque and costs_nothing(attrs.framework_type)
    return 0 if attrs.idle or free else None


DEFINITIONS = (define("unknown", UnknownAttrs, IN, macs=_macs),)
