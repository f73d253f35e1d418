"""Activations in place of others."""

from __future__ import annotations

import dataclasses
from typing import Callable, Sequence

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.core.ir.attrs import Attrs, LeakyReluAttrs, NoAttrs, ResizeAttrs
from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.rules.rewrites.arithmetic import scaled
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite

HARD_SWISH = {
    "torch": "use nn.Hardswish",
    "keras": "write x * relu6(x + 3) * (1 / 6), with ReLU(6) and Multiply layers",
    "onnx": "use HardSwish, in the framework that the file comes from",
}
HARD_SIGMOID = {
    "torch": "use nn.Hardsigmoid",
    "keras": "write relu6(x + 3) * (1 / 6), with a ReLU(6) layer",
    "onnx": "use HardSigmoid with alpha 1/6, in the framework that the file comes from",
}
LEAKY = {
    "torch": "use nn.LeakyReLU(26 / 256)",
    "keras": "use LeakyReLU(negative_slope=26 / 256)",
    "onnx": "use LeakyRelu with alpha 26 / 256, in the framework that the file comes from",
}
RELU = {
    "torch": "use ReLU",
    "keras": "use ReLU",
    "onnx": "use Relu, in the framework that the file comes from",
}


def becomes(kinds: Sequence[str], kind: str, attrs: Attrs) -> Callable[[Graph, Op], Change]:
    """Returns a change of operators of some kinds into one of another kind."""

    def change(graph: Graph, op: Op) -> Change:
        if op.kind not in kinds or op.kind == kind and op.attrs == attrs:
            return None
        new = op.quantised(
            kind=kind,
            attrs=attrs,
            inputs=op.inputs[:1],
            params=(),
        )
        return {op.name: (new,)}

    return change


def relu_after_shared_sum(graph: Graph, op: Op) -> Change:
    """ReLU after an identity batch norm, after a sum that others read too."""
    before = graph.producer(op)
    changed = becomes(SUMMED, "relu", NoAttrs())(graph, op)
    if changed is None or before is None or op.origin.framework != "torch":
        return None
    if before.kind != "add" or len(graph.consumers(before)) < 2 or op.output.rank != 4:
        return None
    norm = scaled(op.name + "/norm", op.inputs[0], before.output, op)
    return {
        op.name: (norm, *(one.replaced(inputs=(Value(norm.name),)) for one in changed[op.name]))
    }


def softplus(graph: Graph, op: Op) -> Change:
    """Softplus becomes ReLU."""
    if str(getattr(op.attrs, "framework_type", "")).lower() != "softplus":
        return None
    new = op.quantised(kind="relu", attrs=NoAttrs(), inputs=op.inputs[:1])
    return {op.name: (new,)}


def align_corners(graph: Graph, op: Op) -> Change:
    """A resize with aligned corners becomes one with half-pixel centres."""
    if not isinstance(op.attrs, ResizeAttrs) or not op.attrs.align_corners:
        return None
    attrs = dataclasses.replace(op.attrs, align_corners=False, half_pixel_centers=True)
    return {op.name: (op.quantised(attrs=attrs),)}


def _approximate(
    name: str, kinds: Sequence[str], kind: str, attrs: Attrs, advice: "dict[str, str]", source: str
) -> Rewrite:
    return Rewrite(name, Effect.APPROXIMATE, becomes(kinds, kind, attrs), advice, source)


SMOOTH = ("swish", "gelu", "mish")
SLOPED = ("leaky-relu", "prelu", "elu", "celu", "selu")
SUMMED = ("hard-swish", "relu6", "threshold", *SLOPED, *SMOOTH)
REWRITES = (
    _approximate(
        "swish", ("swish",), "hard-swish", NoAttrs(), HARD_SWISH,
        "the usual swap; the vendor's Keras quantiser does it itself",
    ),
    _approximate("gelu", ("gelu",), "hard-swish", NoAttrs(), HARD_SWISH, "users' projects"),
    _approximate("mish", ("mish",), "hard-swish", NoAttrs(), HARD_SWISH, "users' projects"),
    Rewrite("softplus", Effect.APPROXIMATE, softplus, RELU, "users' projects"),
    Rewrite(
        "align-corners", Effect.APPROXIMATE, align_corners,
        {
            "torch": "use align_corners=False",
            "keras": "use UpSampling2D, whose pixels have half-pixel centres",
            "onnx": "use Resize with half_pixel, in the framework that the file comes from",
        },
        "observed",
    ),
    _approximate(
        "sigmoid", ("sigmoid",), "hard-sigmoid", NoAttrs(), HARD_SIGMOID,
        "the vendor's option ConvertSigmoidToHardSigmoid",
    ),
    _approximate(
        "leaky", (*SLOPED, *SMOOTH), "leaky-relu", LeakyReluAttrs(SLOPE), LEAKY,
        "the vendor's option ConvertLeakyReluToDPUVersion",
    ),
    _approximate(
        "relu-after-sum", SUMMED, "relu", NoAttrs(), RELU, "only ReLU is fused after a sum",
    ),
    Rewrite(
        "relu-after-shared-sum", Effect.APPROXIMATE, relu_after_shared_sum,
        {
            "torch": "put an nn.BatchNorm2d between and use ReLU, which it fuses",
            "onnx": "put a batch norm between and use ReLU, in the framework that the file is from",
        },
        "the mechanism of batch-norm-between",
    ),
)  # fmt: skip
