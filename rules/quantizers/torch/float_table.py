"""Calls that vai_q_pytorch leaves in float, and calls that it quantises without an XIR operator.

By class or function in the user's code. Source: the quantisers of 3.0 and 3.5, executed on small
modules of each form (they warn with FLOAT_OP); 2.5 prints the same as text.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional

from vai_inspect.core.findings import Remedy, approximate, exact
from vai_inspect.rules.engine.host import AT_AN_END


class InFloat(NamedTuple):
    """Why an operator stays in float, and the remedy if there is one.

    Attributes:
        reason: the reason; `{}` stands for an argument of the call.
        remedy: the remedy, or None.
    """

    reason: str
    remedy: Optional[Remedy] = None

    def of(self, argument: str) -> "InFloat":
        """Returns a copy with the value of the argument."""
        return InFloat(self.reason.format(repr(argument)), self.remedy)


def _kept(what: str, remedy: Optional[Remedy] = None) -> InFloat:
    return InFloat(f"{what} is not supported", remedy)


def _each(remedy: Optional[Remedy], *names: str) -> Dict[str, InFloat]:
    return {name: _kept(name, remedy) for name in names}


_CHANNEL_MATRIX = exact(
    "use a 1x1 convolution whose weights are a permutation", "shuffle-to-convolution"
)
_SLICED = Remedy("write slices, or a 1x1 convolution that selects the channels")
_NO_EXPAND = exact(
    "leave it out where the operator that reads it broadcasts by itself, which computes the same: "
    "x * y in place of x * y.expand_as(x)",
    "drop-expand",
)
_MAX_POOL = exact("use nn.MaxPool2d with the window as kernel and stride")
_REMOVE = exact("remove it from the deployed model, where it does nothing", "drop-noise")
_NO_STACK = Remedy("use torch.cat along an axis that the tensors have")

FLOAT: Dict[str, InFloat] = {
    **_each(None, "Softplus", "softplus", "LogSigmoid", "logsigmoid", "log_sigmoid"),
    **_each(None, "RReLU", "rrelu"),
    **_each(Remedy("write a * torch.sigmoid(b) of the two halves"), "GLU", "glu"),
    **_each(None, "abs", "absolute", "sign", "std", "var", "std_mean", "var_mean", "cumsum"),
    **_each(None, "roll", "flip", "fliplr", "flipud", "reciprocal"),
    **_each(None, "grid_sample", "Unfold", "unfold", "im2col"),
    **_each(None, "einsum", "Bilinear", "bilinear"),
    **_each(_CHANNEL_MATRIX, "ChannelShuffle", "channel_shuffle", "native_channel_shuffle"),
    **_each(_NO_STACK, "stack", "hstack", "vstack", "dstack", "column_stack"),
    **_each(_NO_EXPAND, "expand", "expand_as", "broadcast_to"),
    **_each(Remedy("write a slice, x[:, k:k + 1], which keeps the axis"), "select"),
    **_each(_SLICED, "index_select", "index"),
    **_each(Remedy("give them as an input"), "rand", "rand_like", "randn", "randn_like", "randint"),
    **_each(Remedy("give them as an input"), "randint_like", "bernoulli", "normal"),
    **_each(AT_AN_END, "normalize", "argmax"),
    **_each(_MAX_POOL, *(f"AdaptiveMaxPool{rank}d" for rank in (1, 2, 3))),
    **_each(_MAX_POOL, *(f"adaptive_max_pool{rank}d" for rank in (1, 2, 3))),
    **_each(Remedy("use nn.MaxPool2d"), "FractionalMaxPool2d", "FractionalMaxPool3d"),
    **_each(Remedy("use nn.MaxPool2d"), "fractional_max_pool2d", "fractional_max_pool3d"),
    **_each(Remedy("use nn.Upsample"), *(f"MaxUnpool{rank}d" for rank in (1, 2, 3))),
    **_each(Remedy("use nn.Upsample"), *(f"max_unpool{rank}d" for rank in (1, 2, 3))),
    **_each(_REMOVE, "AlphaDropout", "FeatureAlphaDropout", "alpha_dropout"),
    **_each(_REMOVE, "feature_alpha_dropout"),
    **_each(Remedy("put the parts together with torch.cat: what is written is lost"), "setitem"),
}
"""Calls that stay in float and are exported as custom operators.

Not listed, since a DPU rule decides them with more evidence or a remedy per target: SiLU, ELU,
SELU, CELU, Threshold, powers and torch.maximum. `zeros_like` is a constant.
"""

EINSUM_LINEAR = _kept(
    "einsum",
    exact("use nn.Linear with these weights, which computes the same", "einsum-to-linear"),
)
"""An einsum of a feature map and a weight matrix."""
SELECT = _kept("x[:, k] (select)", Remedy("write a slice, x[:, k:k + 1], which keeps the axis"))
"""An index with integers."""
ADVANCED_INDEX = _kept("an index of tensors, masks or lists", _SLICED)
RESIZES: Dict[str, InFloat] = {
    "bicubic": _kept("bicubic interpolation", approximate("use mode='bilinear' or 'nearest'")),
    "nearest-exact": _kept("mode='nearest-exact'", approximate("use mode='nearest'")),
}
"""Modes of an interpolation."""
CAST = InFloat(
    "a cast is not supported; releases 2.5 and 3.0 fail at casts of integers",
    Remedy("give the network inputs of the type that it computes with"),
)
TEXT_PADDING = InFloat(
    "padding={} is a string: releases 3.0 and 3.5 keep the whole convolution in float, and 2.5 "
    "fails",
    exact(
        "give the padding as numbers (for an even kernel and 'same' pad before it with "
        "nn.ZeroPad2d)",
        "numeric-padding",
    ),
)

_CUSTOM = (
    "the quantiser quantises it, but XIR has no operator for it: it becomes a custom operator, "
    "which needs your own implementation on the board"
)
CUSTOM: Dict[str, str] = dict.fromkeys(
    ("LayerNorm", "layer_norm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d")
    + ("instance_norm", "GroupNorm", "group_norm", "Mish", "mish", "clamp", "clamp_min")
    + ("clamp_max", "exp", "sqrt", "log_softmax", "LogSoftmax", "Embedding", "embedding", "repeat"),
    _CUSTOM,
)
"""Calls that are quantised (no FLOAT_OP) and become custom operators nevertheless."""
