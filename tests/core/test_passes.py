from __future__ import annotations

import pytest

from tests.graphs import SHAPE, batch_norm, conv, node
from vai_inspect.core.ir import CallForm, Graph, Origin
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.passes import drop_identities, fold_batch_norm, fold_padding, normalise

PADDED = (1, 10, 10, 16)
ONE_AROUND = a.PadAttrs((0, 0, 1, 1, 1, 1, 0, 0))
HALF = (1, 8, 8, 8)
BY_FUNCTION = Origin("torch", ("block",), call=CallForm("dropout"))


def kinds(graph):
    return [op.kind for op in graph]


def cut(begin, end, channel_step=1):
    return a.StridedSliceAttrs(begin, end, (1, 1, 1, channel_step))


def test_dropout_is_dropped_and_found_again():
    graph = drop_identities(
        Graph(
            "g",
            [
                node("in", "data"),
                node("dropped_input", "identity", ["in"]),
                conv("conv", "dropped_input"),
                node("drop1", "identity", ["conv"]),
                node("drop2", "identity", ["drop1"]),
                node("block/drop3", "identity", ["drop2"]).replaced(origin=BY_FUNCTION),
                node("out", "return", ["block/drop3"]),
            ],
        )
    )
    assert kinds(graph) == ["data", "conv2d", "return"]
    assert graph["in"].origin.layers == ("in", "dropped_input")
    assert graph["conv"].origin.layers == ("conv", "drop1", "drop2", "block")
    assert graph["conv"].messages == (
        "layer drop1 does nothing at inference and is dropped",
        "layer drop2 does nothing at inference and is dropped",
        "dropout (block/drop3) does nothing at inference and is dropped",
    )
    assert graph["out"].inputs[0].op == "conv"


@pytest.mark.parametrize(
    ("op", "dropped"),
    [
        (node("x", "transpose", ["in"], SHAPE, a.TransposeAttrs((0, 1, 2, 3))), True),
        (node("x", "transpose", ["in"], SHAPE, a.TransposeAttrs((0, 2, 1, 3))), False),
        (node("x", "reshape", ["in"], SHAPE, a.ReshapeAttrs(SHAPE)), True),
        (node("x", "reshape", ["in"], (1, 1024), a.ReshapeAttrs((1, 1024))), False),
        (node("x", "strided_slice", ["in"], SHAPE, cut((0,) * 4, SHAPE)), True),
        (node("x", "strided_slice", ["in"], HALF, cut((0,) * 4, HALF)), False),
        (node("x", "strided_slice", ["in"], SHAPE, cut((0, 0, 0, 15), (1, 8, 8, -17), -1)), False),
    ],
)
def test_moves_that_change_nothing_are_dropped(op, dropped):
    graph = drop_identities(Graph("g", [node("in", "data"), op]))
    assert ("x" not in graph) is dropped


def test_batch_norm_is_folded_with_a_bias():
    graph = fold_batch_norm(
        Graph("g", [node("in", "data"), conv("conv", "in", bias=False), batch_norm("bn", "conv")])
    )
    assert kinds(graph) == ["data", "conv2d"]
    assert graph["conv"].origin.layers == ("conv", "bn")
    assert graph["conv"].param("bias").shape == (16,)


STAYS = {
    "the convolution has another reader": [
        conv("conv", "in"),
        batch_norm("bn", "conv"),
        node("sum", "add", ["bn", "conv"]),
    ],
    "an activation is between": [
        conv("conv", "in"),
        node("relu", "relu", ["conv"]),
        batch_norm("bn", "relu"),
    ],
    "nothing is before it": [batch_norm("bn", "in")],
    "it normalises another axis": [
        conv("conv", "in"),
        node("bn", "batchnorm", ["conv"], SHAPE, a.BatchNormAttrs(1)),
    ],
}


@pytest.mark.parametrize("case", sorted(STAYS))
def test_batch_norm_stays(case):
    graph = fold_batch_norm(Graph("g", [node("in", "data"), *STAYS[case]]))
    assert "bn" in graph


def test_padding_is_folded_into_every_reader():
    graph = fold_padding(
        Graph(
            "g",
            [
                node("in", "data"),
                node("pad", "pad", ["in"], PADDED, ONE_AROUND),
                conv("a", "pad", PADDED, kernel=(3, 3)),
                conv("b", "pad", PADDED, kernel=(3, 3), pad=(1, 0, 1, 0)),
            ],
        )
    )
    assert kinds(graph) == ["data", "conv2d", "conv2d"]
    assert graph["a"].attrs.pad == (1, 1, 1, 1)
    assert graph["b"].attrs.pad == (2, 1, 2, 1)
    assert graph["a"].origin.layers == ("a", "pad")


