"""Every operator kind through all that reads its definition."""

from __future__ import annotations

import dataclasses
import random

import pytest

from tests.graphs import node
from tests.rules.test_any_graph import SHAPES, USED, attributes, weights
from vai_inspect.core.cost import count_macs
from vai_inspect.core.errors import GraphError
from vai_inspect.core.ir import OPS, Graph, Op, Param, TensorType, Trait, Value, verify
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.ops import Received, ShapeError
from vai_inspect.frontends.layout import Assembled, channels_last
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.targets.lookup import lookup

JOINS = ("concat", "stack", "matmul")


def counted_from_the_front(attrs, rank):
    """The axes as frontends give them."""
    changes = {}
    for field in dataclasses.fields(attrs):
        if field.name in ("axis", "start_axis", "end_axis"):
            axis = getattr(attrs, field.name)
            several = isinstance(axis, tuple)
            changes[field.name] = tuple({at % rank for at in axis}) if several else axis % rank
    return dataclasses.replace(attrs, **changes)


def as_pytorch_has_it(graph):
    """The graph of an operator that works channels last, with PyTorch's order of axes."""
    if Trait.CHANNELS_LAST not in OPS[graph["op"].kind].traits or graph["op"].output.rank < 3:
        return graph
    moved = []
    for op in graph:
        shape = op.output.shape
        first = TensorType((shape[0], shape[-1], *shape[1:-1]))
        attrs = a.TensorAttrs(first.shape) if op.kind == "data" else op.attrs
        moved.append(op.replaced(outputs=(first,), attrs=attrs))
    return Graph(graph.name, moved)


def networks(kind, attempts=4000):
    """Yields small sound graphs around an operator of a kind, on inputs of several ranks."""
    dice, found = random.Random(kind), set()
    for _ in range(attempts):
        first = node("data", "data", shape=dice.choice(SHAPES[:-1]))
        shape = first.output.shape
        attrs = counted_from_the_front(attributes(dice, kind, len(shape)), len(shape))
        if kind == "strided_slice":
            attrs = a.StridedSliceAttrs((0,) * len(shape), shape, (1,) * len(shape))
        params = {}
        if "conv" in kind or kind == "inner-product":
            params["weights"] = weights(dice, kind, attrs, shape[-1])
        inputs = ["data"] * (2 if kind in JOINS or Trait.ELEMENTWISE in OPS[kind].traits else 1)
        try:
            given = OPS[kind].output_shape(Received(attrs, (shape,) * len(inputs), params))
        except ShapeError:
            continue
        op = Op(
            "op",
            kind,
            attrs,
            tuple(map(Value, inputs)),
            (TensorType(shape if given is None else given),),
            tuple(Param(role, TensorType(size)) for role, size in params.items()),
        )
        if len(shape) not in found and min(op.output.shape, default=1) > 0:
            found.add(len(shape))
            end = node("return", "return", ["op"], op.output.shape)
            yield Graph(kind, [first, op, end]), given is not None


KINDS = sorted(USED)


@pytest.mark.parametrize("kind", KINDS)
def test_verifier_costs_layout_and_rules_take_every_kind(kind):
    made = list(networks(kind))
    assert made
    for graph, determined in made:
        assert verify(graph) is graph
        op = graph["op"]
        if determined:
            other = op.replaced(outputs=(TensorType((*op.output.shape, 7)),))
            with pytest.raises(GraphError, match="by its definition"):
                verify(Graph(kind, [graph["data"], other]))
        count = count_macs(op, graph)
        assert (count.count is None) is bool(count.unknown)
        laid_out, _ = channels_last(Assembled(as_pytorch_has_it(graph), frozenset()))
        after = [one.output for one in verify(laid_out) if one.kind == "return"]
        assert sum(one.elements for one in after) == op.output.elements
        for family in registry.families():
            found = evaluate(family, lookup(family.example_targets[0]), graph)
            assert found.warnings == ()


@pytest.mark.parametrize("kind", KINDS)
def test_traits_agree(kind):
    traits = OPS[kind].traits
    orders = {Trait.ELEMENTWISE, Trait.CHANNELS_LAST, Trait.NAMES_AXES, Trait.REDUCES}
    assert len(traits & (orders | {Trait.RESHAPES})) <= 1
    if Trait.RESHAPES in traits:
        assert Trait.KEEPS_ELEMENTS in traits
    if Trait.FUSED_ACTIVATION in traits:
        assert Trait.SAME_SHAPE in traits
