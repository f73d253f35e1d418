"""Operators without an XIR equivalent, which the vendor's inspectors leave on the CPU."""

from __future__ import annotations

from typing import Callable, Dict, Iterator

from vai_inspect.core.ir import Op, Origin
from vai_inspect.core.ir.attrs import UnknownAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Remedy,
    Violation,
    approximate,
    constraint,
    exact,
)
from vai_inspect.rules.shared.cpu_only import BATCH_NORM
from vai_inspect.rules.shared.eltwise_constants import multiplies
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, graph, op
from vai_inspect.rules.shared.fusion import fuses
from vai_inspect.rules.shared.remedies import AT_AN_END

Suggest = Callable[[OpContext], Remedy]


def _of_torch(text: str, name: str) -> Example:
    before = conv_op((1, 32, 32, 16), name="conv")
    last = op("unknown", ["conv"], before.output.shape, UnknownAttrs(name))
    return Example(
        text, graph(data((1, 32, 32, 16)), before, last.replaced(origin=Origin("torch")))
    )


def _at_an_end(ctx: OpContext) -> Remedy:
    return AT_AN_END


def _adaptive(ctx: OpContext) -> Remedy:
    return approximate("use an output size that divides height and width of the input")


def _batch_norm(ctx: OpContext) -> Remedy:
    return BATCH_NORM


def _product(ctx: OpContext) -> Remedy:
    if multiplies(ctx.target):
        return exact("write a square as x * x", "square")
    return AT_AN_END


def _relu(ctx: OpContext) -> Remedy:
    if fuses("conv2d", "relu6")(ctx.target):
        return approximate(
            "use ReLU for a clamp at 0 and ReLU6 for one to 0 and 6, directly after a convolution"
        )
    return approximate("use ReLU for a clamp at 0, directly after a convolution")


_UNEVEN = "adaptiveavgpool2d"
_REFUSED: Dict[str, Suggest] = {
    **dict.fromkeys(("layernorm", "layernormalization"), _batch_norm),
    **dict.fromkeys(("pow", "power"), _product),
    **dict.fromkeys(("clamp", "clampmin", "clampmax", "clip", "hardtanh"), _relu),
    **dict.fromkeys(("sqrt", "embedding"), _at_an_end),
    _UNEVEN: _adaptive,
}
"""What to write instead, by the framework's name without case and `_`."""
_NONE = "{name} has no XIR operator; the inspectors leave it on the CPU"
_NONE_UNEVEN = (
    "{name} with a size that does not divide its input has no XIR operator; the inspectors leave "
    "it on the CPU"
)


def _key(node: Op) -> str:
    name = str(node.attributes()["framework_type"])
    return name.split("(")[0].replace("_", "").lower()


@constraint(
    "op.foreign",
    kinds=("unknown",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x PyTorch inspectors: cannot be converted to XIR; executed quantisers",
    passes=(),
    fails=(
        after_conv("layer normalisation", "unknown", UnknownAttrs("LayerNorm")),
        after_conv("a power", "unknown", UnknownAttrs("pow")),
        after_conv("a clamp", "unknown", UnknownAttrs("clamp")),
        _of_torch("a recurrent layer of PyTorch", "LSTM"),
    ),
    always=True,
)
def no_xir_op(ctx: OpContext) -> Iterator[Violation]:
    """Operators without an XIR equivalent are on the CPU: all for which the PyTorch parser has
    none (LSTM, log_softmax, einsum, ...), ONNX's own without one, and of any framework layer
    normalisations, powers, square roots, clamps and embeddings.

    Other operators of Keras without an XIR equivalent are unknown (op.unknown), unless the
    quantiser leaves them in float (op.float).
    """
    attrs, key = ctx.original.attrs, _key(ctx.original)
    opaque = not isinstance(attrs, UnknownAttrs) or attrs.opaque
    none_in_parser = ctx.original.origin.framework in ("torch", "onnx") and not opaque
    if ctx.original.float_only is None and (key in _REFUSED or none_in_parser):
        yield Violation(
            _NONE_UNEVEN if key == _UNEVEN else _NONE,
            name=ctx.attrs.framework_type,
            found=ctx.attrs.framework_type,
            remedy=_REFUSED.get(key, _at_an_end)(ctx),
        )


CONSTRAINTS = (no_xir_op,)
