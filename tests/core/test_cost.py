from __future__ import annotations

import dataclasses

import pytest

from tests.graphs import SHAPE, conv, node
from vai_inspect.core.cost import count_macs, macs
from vai_inspect.core.ir import OPS, Graph, Op, TensorType, Value
from vai_inspect.core.ir import attrs as a

CASES = {
    "3x3 convolution": (
        conv("x", "in", kernel=(3, 3), pad=(1, 1, 1, 1), oc=32),
        8 * 8 * 9 * 16 * 32,
    ),
    "stride 2": (conv("x", "in", stride=(2, 2)), 4 * 4 * 16 * 16),
    "depthwise": (
        node(
            "x",
            "depthwise-conv2d",
            ["in"],
            (1, 6, 6, 16),
            a.DepthwiseConv2dAttrs((3, 3)),
            params=[("weights", (1, 3, 3, 16))],
        ),
        6 * 6 * 9 * 16,
    ),
    "transposed": (
        node(
            "x",
            "transposed-conv2d",
            ["in"],
            (1, 16, 16, 32),
            a.TransposedConv2dAttrs((2, 2), (2, 2)),
            params=[("weights", (32, 2, 2, 16))],
        ),
        8 * 8 * 2 * 2 * 16 * 32,
    ),
    "inner product": (
        node(
            "x",
            "inner-product",
            ["in"],
            (1, 10),
            a.InnerProductAttrs(1),
            params=[("weights", (10, 1024))],
        ),
        10240,
    ),
    "matrix product": (node("x", "matmul", ["in", "in"], SHAPE, a.MatmulAttrs()), 1024 * 16),
    "sum": (node("x", "add", ["in", "in"]), 0),
    "unknown": (node("x", "unknown", ["in"], attrs=a.UnknownAttrs("Lambda")), None),
    "unknown, but idle": (
        node("x", "unknown", ["in"], attrs=a.UnknownAttrs("GaussianNoise", idle=True)),
        0,
    ),
    "a power": (node("x", "unknown", ["in"], attrs=a.UnknownAttrs("pow")), 0),
    "a clamp with bounds": (
        node("x", "unknown", ["in"], attrs=a.UnknownAttrs("Hardtanh(-2, 2)")),
        0,
    ),
    "log_softmax": (node("x", "unknown", ["in"], attrs=a.UnknownAttrs("log_softmax")), 0),
    "a function that could not be read": (
        node("x", "unknown", ["in"], attrs=a.UnknownAttrs("pow", opaque=True)),
        None,
    ),
    "attention": (node("x", "unknown", ["in"], attrs=a.UnknownAttrs("MultiheadAttention")), None),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_macs(case):
    op, count = CASES[case]
    graph = Graph("g", [node("in", "data"), op])
    assert macs(op, graph) == count


UNKNOWN_MACS = {
    "unknown": "what it computes is not known",
    "conv2d": "the shape of its weights is not known",
    "transposed-depthwise-conv3d": "the shape of its weights is not known",
    "inner-product": "the shape of its weights is not known",
    "cost_volume": "there is no usual count for cost_volume",
}


def made(kind):
    """An operator of a kind without parameters, attributes of any values."""
    attrs = OPS[kind].attrs
    needed = {
        field.name: False
        for field in dataclasses.fields(attrs)
        if field.default is dataclasses.MISSING
    }
    return Op("x", kind, attrs(**needed), (Value("in"), Value("in")), (TensorType(SHAPE),))


@pytest.mark.parametrize("kind", sorted(OPS))
def test_every_kind_has_a_count_or_the_reason_why_not(kind):
    graph = Graph("g", [node("in", "data"), made(kind)])
    macs = count_macs(graph["x"], graph)
    assert (macs.count is None) == bool(macs.unknown)
    if kind in UNKNOWN_MACS:
        assert macs.unknown == UNKNOWN_MACS[kind]
