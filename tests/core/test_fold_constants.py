"""What depends on no input is one constant, whatever operators compute it."""

from __future__ import annotations

from tests.graphs import SHAPE, conv, node
from vai_inspect.core.ir import Graph, Op, TensorType, Value, verify
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.passes import constant_ops, fold_constants, normalise


def folded(*ops):
    return verify(fold_constants(Graph("g", ops)))


def rows(graph):
    return [(op.name, op.kind, [value.op for value in op.inputs]) for op in graph]


def grid(*more):
    """A constant that two operators change, and a sum that reads it."""
    return (
        node("in", "data"),
        node("steps", "const", shape=(16,)),
        node("half", "const", shape=(1,)),
        node("centres", "add", ["steps", "half"], (16,)),
        node("cast", "cast", ["centres"], (16,), a.CastAttrs("FLOAT16")),
        node("sum", "add", ["in", "cast"], layers=("head",)),
        *more,
        node("out", "return", ["sum"]),
    )


def test_a_chain_is_one_constant_named_after_its_reader():
    graph = folded(*grid())
    assert rows(graph) == [
        ("in", "data", []),
        ("sum/const", "const", []),
        ("sum", "add", ["in", "sum/const"]),
        ("out", "return", ["sum"]),
    ]
    assert graph["sum/const"].output.shape == (16,)
    assert graph["sum/const"].origin == graph["sum"].origin
    assert graph["sum/const"].messages == ()


def test_a_second_reader_reads_the_same_constant():
    graph = folded(*grid(node("other", "mul", ["in", "cast"])))
    assert [value.op for value in graph["other"].inputs] == ["in", "sum/const"]


def test_names_that_are_taken_stay_where_they_are():
    taken = node("sum/const", "relu", ["in"])
    graph = folded(*grid(taken, node("other", "mul", ["sum/const", "cast"])))
    assert graph["sum/const"].kind == "relu"
    assert [value.op for value in graph["sum"].inputs] == ["in", "sum/const_1"]


def test_constants_that_the_network_reads_stay_beside_those_that_are_folded():
    graph = folded(*grid(node("scaled", "mul", ["in", "half"])))
    assert "steps" not in graph
    assert [value.op for value in graph["scaled"].inputs] == ["in", "half"]


def test_several_results_are_constants_of_their_own():
    types = (TensorType((4, 4)), TensorType((4, 4)))
    both = Op("both", "unknown", a.UnknownAttrs("meshgrid"), (Value("steps"),), types)
    graph = folded(
        node("in", "data", shape=(4, 4)),
        node("steps", "const", shape=(4,)),
        both,
        Op("x", "add", a.NoAttrs(), (Value("in"), Value("both", 0)), types[:1]),
        Op("y", "add", a.NoAttrs(), (Value("x"), Value("both", 1)), types[:1]),
        node("out", "return", ["y"], (4, 4)),
    )
    assert [op.name for op in graph if op.kind == "const"] == ["x/const", "y/const"]


def test_a_constant_that_is_returned_has_a_name():
    graph = folded(
        node("c", "const", shape=(4,)),
        node("twice", "mul", ["c", "c"], (4,)),
        node("out", "return", ["twice"], (4,)),
    )
    assert [op.name for op in graph] == ["constant/const", "out"]


def test_a_constant_without_axes_lies_as_one_of_one_element():
    graph = folded(
        node("in", "data"),
        node("c", "const", shape=(1,)),
        node("none", "reshape", ["c"], (), a.ReshapeAttrs(())),
        node("scaled", "mul", ["in", "none"]),
    )
    assert graph["scaled/const"].output.shape == (1,)


def test_random_values_are_no_constant():
    noise = Op("noise", "unknown", a.UnknownAttrs("randn", random=True), (), (TensorType(SHAPE),))
    ops = [
        node("in", "data"),
        node("c", "const", shape=(1,)),
        noise,
        node("scaled", "mul", ["noise", "c"]),
        node("sum", "add", ["in", "scaled"]),
    ]
    assert constant_ops(Graph("g", ops)) == {"c"}
    assert [op.name for op in folded(*ops)] == ["in", "c", "noise", "scaled", "sum"]


def test_layers_with_weights_are_named_where_they_are_folded():
    graph = folded(
        node("in", "data"),
        node("table", "const"),
        conv("bias.0", "table"),
        node("bias.1", "relu", ["bias.0"]),
        conv("bias.2", "bias.1"),
        node("sum", "add", ["in", "bias.2"], layers=("attention",)),
    )
    made = graph["sum/const"]
    assert made.origin.layers == ("bias.0", "bias.2", "attention")
    assert made.messages == (
        "bias.0, bias.2 depend on no input: computed once, before the network runs",
    )


def test_it_is_the_first_of_the_passes():
    graph = normalise(Graph("g", grid(node("same", "identity", ["cast"], (16,)))))
    assert [op.name for op in graph] == ["in", "sum/const", "sum", "out"]


def test_a_graph_without_any_is_the_same_object():
    graph = Graph("g", [node("in", "data"), node("c", "const"), node("sum", "add", ["in", "c"])])
    assert fold_constants(graph) is graph
