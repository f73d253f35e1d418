from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.graphs import SHAPE, chain, conv, node
from vai_inspect.core.errors import GraphError
from vai_inspect.core.ir import OPS, Graph, Op, TensorType, Value, verify
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.ops.attributes import is_xir

XIR = json.loads((Path(__file__).parent.parent / "data" / "xir_ops.json").read_text())["ops"]
OURS = {"return", "unknown"}
COMPILED = ("fix2float", "float2fix", "fix")
FLOAT = [name for name in XIR if not name.endswith("-fix") and name not in COMPILED]
"""XIR's operators of float models; quantised ones stand in compiled models only."""


def test_vocabulary_is_xirs():
    assert set(OPS) - OURS == set(FLOAT)


@pytest.mark.parametrize("name", sorted(FLOAT))
def test_attributes_have_xirs_names_order_and_defaults(name):
    wanted = XIR[name]["attrs"]
    if name == "const":
        wanted = {key: value for key, value in wanted.items() if key != "data"}
    fields = [field for field in dataclasses.fields(OPS[name].attrs) if is_xir(field)]
    found = {field.name.rstrip("_"): field.default for field in fields}
    assert set(found) == set(wanted)
    assert list(found) == list(wanted) or name.startswith(("correlation", "cost_volume"))
    for key, default in wanted.items():
        if default is not None:
            ours = found[key]
            assert (list(ours) if isinstance(ours, tuple) else ours) == default
    assert list(OPS[name].inputs) == XIR[name]["inputs"]


def test_attribute_sets_are_frozen():
    for kind in OPS.values():
        assert kind.attrs.__dataclass_params__.frozen


def test_attributes_print_in_xirs_order_with_extras_last():
    attrs = a.TransposedConv2dAttrs((2, 2), (2, 2))
    assert list(attrs.to_dict()) == [
        "kernel",
        "stride",
        "dilation",
        "pad_mode",
        "pad",
        "group",
        "output_padding",
    ]
    assert a.MaxPool2dAttrs((2, 2), global_=True).to_dict()["global"] is True


def test_producers_and_consumers():
    graph = Graph(
        "diamond",
        [
            node("in", "data"),
            node("left", "relu", ["in"]),
            node("right", "relu6", ["in"]),
            node("sum", "add", ["left", "right"]),
            node("twice", "add", ["sum", "sum"]),
            node("out", "return", ["twice"]),
        ],
    )
    assert [op.name for op in graph.consumers(graph["in"])] == ["left", "right"]
    assert [op.name for op in graph.producers(graph["sum"])] == ["left", "right"]
    assert [op.name for op in graph.producers(graph["twice"])] == ["sum", "sum"]
    assert [op.name for op in graph.consumers(graph["sum"])] == ["twice"]
    assert graph.consumers(graph["out"]) == ()
    assert graph.producer(graph["in"]) is None


UNSOUND = {
    "two of one name": ([node("a", "data"), node("a", "data")], "two operators named 'a'"),
    "unknown input": ([node("a", "relu", ["b"])], "no operator before it gives"),
    "no topological order": (
        [node("b", "relu", ["a"]), node("a", "data")],
        "topological order",
    ),
    "an output that is not there": (
        [node("a", "data"), Op("b", "relu", a.NoAttrs(), (Value("a", 1),), (TensorType(SHAPE),))],
        "no operator before it gives",
    ),
    "an unknown kind": ([node("a", "data"), node("b", "conv9d", ["a"])], "no kind of this name"),
    "another kind's attributes": (
        [node("a", "data"), node("b", "conv2d", ["a"])],
        "carries NoAttrs where Conv2dAttrs belongs",
    ),
    "no output": (
        [node("a", "data"), Op("b", "relu", a.NoAttrs(), (Value("a"),))],
        "has no output",
    ),
    "no input": ([node("a", "relu")], "reads no input"),
    "a source that reads": (
        [node("a", "data"), node("b", "const", ["a"])],
        "is a source and reads 1 inputs",
    ),
    "a size that is no number": (
        [node("a", "data", shape=(1, None, 8, 16))],
        "sizes are not all integers",
    ),
    "an activation that changes the shape": (
        [node("a", "data"), node("b", "relu", ["a"], (1, 4, 4, 16))],
        "by its definition it gives (1, 8, 8, 16)",
    ),
    "a reshape that loses elements": (
        [node("a", "data"), node("b", "reshape", ["a"], (1, 9), a.ReshapeAttrs((1, 9)))],
        "(1, 9) has not the elements of (1, 8, 8, 16)",
    ),
    "a window that gives another size": (
        [
            node("a", "data"),
            node(
                "b",
                "conv2d",
                ["a"],
                SHAPE,
                a.Conv2dAttrs((3, 3)),
                params=[("weights", (16, 3, 3, 16))],
            ),
        ],
        "by its definition it gives (1, 6, 6, 16)",
    ),
    "a group norm of other channels": (
        [
            node("a", "data"),
            node("b", "groupnorm", ["a"], SHAPE, a.GroupNormAttrs(4, 8, 1e-5, True)),
        ],
        "4 groups of 8 channels do not fit (1, 8, 8, 16)",
    ),
    "a group norm that changes the shape": (
        [
            node("a", "data"),
            node("b", "groupnorm", ["a"], (1, 4, 4, 16), a.GroupNormAttrs(4, 16, 1e-5, True)),
        ],
        "by its definition it gives (1, 8, 8, 16)",
    ),
    "a sum of shapes that do not broadcast": (
        [node("a", "data"), node("c", "data", shape=(1, 3, 8, 16)), node("b", "add", ["a", "c"])],
        "do not broadcast",
    ),
}


@pytest.mark.parametrize("case", sorted(UNSOUND))
def test_verifier_refuses(case):
    ops, message = UNSOUND[case]
    with pytest.raises(GraphError) as caught:
        verify(Graph("unsound", ops))
    assert message in str(caught.value)


def test_verifier_passes_sound_graphs():
    graph = Graph("sound", [node("a", "data"), conv("b", "a", kernel=(3, 3), pad=(1, 1, 1, 1))])
    assert verify(graph) is graph


def test_rewritten_follows_chains_of_forwards():
    graph = chain("relu", "identity", "identity", "sigmoid")
    new = graph.rewritten(
        {"op1": None, "op2": None},
        {Value("op2"): Value("op1"), Value("op1"): Value("op0")},
    )
    assert [op.name for op in new] == ["data", "op0", "op3", "return"]
    assert new["op3"].inputs == (Value("op0"),)
    assert len(graph) == 6
