"""Calls that are not quantised, or quantised without an XIR operator: custom operators."""

from __future__ import annotations

from typing import Dict, Optional, Union

from vai_inspect.core.findings import Remedy, approximate, exact
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import PadAttrs
from vai_inspect.rules.quantizers.effects import in_all, left_in_float
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls, described, kinds
from vai_inspect.rules.quantizers.sketch import Draw, example

_IN_FLOAT = "it stays in float, a custom operator that the CPU runs"
_SLICE = Remedy("write a slice, x[:, k:k + 1], which keeps the axis")
_POOL = exact("use nn.MaxPool2d with the window as kernel and stride")
_BILINEAR = approximate("use mode='bilinear' or 'nearest'")
_ZEROS = approximate("pad with zeros")
_SWISH = approximate("use nn.Hardswish, which is close to it", "swish")
_MATRIX = exact("use a Linear where one operand is a parameter", "einsum-to-linear")
_PERMUTED = exact("use a 1x1 convolution with a permutation as weights", "shuffle-to-convolution")
_BROADCAST = exact("leave it out where its reader broadcasts", "drop-expand")
_SMALLER = exact("use torch.relu(a - b) + b for the larger, a - torch.relu(a - b) for the smaller")


def _names(remedy: Union[str, Remedy, None], *names: str) -> Dict[str, Optional[Remedy]]:
    return dict.fromkeys(names, Remedy(remedy) if isinstance(remedy, str) else remedy)


FLOAT: Dict[str, Optional[Remedy]] = {
    **_names(_SWISH, "SiLU", "silu"),
    **_names(
        approximate("use nn.ReLU or nn.LeakyReLU", "leaky"),
        "ELU",
        "elu",
        "SELU",
        "selu",
        "CELU",
        "celu",
    ),
    **_names(approximate("use nn.ReLU"), "Softplus", "softplus", "Threshold", "threshold"),
    **_names(None, "LogSigmoid", "logsigmoid", "log_sigmoid", "RReLU", "rrelu"),
    **_names(exact("write a * torch.sigmoid(b) of the two halves"), "GLU", "glu"),
    **_names(exact("multiply it with itself", "square"), "pow", "square"),
    **_names(None, "abs", "sign", "std", "var", "cumsum", "roll", "flip"),
    **_names(_MATRIX, "einsum", "Bilinear", "bilinear"),
    **_names(None, "grid_sample", "Unfold", "unfold", "im2col", "normalize", "argmax"),
    **_names(_PERMUTED, "ChannelShuffle"),
    **_names(_PERMUTED, "channel_shuffle"),
    **_names("use torch.cat along an axis that the tensors have", "stack"),
    **_names(_BROADCAST, "expand", "expand_as", "broadcast_to"),
    **_names(_SLICE, "select"),
    **_names("write slices, or a 1x1 convolution that selects", "index", "index_select"),
    **_names("give it as an input", "zeros_like", "rand", "rand_like", "randn", "randn_like"),
    **_names("multiply by a constant instead", "reciprocal"),
    **_names(_POOL, "AdaptiveMaxPool2d", "adaptive_max_pool2d"),
    **_names("use nn.MaxPool2d", "FractionalMaxPool2d", "fractional_max_pool2d"),
    **_names("use nn.Upsample", "MaxUnpool2d", "max_unpool2d"),
    **_names(
        exact("remove it from the deployed model", "drop-noise"), "AlphaDropout", "alpha_dropout"
    ),
    **_names(_SMALLER, "maximum", "minimum"),
    **_names("use one result of max(dim), or do it on the host", "topk", "sort"),
}
"""Functions and modules that stay in float in every release, with remedies."""


@obstacle(
    "torch.in_float.unquantised",
    effects=in_all(left_in_float("quantise", _IN_FLOAT, "FLOAT_OP")),
    source=EXECUTED,
    passes=(
        example("nn.ReLU", lambda s: s.layer("ReLU", "relu")),
        example("x / 2", lambda s: s.call("div", "div", [s.conv(), s.constant(number=2.0)])),
    ),
    fails=(
        example("nn.SiLU", lambda s: s.layer("SiLU", "swish")),
        example("x.abs()", lambda s: s.call("abs")),
        example("x[:, 0]", lambda s: s.call("getitem", "squeeze")),
        example("1 / x", lambda s: s.call("div", "div", [s.constant(number=1.0), s.conv()])),
        example("bicubic", lambda s: s.call("interpolate", "resize", mode="bicubic")),
        example(
            "padding_mode='circular'",
            lambda s: s.layer("Conv2d", "pad", attrs=PadAttrs((0,) * 8, "WRAP")),
        ),
    ),
    explains_float=True,
)
@each(calls())
def unquantised(scene: Scene, op: Op) -> Found:
    """A function or module that the quantiser does not support."""
    if op.name in scene.joined and op.kind != "identity":
        return None
    if described(op) in FLOAT:
        return Hit((op.name,), f"{described(op)} is not supported", FLOAT[described(op)])
    if described(op) == "getitem" and op.kind in ("squeeze", "unknown"):
        what = "x[:, k] (select)" if op.kind == "squeeze" else "this index"
        return Hit((op.name,), f"{what} is not supported", _SLICE)
    if call_of(op).argument("mode") in ("bicubic", "nearest-exact"):
        mode = str(call_of(op).argument("mode"))
        return Hit((op.name,), f"mode={mode!r} is not supported", _BILINEAR)
    if isinstance(op.attrs, PadAttrs) and op.attrs.mode == "WRAP":
        return Hit((op.name,), "padding_mode='circular' is not supported", _ZEROS)
    if op.kind == "div" and _of_number(scene, op):
        return "a number divided by a tensor (reciprocal) is not supported"
    if op.name in scene.in_float:
        reason, remedy = scene.in_float[op.name]
        return Hit((op.name,), reason, remedy)
    return None


