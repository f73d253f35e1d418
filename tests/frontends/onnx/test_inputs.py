"""Input shapes: the file's own, open axes, what the user gives."""

from __future__ import annotations

import pytest

from tests.frontends.onnx.building import Constant, Proto, graph, model, node
from tests.frontends.onnx.reading import graph_of
from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.frontends.onnx import capture


def relu(shape):
    return Proto(model(graph([node("Relu", ["x"], ["y"])], {"x": shape})))


@pytest.mark.parametrize(
    ("own", "given", "wanted"),
    [
        ((1, 3, 8, 8), None, (1, 3, 8, 8)),
        (("batch", 3, 8, 8), None, (2, 3, 8, 8)),
        (("batch", 3, 8, 8), (5, 3, 8, 8), (5, 3, 8, 8)),
        ((-1, 3, 8, 8), None, (2, 3, 8, 8)),
        ((0, 3, 8, 8), (5, 3, 8, 8), (5, 3, 8, 8)),
        (("n", 3, "h", "w"), (1, 3, 32, 48), (1, 3, 32, 48)),
        (("n", 3, "h", "w"), {"x": (1, 3, 32, 48)}, (1, 3, 32, 48)),
    ],
)
def test_shape(own, given, wanted):
    captured = capture(relu(own), given, batch=2)
    assert captured.graph["x"].output.shape == wanted
    assert captured.batch == (2 if own[0] != 1 and given is None else None)


@pytest.mark.parametrize(
    ("own", "given", "words"),
    [
        (("n", 3, "h", "w"), None, "leaves a dimension open"),
        ((1, 3, 8, 8), (1, 3, 16, 16), "fixes axis 2 to 8"),
        ((1, 3, 8, 8), (1, 8, 8), "rank"),
        ((0, 3, 8, 8), None, r"shape \(0, 3, 8, 8\); every dimension must be 1 or more"),
        ((1, 3, 0, 8), None, "must be 1 or more"),
        ((1, 3, 8, 8), (1, 3, 8, 0), "must be 1 or more"),
        ((1, 3, 8, 8), {"z": (1, 3, 8, 8)}, "the model's inputs are x"),
    ],
)
def test_refused(own, given, words):
    with pytest.raises(InputShapeError, match=words):
        capture(relu(own), given)


def test_initialisers_among_the_inputs_are_none():
    nodes = [node("Conv", ["x", "w"], ["y"])]
    held = {"w": Constant((6, 4, 3, 3))}
    whole = graph(nodes, {"x": (1, 4, 8, 8), "w": (6, 4, 3, 3)}, ["y"], held)
    assert [op.name for op in graph_of(Proto(model(whole))) if op.kind == "data"] == ["x"]


def test_what_the_file_says_of_an_open_size_is_filled_in():
    mine = node("Own", ["x"], ["a"], domain="own")
    whole = graph([mine, node("Relu", ["a"], ["y"])], {"x": ("n", 3, 8)}, values={"a": ("n", 5)})
    found = graph_of(Proto(model(whole)), (7, 3, 8))
    assert found["own"].output.shape == (7, 5)


@pytest.mark.parametrize("thing", [None, 3, {}, object])
def test_something_else_is_refused(thing):
    with pytest.raises(ModelError, match="valid is the path of an .onnx file"):
        capture(thing)
