"""Whatever the graph and the target: no rule fails, and every operator is on one device."""

from __future__ import annotations

import dataclasses
import random
import typing

import pytest

from tests.graphs import node
from vai_inspect.core.errors import GraphError
from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.ir import OPS, SOURCES, Graph, Op, Param, TensorType, Value, verify
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.ops import ShapeError, output_shape
from vai_inspect.core.passes import normalise
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.targets.lookup import lookup

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

TARGETS = [
    *registry.targets(),
    *(lookup(name) for family in registry.families() for name in family.example_targets),
]
SHAPES = [
    (1, 8, 8, 16),
    (4, 9, 7, 5),
    (1, 1, 1, 4096),
    (1, 4, 4, 4, 8),
    (1, 64),
    (1, 300, 260, 3),
    (2, 5, 16),
    (),
]
NUMBERS = (0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 15, 16, 17, 256, 257)
WORDS = ("FLOOR", "CONSTANT", "REFLECT", "SYMMETRIC", "NEAREST", "BILINEAR", "TRILINEAR", "EDGE")
USED = [name for name in OPS if name not in SOURCES and name != "return"]
WEIGHTED = ("conv", "inner-product")
QUIET = {"pad": 0, "output_padding": 0, "dilation": 1, "multiplier": 1, "group": 1}
"""What most operators have, so that graphs are not on the CPU as a whole."""
COMMON = ("conv2d", "depthwise-conv2d", "relu", "add", "concat", "maxpool2d", "avgpool2d", "mul")
COMMON += ("transposed-conv2d", "resize", "reshape", "flatten", "hard-swish", "leaky-relu", "pad")


def value(dice, hint, name, rank):
    """A value of a field of an attribute set, by its annotation."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        if parts[-1] is Ellipsis:
            count = 2 * rank if name == "paddings" else dice.choice((rank, rank - 2, 1, 0))
            parts = (parts[0],) * max(0, count)
        return tuple(value(dice, part, name, rank) for part in parts)
    if hint is bool:
        return dice.random() < 0.5
    if hint is float:
        return dice.choice((0.0, 0.1, 26 / 256, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0))
    if hint is str:
        return dice.choice(WORDS)
    if name in ("axis", "start_axis", "end_axis", "order"):
        return dice.randrange(-rank, rank) if rank else 0
    number = dice.choice(NUMBERS if dice.random() < 0.2 else (1, 1, 2, 3))
    if name in QUIET and dice.random() < 0.8:
        return QUIET[name]
    if name in ("kernel", "stride", "dilation", "group", "multiplier", "scale", "strides"):
        return max(1, number)
    return number


def attributes(dice, kind, rank):
    """The attribute set of a kind with random values."""
    made = OPS[kind].attrs
    hints = typing.get_type_hints(made)
    fields = {
        field.name: value(dice, hints[field.name], field.name, rank)
        for field in dataclasses.fields(made)
    }
    if kind == "transpose":
        fields["order"] = tuple(dice.sample(range(rank), rank))
    if "pad_mode" in fields:
        fields["pad_mode"] = "FLOOR"
    return made(**fields)


def weights(dice, kind, attrs, channels):
    oc = dice.choice((1, 16, 64, 4097, channels))
    if "depthwise" in kind:
        return (getattr(attrs, "multiplier", 1), 1, 1, channels)
    return (oc, 1, 1, max(1, channels // getattr(attrs, "group", 1)))


def an_operator(dice, number, ops):
    """An operator that reads some before it, or None where these attributes do not fit."""
    kind = dice.choice(USED if dice.random() < 0.4 else COMMON)
    sources = [dice.choice(ops[-5:])]
    if kind in ("add", "mul", "sub", "div", "min", "max", "concat", "stack", "matmul"):
        sources.append(dice.choice(ops[-5:]))
    shapes = [one.output.shape for one in sources]
    if not shapes[0] and OPS[kind].attrs is not a.NoAttrs:
        return None
    attrs = attributes(dice, kind, len(shapes[0]))
    params = {}
    if kind.startswith(WEIGHTED) or "conv" in kind:
        params["weights"] = weights(dice, kind, attrs, shapes[0][-1] if shapes[0] else 1)
    try:
        shape = output_shape(kind, attrs, shapes, params)
    except (ShapeError, GraphError):
        return None
    return Op(
        "op{}".format(number),
        kind,
        attrs,
        tuple(Value(one.name) for one in sources),
        (TensorType(shapes[0] if shape is None else shape),),
        tuple(Param(role, TensorType(size)) for role, size in params.items()),
    )


def any_graph(seed, size):
    dice = random.Random(seed)
    ops = [node("data", "data", shape=dice.choice(SHAPES))]
    ops.append(node("const", "const", shape=dice.choice(((1,), (16,), (1, 8, 8, 16)))))
    for number in range(size):
        made = an_operator(dice, number, ops)
        if made is None:
            continue
        try:
            verify(Graph("any", [*ops, made]))
        except GraphError:
            continue
        ops.append(made)
    read = {one.op for op in ops for one in op.inputs}
    for number, op in enumerate([op for op in ops if op.name not in read]):
        ops.append(node("return{}".format(number), "return", [op.name], op.output.shape))
    return Graph("any", ops)


@given(st.integers(0, 2**32), st.integers(1, 25), st.sampled_from(TARGETS))
@settings(max_examples=400, deadline=None)
def test_any_graph_on_any_target(seed, size, target):
    graph = any_graph(seed, size)
    try:
        graph = normalise(graph)
    except GraphError:
        hypothesis.reject()
    evaluated = evaluate(registry.family(target.family), target, graph)
    placement = evaluated.placement
    assert evaluated.warnings == ()
    assert set(placement.devices) == {op.name for op in graph}
    for op in graph:
        device, found = placement.devices[op.name], placement.findings.get(op.name, ())
        assert (device is Device.USER) is (op.kind in ("data", "return"))
        if op.kind != "const":
            assert (device is Device.CPU) is bool(found)
        for finding in found:
            assert finding.message
            assert finding.verdict is not Verdict.SUPPORTED
            assert finding.constraint.startswith(target.family + ".")
            assert finding.follows is None or finding.follows in graph


def test_the_graphs_are_not_trivial():
    """Most kinds come up, and the rules let some of them pass."""
    graphs = [any_graph(seed, 25) for seed in range(120)]
    kinds = {op.kind for graph in graphs for op in graph}
    assert len(kinds) > 0.8 * len(USED)
    assert sum(len(graph) for graph in graphs) > 1000
    assert {"conv2d", "depthwise-conv2d", "concat", "transpose", "resize", "maxpool2d"} <= kinds


def test_attributes_of_every_kind_can_be_made():
    dice = random.Random(0)
    for kind in USED:
        assert isinstance(attributes(dice, kind, 4), a.Attrs)
