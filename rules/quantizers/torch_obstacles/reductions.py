"""Means and maxima by the form of the call."""

from __future__ import annotations

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.rules.quantizers.effects import fails, left_in_float, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls
from vai_inspect.rules.quantizers.sketch import example

_LATER = {
    "3.0": left_in_float("quantise", "it stays in float as aten::mean", "FLOAT_OP"),
    "3.5": fails("trace", "its wrapper of mean requires dim", "PYTORCH_TRACE"),
}


@obstacle(
    "torch.reductions.mean_without_dim",
    effects={
        "2.5": fails("quantise", "calibration stops with a RuntimeError", "RuntimeError"),
        **_LATER,
    },
    remedy=exact(
        "write dim=..., for the whole tensor all axes; of a map use mean((2, 3)) or "
        "nn.AdaptiveAvgPool2d(1)",
        "mean-with-dim",
    ),
    source=EXECUTED,
    passes=(example("mean((2, 3))", lambda s: s.call("mean", "reduction_mean")),),
    fails=(
        example("mean()", lambda s: s.call("mean", "reduction_mean", reduced="whole")),
        example(
            "mean(axis=(2, 3))",
            lambda s: s.call("mean", "reduction_mean", reduced="by axis"),
            "3.0",
            "3.5",
        ),
    ),
)
@each(calls("mean"))
def mean_without_dim(scene: Scene, op: Op) -> Found:
    """A mean without `dim`: over the whole tensor, or with `axis=`."""
    how = call_of(op).argument("reduced")
    if how == "whole":
        return "mean() has no dim"
    if how == "by axis":
        return Hit((op.name,), "mean has axis= in place of dim=", effects=_LATER)
    return None


@obstacle(
    "torch.reductions.max_of_two",
    effects=since_3(
        left_in_float("quantise", "a parse error is printed; it stays in float", "FLOAT_OP"),
        fails("quantise", "it stops with a TypeError", "TypeError"),
    ),
    remedy=exact(
        "use torch.relu(a - b) + b, with a 1x1 depthwise convolution of -1 for the negation (a "
        "subtraction runs on the CPU)",
        "max-to-relu",
    ),
    source=EXECUTED,
    passes=(example("max(dim)", lambda s: s.call("max", "reduction_max")),),
    fails=(
        example(
            "torch.max(a, b)",
            lambda s: s.call("max", "max", [s.conv(), s.conv("input")]),
        ),
    ),
)
@each(calls("max"))
def max_of_two(scene: Scene, op: Op) -> Found:
    """The maximum of two tensors by torch.max."""
    return "torch.max compares two tensors" if op.kind == "max" else None


RULES = (mean_without_dim, max_of_two)
