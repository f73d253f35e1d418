"""Activations that a model composes of other operators, which no compiler recognises."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Violation,
    constraint,
    exact,
    where,
)
from vai_inspect.rules.shared.eltwise_constants import multiplies
from vai_inspect.rules.shared.examples import between_convs, const, conv_op, data, graph, op

SHAPE = (1, 30, 30, 16)
CLAMPS = ("relu6", "hard-tanh")


def _written(text: str, checked: str) -> Example:
    """x * relu6(x + 3) / 6 after a convolution."""
    return Example(
        text,
        graph(
            data((1, 32, 32, 16)),
            conv_op((1, 32, 32, 16), name="conv"),
            const((1,), "three"),
            op("add", ["conv", "three"], SHAPE, name="sum"),
            op("relu6", ["sum"], SHAPE, name="clamp"),
            op("mul", ["conv", "clamp"], SHAPE, name="product"),
            const((1,), "six"),
            op("div", ["product", "six"], SHAPE, name="quotient"),
        ),
        checked,
    )


@constraint(
    "hard_swish.written_out",
    kinds=("add", "relu6", "hard-tanh", "div"),
    evidence=Evidence.INFERRED,
    source="concluded from compiled models of another DPU: six DPU subgraphs instead of one",
    passes=(
        between_convs("a sum of two feature maps", "add"),
        where(multiplies, _written("the product x * relu6(x + 3)", "product")),
    ),
    fails=(
        _written("x + 3", "sum"),
        _written("relu6(x + 3)", "clamp"),
        _written("x * relu6(x + 3) / 6", "quotient"),
    ),
    remedy=exact(
        "use nn.Hardswish, or for Keras x * relu6(x + 3) * (1 / 6) with ReLU(6) and Multiply "
        "layers, directly after a convolution where the DPU fuses it",
        "hardswish-module",
    ),
)
def written_out(ctx: OpContext) -> Iterator[Violation]:
    """It is no sum, clamp or quotient of a hard-swish written as x * relu6(x + 3) / 6, which no
    compiler recognises; the Keras quantiser recognises it before the compiler.

    The product runs on the DPU: six DPU subgraphs in a compiled MBConv block (B2304, 3.0.0).
    """
    clamp = _clamp_of(ctx.original, ctx.graph)
    if clamp is not None:
        yield Violation(
            "it is part of a decomposed hard-swish around {clamp:op}, which the compiler does not "
            "recognise",
            clamp=clamp.name,
            found=ctx.op.kind,
            limit="hard-swish as one operator",
        )


def _clamp_of(node: Op, network: Graph) -> Optional[Op]:
    """Returns the clamp of the written-out hard-swish that an operator belongs to."""
    for near in _neighbours(node, network):
        if near.kind in CLAMPS and any(node.name == part.name for part in parts_of(near, network)):
            return near
    return None


def _neighbours(node: Op, network: Graph) -> Iterator[Op]:
    """Yields the operator and those at most two steps away."""
    yield node
    for step in (network.producers, network.consumers):
        for near in step(node):
            yield near
            yield from step(near)


def parts_of(clamp: Op, network: Graph) -> Tuple[Op, ...]:
    """Returns the operators of a written-out hard-swish around its clamp; none if it is not one."""
    (shifted,) = network.producers(clamp)[:1]
    if shifted.kind != "add":
        return ()
    source = [value for value in shifted.inputs if network[value.op].kind != "const"]
    if len(source) != 1 or len(source) == len(shifted.inputs):
        return ()
    for reader in network.consumers(clamp):
        scaled = reader if _divides_by_six(reader, network) else None
        for product in network.consumers(reader) if scaled is not None else (reader,):
            if product.kind == "mul" and source[0] in product.inputs:
                after = [one for one in network.consumers(product) if _divides_by_six(one, network)]
                parts = [shifted, clamp, product, *after]
                return (*parts, scaled) if scaled is not None else tuple(parts)
    return ()


def _divides_by_six(node: Op, whole: Graph) -> bool:
    """Returns whether an operator is a division, or a product with 1/6, as tf2onnx writes it."""
    if node.kind == "div":
        return True
    factors = [getattr(one.attrs, "number", None) for one in whole.producers(node)]
    return node.kind == "mul" and any(
        one is not None and abs(one * 6 - 1) < 1e-3 for one in factors
    )


CONSTRAINTS = (written_out,)
