"""Activations in place of others."""

from __future__ import annotations

from typing import Callable, Sequence

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import Attrs, LeakyReluAttrs, NoAttrs
from vai_inspect.rules.quantizers.torch import SLOPE
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite

HARD_SWISH = {"torch": "use nn.Hardswish", "keras": "use keras.activations.hard_swish"}
HARD_SIGMOID = {"torch": "use nn.Hardsigmoid", "keras": "use keras.activations.hard_sigmoid"}
LEAKY = {
    "torch": "use nn.LeakyReLU(26 / 256)",
    "keras": "use LeakyReLU(negative_slope=26 / 256)",
}
RELU = {"torch": "use ReLU", "keras": "use ReLU"}


def becomes(kinds: Sequence[str], kind: str, attrs: Attrs) -> Callable[[Graph, Op], Change]:
    """Returns a change of operators of some kinds into one of another kind."""

    def change(graph: Graph, op: Op) -> Change:
        if op.kind not in kinds or op.kind == kind and op.attrs == attrs:
            return None
        new = op.replaced(
            kind=kind,
            attrs=attrs,
            inputs=op.inputs[:1],
            params=(),
            float_only=None,
            float_remedy=None,
        )
        return {op.name: (new,)}

    return change


def _approximate(
    name: str, kinds: Sequence[str], kind: str, attrs: Attrs, advice: "dict[str, str]", source: str
) -> Rewrite:
    return Rewrite(name, Effect.APPROXIMATE, becomes(kinds, kind, attrs), advice, source)


SMOOTH = ("swish", "gelu", "mish")
SLOPED = ("leaky-relu", "prelu", "elu", "celu", "selu")
REWRITES = (
    _approximate(
        "swish", SMOOTH, "hard-swish", NoAttrs(), HARD_SWISH,
        "the usual swap; the vendor's Keras quantiser does it itself",
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
        "relu-after-sum", ("hard-swish", "relu6", "threshold", *SLOPED, *SMOOTH), "relu",
        NoAttrs(), RELU, "only ReLU is fused after a sum",
    ),
)  # fmt: skip
