"""Moves and tiles that repeat pixels are a resize that gives the same numbers."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")

from tests.frontends.onnx.building import Proto, graph, model, node, whole  # noqa: E402
from tests.frontends.onnx.reading import graph_of, inner_ops, kinds  # noqa: E402

FIRST, LAST = (1, 3, 4, 5), (1, 4, 5, 3)
TO_LAST, TO_FIRST = ("Transpose", (0, 2, 3, 1)), ("Transpose", (0, 3, 1, 2))


def rows_then_columns(height, width, channels, down, right):
    """As Keras repeats the pixels of an image with its channels last."""
    return [
        ("Unsqueeze", (2,)),
        ("Tile", (1, 1, down, 1, 1)),
        ("Reshape", (1, height * down, width, channels)),
        ("Unsqueeze", (3,)),
        ("Tile", (1, 1, 1, right, 1)),
        ("Reshape", (1, height * down, width * right, channels)),
    ]


CASES = {
    "channels last": (LAST, rows_then_columns(4, 5, 3, 2, 2)),
    "between transposes": (FIRST, [TO_LAST, *rows_then_columns(4, 5, 3, 3, 2), TO_FIRST]),
    "one transpose": (FIRST, [TO_LAST, *rows_then_columns(4, 5, 3, 2, 2)]),
    "a transpose within": (
        FIRST,
        [
            ("Unsqueeze", (3,)),
            ("Tile", (1, 1, 1, 2, 1)),
            ("Transpose", (0, 2, 3, 4, 1)),
            *rows_then_columns(4, 5, 3, 2, 2)[2:],
        ],
    ),
    "both at once": (
        FIRST,
        [
            ("Reshape", (1, 3, 4, 1, 5, 1)),
            ("Expand", (1, 3, 4, 2, 5, 2)),
            ("Reshape", (1, 3, 8, 10)),
        ],
    ),
    "columns alone": (
        FIRST,
        [("Unsqueeze", (4,)), ("Tile", (1, 1, 1, 1, 2)), ("Reshape", (1, 3, 4, 10))],
    ),
    "and a flatten": (FIRST, [TO_LAST, *rows_then_columns(4, 5, 3, 2, 2), ("Reshape", (1, 240))]),
}
OTHERS = {
    "tiled": (FIRST, [("Tile", (1, 1, 2, 2))]),
    "the image is repeated, not its pixels": (
        FIRST,
        [("Unsqueeze", (2,)), ("Tile", (1, 1, 2, 1, 1)), ("Reshape", (1, 3, 8, 5))],
    ),
    "channels are repeated": (
        FIRST,
        [("Unsqueeze", (2,)), ("Tile", (1, 1, 2, 1, 1)), ("Reshape", (1, 6, 4, 5))],
    ),
}


def built(shape, steps):
    nodes, constants, before = [], {}, "x"
    for at, (kind, numbers) in enumerate(steps):
        after = "y" if at == len(steps) - 1 else "v{}".format(at)
        if kind == "Transpose":
            nodes.append(node(kind, [before], [after], "n" + after, perm=list(numbers)))
        else:
            constants["c{}".format(at)] = whole(*numbers)
            nodes.append(node(kind, [before, "c{}".format(at)], [after], "n" + after))
        before = after
    whole_graph = graph(nodes, {"x": shape}, constants=constants)
    return Proto(model(whole_graph, producer="tf2onnx"))


def moved(value, kind, numbers):
    if kind == "Unsqueeze":
        return np.expand_dims(value, numbers)
    if kind == "Tile":
        return np.tile(value, numbers)
    if kind == "Expand":
        return np.broadcast_to(value, numbers)
    return value.transpose(numbers) if kind == "Transpose" else value.reshape(numbers)


def computed(op, value):
    """What an operator gives of a tensor with its channels last."""
    attrs = op.attributes()
    if op.kind == "transpose":
        return value.transpose(attrs["order"])
    if op.kind == "resize":
        assert attrs["mode"] == "NEAREST"
        right, down = (int(one) for one in attrs["scale"])
        return value.repeat(down, axis=1).repeat(right, axis=2)
    return value if op.kind == "identity" else value.reshape(op.output.shape)


def run(graph_read, value):
    """The numbers that a chain of operators gives; the tensors of the graph as they lie."""
    for op in inner_ops(graph_read):
        value = computed(op, value)
    return value


@pytest.mark.parametrize("name", CASES)
def test_repeated_pixels_are_a_resize(name):
    shape, steps = CASES[name]
    found = graph_of(built(shape, steps))
    assert kinds(found).count("resize") == 1
    assert {"Tile", "Expand"}.isdisjoint(kinds(found))
    value = wanted = np.arange(np.prod(shape)).reshape(shape)
    for step in steps:
        wanted = moved(wanted, *step)
    (data,) = (op for op in found if op.kind == "data")
    given = value if data.output.shape == shape else value.transpose(0, 2, 3, 1)
    result = run(found, given)
    if result.shape != wanted.shape:  # the output lies with its channels last
        wanted = wanted.transpose(0, 2, 3, 1)
    assert (result == wanted).all()


@pytest.mark.parametrize("name", OTHERS)
def test_other_repetitions_are_none(name):
    assert "resize" not in kinds(graph_of(built(*OTHERS[name])))
