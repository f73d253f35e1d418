from __future__ import annotations

import pytest

from tests.graphs import SHAPE, conv, node
from vai_inspect.core.cost import macs
from vai_inspect.core.ir import Graph
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
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_macs(case):
    op, count = CASES[case]
    graph = Graph("g", [node("in", "data"), op])
    assert macs(op, graph) == count
