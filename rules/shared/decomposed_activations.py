"""Activations that a model writes out with other operators, and that no compiler recognises."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.engine.constraint import constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, where
from vai_inspect.rules.shared.eltwise import multiplies
from vai_inspect.rules.shared.examples import between_convs, const, conv_op, data, graph, op

SHAPE = (1, 30, 30, 16)
CLAMPS = ("relu6", "hard-tanh")


def _written(text: str, judged: str) -> Example:
    """x * relu6(x + 3) / 6 behind a convolution."""
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
        judged,
    )


@constraint(
    "hard_swish.written_out",
    kinds=("add", "relu6", "hard-tanh", "div"),
    evidence=Evidence.COMPILED,
    source="compiled models for DPUCZDX8G B2304: six DPU subgraphs in place of one",
    seen_on=("czdx8g",),
    passes=(
        between_convs("a sum of two feature maps", "add"),
        where(multiplies, _written("the product x * relu6(x + 3)", "product")),
    ),
    fails=(
        _written("x + 3", "sum"),
        _written("relu6(x + 3)", "clamp"),
        _written("x * relu6(x + 3) / 6", "quotient"),
    ),
    cure="use nn.Hardswish or keras.activations.hard_swish in its place, right behind a "
    "convolution where the DPU fuses it",
)
def written_out(site: Site) -> Iterator[Problem]:
    """It is no sum, clamp or quotient of a hard-swish that is written out as x * relu6(x + 3) / 6,
    which no compiler recognises; the Keras quantiser does before it.

    The product runs on the DPU: six DPU subgraphs in a compiled MBConv block (B2304, 3.0.0).
    """
    clamp = _clamp_of(site.original, site.graph)
    if clamp is not None:
        yield Problem(
            "it is a part of a hard-swish written out around {}, which the compiler does not "
            "recognise".format(clamp.name),
            found=site.op.kind,
            limit="hard-swish as one operator",
        )


def _clamp_of(node: Op, whole: Graph) -> Optional[Op]:
    """Returns the clamp of the written-out hard-swish that an operator belongs to."""
    for near in _neighbours(node, whole):
        if near.kind in CLAMPS and any(node.name == part.name for part in _parts(near, whole)):
            return near
    return None


def _neighbours(node: Op, whole: Graph) -> Iterator[Op]:
    """Yields the operator and those at most two steps away."""
    yield node
    for step in (whole.producers, whole.consumers):
        for near in step(node):
            yield near
            yield from step(near)


def _parts(clamp: Op, whole: Graph) -> Tuple[Op, ...]:
    """Returns the operators of a written-out hard-swish around its clamp; none if it is not one."""
    (shifted,) = whole.producers(clamp)[:1]
    if shifted.kind != "add":
        return ()
    source = [value for value in shifted.inputs if whole[value.op].kind != "const"]
    if len(source) != 1 or len(source) == len(shifted.inputs):
        return ()
    for reader in whole.consumers(clamp):
        scaled = reader if reader.kind == "div" else None
        for product in whole.consumers(reader) if scaled is not None else (reader,):
            if product.kind == "mul" and source[0] in product.inputs:
                behind = [one for one in whole.consumers(product) if one.kind == "div"]
                parts = [shifted, clamp, product, *behind]
                return (*parts, scaled) if scaled is not None else tuple(parts)
    return ()


CONSTRAINTS = (written_out,)