def _max_pool(pad=(0, 0, 0, 0)):
    return node(
        "pool", "maxpool2d", ["pad"], (1, 4, 4, 16), a.MaxPool2dAttrs((3, 3), (2, 2), pad=pad)
    )


PAD_STAYS = {
    "a reader is no window": [
        conv("conv", "pad", PADDED, kernel=(3, 3)),
        node("relu", "relu", ["pad"], PADDED),
    ],
    "the kernel is no larger than the padding": [conv("conv", "pad", PADDED)],
    "a max pool of values below zero": [_max_pool()],
    "nothing reads it but the output": [node("out", "return", ["pad"], PADDED)],
}


@pytest.mark.parametrize("case", sorted(PAD_STAYS))
def test_padding_stays(case):
    graph = fold_padding(
        Graph(
            "g",
            [
                node("in", "data"),
                node("pad", "pad", ["in"], PADDED, ONE_AROUND),
                *PAD_STAYS[case],
            ],
        )
    )
    assert "pad" in graph


@pytest.mark.parametrize(
    "attrs",
    [
        a.PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "REFLECT"),
        a.PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "CONSTANT", (1.0,)),
        a.PadAttrs((0, 0, 0, 0, 0, 0, 0, 8)),
    ],
)
def test_padding_of_another_kind_stays(attrs):
    shape = tuple(
        size + attrs.paddings[2 * axis] + attrs.paddings[2 * axis + 1]
        for axis, size in enumerate(SHAPE)
    )
    ops = [
        node("in", "data"),
        node("pad", "pad", ["in"], shape, attrs),
        conv("conv", "pad", shape, kernel=(3, 3)),
    ]
    assert "pad" in fold_padding(Graph("g", ops))


def test_padding_behind_a_rectifier_is_folded_into_a_max_pool():
    graph = normalise(
        Graph(
            "g",
            [
                node("in", "data"),
                node("relu", "relu", ["in"]),
                node("pad", "pad", ["relu"], PADDED, ONE_AROUND),
                _max_pool(),
            ],
        )
    )
    assert kinds(graph) == ["data", "relu", "maxpool2d"]
    assert graph["pool"].attrs.pad == (1, 1, 1, 1)


def in_float(op):
    return op.replaced(float_only="the quantiser does not know it")


LEFT_IN_FLOAT = {
    "a reshape to the same": [
        in_float(node("x", "reshape", ["in"], SHAPE, a.ReshapeAttrs(SHAPE))),
    ],
    "a slice of everything": [
        in_float(node("x", "strided_slice", ["in"], SHAPE, cut((0,) * 4, SHAPE))),
    ],
    "a transpose that is none": [
        in_float(node("x", "transpose", ["in"], SHAPE, a.TransposeAttrs((0, 1, 2, 3)))),
    ],
    "a batch norm behind a convolution": [conv("conv", "in"), in_float(batch_norm("x", "conv"))],
    "a batch norm behind a convolution in float": [
        in_float(conv("conv", "in")),
        batch_norm("x", "conv"),
    ],
    "a padding before a convolution": [
        in_float(node("x", "pad", ["in"], PADDED, ONE_AROUND)),
        conv("conv", "x", PADDED, kernel=(3, 3)),
    ],
    "a padding before a convolution in float": [
        node("x", "pad", ["in"], PADDED, ONE_AROUND),
        in_float(conv("conv", "x", PADDED, kernel=(3, 3))),
    ],
    "a padding that one of two reads in float": [
        node("x", "pad", ["in"], PADDED, ONE_AROUND),
        conv("conv", "x", PADDED, kernel=(3, 3)),
        in_float(conv("other", "x", PADDED, kernel=(3, 3))),
    ],
}


@pytest.mark.parametrize("case", LEFT_IN_FLOAT)
def test_what_is_left_in_float_is_neither_dropped_nor_folded_nor_folded_into(case):
    ops = [node("in", "data"), *LEFT_IN_FLOAT[case]]
    graph = normalise(Graph("g", ops))
    assert [op.name for op in graph] == [op.name for op in ops]
    quantised = normalise(Graph("g", [op.replaced(float_only=None) for op in ops]))
    assert "x" not in quantised
