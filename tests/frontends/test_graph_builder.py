"""The kit that all frontends write the IR with."""

from __future__ import annotations

import pytest

from vai_inspect.core.errors import CaptureError
from vai_inspect.core.ir import Origin, TensorType, verify
from vai_inspect.frontends.graph_builder import (
    CallBuilder,
    GraphBuilder,
    UnreadableError,
    problem_with,
    unreadable,
)

SHAPE = TensorType((1, 4, 4, 8))


class Call(CallBuilder):
    @property
    def origin(self):
        return Origin("test", (self.name,))


class KeepsConstants(Call):
    KEPT = frozenset({"const"})


def begun(kind=Call, owned=()):
    builder = GraphBuilder("test", ["x", "act", *owned])
    x = builder.input("x", SHAPE.shape, SHAPE.dtype)
    return builder, x, kind(builder.names.take("act"), builder)


def test_a_graph_grows_from_inputs_over_calls_to_outputs():
    builder, x, call = begun()
    first = call.write("relu", None, [x], [SHAPE])
    second = call.write("relu", None, [first], [SHAPE], suffix="again", message="twice")
    third = call.write("relu", None, [second], [SHAPE])
    call.note("last")
    builder.output(third)
    graph = verify(builder.graph("g"))
    assert [(op.name, op.kind) for op in graph] == [
        ("x", "data"),
        ("act", "relu"),
        ("act/again", "relu"),
        ("act/op", "relu"),
        ("return", "return"),
    ]
    assert [op.messages for op in call.ops[:3]] == [(), ("twice",), ("last",)]
    assert {op.origin.layers for op in call.ops[:3]} == {("act",)}
    assert graph["x"].origin.layers == ("x",)


@pytest.mark.parametrize(("kind", "left"), [(Call, ["x"]), (KeepsConstants, ["x", "act/const"])])
def test_what_is_discarded_gives_its_names_back(kind, left):
    builder, x, call = begun(kind)
    number = call.write_const("act/const", (1,), "float32", 2.0)
    call.write("mul", None, [x, number], [SHAPE])
    call.write("relu", None, [x], [SHAPE], suffix="more")
    builder.transparent.add("act")
    call.discard()
    assert [op.name for op in builder.ops] == left
    assert not builder.transparent
    assert builder.names.take("act/more") == "act/more"
    assert builder.names.take("act") == "act_1"  # the call still owns its name
    assert call.write("relu", None, [x], [SHAPE]).op == "act"


def raises(error):
    def lowering(call):
        raise error

    return lowering


@pytest.mark.parametrize(
    ("lowering", "problem"),
    [
        (lambda call: None, ""),
        (raises(UnreadableError("it has 9 arguments")), "it has 9 arguments"),
        (raises(KeyError("pad\nding")), "KeyError: 'pad\\nding'"),
        (raises(TypeError("no\n  len()")), "TypeError: no len()"),
    ],
)
def test_what_a_lowering_fails_on_is_said_on_one_line(lowering, problem):
    assert problem_with(lowering, None) == problem
    assert problem in unreadable(problem)


def test_what_was_written_is_checked_and_errors_of_the_model_are_raised():
    assert problem_with(lambda call: None, None, lambda call: "wrong shape") == "wrong shape"
    with pytest.raises(CaptureError, match="needs Keras"):
        problem_with(raises(CaptureError("needs Keras")), None)
