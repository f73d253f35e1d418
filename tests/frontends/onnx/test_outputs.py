"""Nodes with several outputs: each has its own shape and readers, and none is lost."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import pytest

from tests.frontends.onnx.building import (
    BOOL,
    Constant,
    Proto,
    function,
    graph,
    model,
    node,
    number,
    whole,
)
from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.onnx import capture
from vai_inspect.onnx import Inspector

X = (1, 4, 8, 10)
C = Constant((4,))
CHANNELS = (4,)


class Case(NamedTuple):
    """A node, and the shape of each output that it names, in the file's order."""

    op_type: str
    constants: Sequence[Constant]
    outputs: Sequence[str]
    shapes: Sequence[Tuple[int, ...]]
    attributes: Dict[str, Any] = {}
    opset: int = 17
    domain: str = ""


NORM = "BatchNormalization"
TRAINING = {"training_mode": 1}
STATISTICS = (1, 4, 8, 1)
PART = (1, 2, 8, 10)
CASES = {
    "batch norm": Case(NORM, [C] * 4, ["a"], [X]),
    "batch norm in training": Case(NORM, [C] * 4, ["a", "b", "c"], [X, *[CHANNELS] * 2], TRAINING),
    "its variance alone": Case(NORM, [C] * 4, ["a", "", "c"], [X, CHANNELS], TRAINING),
    "before opset 14": Case(NORM, [C] * 4, list("abcde"), [X, *[CHANNELS] * 4], opset=9),
    "layer norm": Case(
        "LayerNormalization", [Constant((10,))], ["a", "b", "c"], [X, STATISTICS, STATISTICS]
    ),
    "layer norm over two axes": Case(
        "LayerNormalization", [Constant((8, 10))], ["a", "b"], [X, (1, 4, 1, 1)], {"axis": -2}
    ),
    "max pool": Case(
        "MaxPool", [], ["a", "b"], [(1, 4, 4, 5)] * 2, {"kernel_shape": [2, 2], "strides": [2, 2]}
    ),
    "top k": Case("TopK", [whole(3)], ["a", "b"], [(1, 4, 8, 3)] * 2),
    "top k, indices alone": Case("TopK", [whole(3)], ["", "b"], [(1, 4, 8, 3)]),
    "split": Case("Split", [whole(1, 3)], ["a", "b"], [(1, 1, 8, 10), (1, 3, 8, 10)], {"axis": 1}),
    "split, last alone": Case("Split", [whole(1, 3)], ["", "b"], [(1, 3, 8, 10)], {"axis": 1}),
    "of another domain": Case(
        "SkipLayerNormalization",
        [Constant((10,))],
        ["a", "", "", "b"],
        [X, X],
        domain="com.microsoft",
    ),
}


def _proto(case: Case, declared: bool = False) -> Proto:
    """The node, and a Relu of each of its outputs."""
    constants = {f"k{at}": one for at, one in enumerate(case.constants)}
    named = [name for name in case.outputs if name]
    nodes = [
        node(
            case.op_type,
            ["x", *constants],
            case.outputs,
            "node",
            domain=case.domain,
            **case.attributes,
        ),
        *(node("Relu", [name], ["r" + name], "r" + name) for name in named),
    ]
    values = dict(zip(named, case.shapes)) if declared else None
    returned = ["r" + name for name in named]
    return Proto(model(graph(nodes, {"x": X}, returned, constants, values), case.opset))


@pytest.mark.parametrize("name", CASES)
def test_each_output_has_its_shape_and_its_reader(name: str) -> None:
    case = CASES[name]
    captured = capture(_proto(case, declared=bool(case.domain)))
    assert captured.warnings == ()
    named = [one for one in case.outputs if one]
    ops = [captured.graph["r" + one] for one in named]
    assert [sorted(op.output.shape) for op in ops] == [sorted(shape) for shape in case.shapes]
    assert len({op.inputs[0] for op in ops}) == len(named)


def test_a_batch_norm_in_training_mode_is_on_the_cpu_and_says_why() -> None:
    for name in ("batch norm in training", "before opset 14"):
        result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(_proto(CASES[name]), verbose_level=0)
        (op,) = (op for op in result.ops if op.name == "node")
        assert op.device.value == "cpu"
        assert op.macs == 0
        assert "statistics of the batch and cannot be folded" in " ".join(
            [*op.op.messages, *op.messages]
        )


def test_the_mask_of_a_dropout_is_constant() -> None:
    nodes = [
        node("Dropout", ["x"], ["a", "mask"], "drop"),
        node("Cast", ["mask"], ["m"], "cast", to=1),
        node("Mul", ["a", "m"], ["y"], "mul"),
    ]
    captured = capture(Proto(model(graph(nodes, {"x": X}))))
    assert captured.warnings == ()
    kinds = [op.kind for op in captured.graph]
    assert kinds.count("const") == 1
    assert "cast" not in kinds


@pytest.mark.parametrize("training", [False, True])
def test_a_dropout_in_training_mode_has_a_note(training: bool) -> None:
    constants = {"ratio": number(0.5), "training": Constant((), (training,), BOOL)}
    nodes = [node("Dropout", ["x", *constants], ["y"], "drop")]
    captured = capture(Proto(model(graph(nodes, {"x": X}, constants=constants))))
    notes: List[str] = [*captured.graph["drop"].messages]
    assert [note.split(";")[0] for note in notes] == ["training_mode is set"] * training


@pytest.mark.parametrize("op_type", ["Relu", "Conv", NORM])
def test_outputs_that_the_operator_has_not_are_never_silent(op_type: str) -> None:
    weights = {"Relu": [], "Conv": [Constant((4, 4, 1, 1))], NORM: [C] * 4}[op_type]
    case = Case(op_type, weights, ["a", "b"], [X, X])
    (warning,) = capture(_proto(case)).warnings
    assert "node (it names 2 outputs, of which 1 is known)" in warning
    captured = capture(_proto(case, declared=True))
    assert captured.warnings == ()
    assert captured.graph["node"].kind == "unknown"
    assert "it names 2 outputs, of which 1 is known" in captured.graph["node"].messages[0]


@pytest.mark.parametrize(
    ("broken", "functions"),
    [
        (node("Constant", [], ["c", "d"], "two", value=number(1.0)), []),
        (
            node("Own", ["x"], ["c", "d"], "two", domain="own"),
            [function("Own", "own", ["i"], ["o"], [node("Relu", ["i"], ["o"])])],
        ),
    ],
)
def test_more_outputs_than_there_are_is_an_error_of_one_line(
    broken: bytes, functions: List[bytes]
) -> None:
    nodes = [broken, node("Add", ["x", "d"], ["y"], "add")]
    with pytest.raises(ModelError, match="'two' .* names 2 outputs and has 1; the file is broken"):
        capture(Proto(model(graph(nodes, {"x": X}), functions=functions)))