def _of_number(scene: Scene, op: Op) -> bool:
    """Returns whether the first operand is a number of the user's."""
    first = scene.graph.producer(op)
    return first is not None and getattr(first.attrs, "number", None) is not None


CUSTOM = frozenset(
    ("LayerNorm", "layer_norm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d")
    + ("instance_norm", "GroupNorm", "group_norm", "Mish", "mish", "clamp", "clamp_min")
    + ("clamp_max", "clip", "exp", "log_softmax", "LogSoftmax", "Embedding", "embedding")
    + ("repeat",)
)
_CUSTOM = (
    "it has no XIR operator and becomes a custom operator, which needs your own implementation on "
    "the board"
)


@obstacle(
    "torch.in_float.custom_operator",
    effects=in_all(left_in_float("export", _CUSTOM)),
    remedy="use BatchNorm2d in place of other norms, ReLU or Hardtanh(0, 6) in place of clamp",
    source=EXECUTED + "; Vitis-AI issue 1356",
    passes=(example("nn.BatchNorm2d", lambda s: s.layer("BatchNorm2d", "batchnorm")),),
    fails=(
        example("nn.LayerNorm", lambda s: s.layer("LayerNorm", "unknown", params=("weight",))),
        example("nn.GroupNorm", lambda s: s.layer("GroupNorm", "groupnorm")),
        example("clamp(0, 6)", lambda s: s.call("clamp", "unknown")),
    ),
)
@each(calls(*CUSTOM, "Hardtanh", "hardtanh", "sqrt"))
def custom_operator(scene: Scene, op: Op) -> Found:
    """A function that is quantised although it has no XIR operator."""
    name = described(op)
    wide = name in ("Hardtanh", "hardtanh") and op.kind != "relu6"
    late = name == "sqrt" and scene.release == "3.5"
    return f"{name} is quantised" if name in CUSTOM or wide or late else None


def _pad(mode: str) -> Draw:
    return lambda s: s.layer("ZeroPad2d", "pad", attrs=PadAttrs((0,) * 8, mode))


_PADS = left_in_float("quantise", "aten::pad stays in float before its reader", "FLOAT_OP")


@obstacle(
    "torch.in_float.pad",
    effects={"2.5": _PADS, "3.0": _PADS},
    remedy="give the padding to the convolution, as numbers and with zeros, or use release 3.5",
    source=EXECUTED,
    passes=(example("padding of a convolution", lambda s: s.conv()),),
    fails=(example("nn.ZeroPad2d", _pad("CONSTANT")), example("reflection", _pad("REFLECT"))),
    decides=True,
)
@each(kinds("pad"))
def pad(scene: Scene, op: Op) -> Found:
    """A separate pad, or a convolution with another padding_mode; 3.5 quantises it."""
    if isinstance(op.attrs, PadAttrs) and op.attrs.mode != "WRAP":
        return f"{described(op)} pads before its reader"
    return None


_OLD = left_in_float("quantise", _IN_FLOAT, "FLOAT_OP")


@obstacle(
    "torch.in_float.products",
    effects={"2.5": _OLD, "3.0": _OLD},
    remedy="use release 3.5",
    source=EXECUTED,
    passes=(example("nn.Linear", lambda s: s.layer("Linear", "inner-product")),),
    fails=(
        example(
            "a @ b",
            lambda s: (
                s.input((1, 8, 8)),
                s.call("matmul", "matmul", ["input", s.layer("Linear", "inner-product")]),
            ),
        ),
    ),
    decides=True,
)
@each(calls("matmul", "bmm", "baddbmm"))
def products(scene: Scene, op: Op) -> Found:
    """A matrix product of two activations; 3.5 writes it as matmul."""
    return f"{described(op)} multiplies two activations" if op.kind == "matmul" else None


@obstacle(
    "torch.in_float.later_activations",
    effects={"2.5": _OLD},
    remedy="use nn.ReLU or nn.LeakyReLU, or release 3.0",
    source=EXECUTED,
    passes=(example("nn.ReLU", lambda s: s.layer("ReLU", "relu")),),
    fails=(
        example("nn.PReLU", lambda s: s.layer("PReLU", "prelu")),
        example("nn.GELU", lambda s: s.layer("GELU", "gelu")),
    ),
    decides=True,
)
@each(calls("PReLU", "prelu", "GELU", "gelu", "Mish", "mish"))
def later_activations(scene: Scene, op: Op) -> Found:
    """PReLU, GELU and Mish in release 2.5."""
    return f"{described(op)} is not supported"


RULES = (custom_operator, pad, products, later_activations)
LAST = (unquantised,)
"""Fallback rules, for operators that no other rule covers."""
