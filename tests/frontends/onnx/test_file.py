"""Files as they come: truncated, cyclic, gigantic, deep. One line each, and no work without end."""

from __future__ import annotations

import time

import pytest

from tests.frontends.onnx.building import (
    FLOAT,
    Constant,
    Graph,
    Proto,
    field,
    function,
    graph,
    model,
    node,
    number,
    tensor,
    value_info,
    varint,
    whole,
)
from tests.frontends.onnx.reading import graph_of, kinds
from vai_inspect.core.errors import GraphError, VaiInspectError
from vai_inspect.core.findings import Device
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.ir import Value
from vai_inspect.frontends.onnx import capture
from vai_inspect.onnx import Inspector

X = (1, 4, 8, 10)
CONV = model(
    graph([node("Conv", ["x", "w"], ["y"])], {"x": X}, ["y"], {"w": Constant((6, 4, 3, 3))})
)


def one(nodes, shape=X, constants=None, functions=(), outputs=("y",)):
    return model(graph(nodes, {"x": shape}, outputs, constants), functions=functions)


def one_graph(only):
    return graph([only], {"x": X}).data


def unnamed(*args):
    return node(*args, name=None)


def nested(depth):
    inner = graph([node("Relu", ["x"], ["y"])], {}, ["y"])
    for _ in range(depth):
        branch = node("If", ["yes"], ["y"], then_branch=inner)
        inner = graph([branch], {}, ["y"])
    return inner


def called(name, inner):
    return function(name, "own", ["a"], ["b"], [node(inner, ["a"], ["b"], domain="own")])


def deep_field(depth):
    data = b""
    for _ in range(depth):
        data = field(7, data)[:10_000]
    return data


REFUSED = {
    "empty": (b"", "it is empty|holds no graph"),
    "text": (b"<html>not a model</html>", "not a readable ONNX file"),
    "zip": (b"PK\x03\x04" + bytes(200), "not a readable ONNX file"),
    "cut": (CONV[: len(CONV) // 2], "not a readable ONNX file"),
    "a number without end": (b"\x08" + b"\xff" * 30, "not a readable ONNX file"),
    "a length beyond the file": (varint(7 << 3 | 2) + varint(2**62), "not a readable ONNX file"),
    "no graph": (field(1, 8), "holds no graph"),
    "an output that nothing gives": (one([node("Relu", ["x"], ["z"])]), "No node computes"),
    "cyclic": (
        one(
            [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]
        ),
        "cyclic or out of order",
    ),
    "a tensor of two nodes": (
        one([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])]),
        "Node 'tanh' (Tanh) defines the tensor 'y'",
    ),
    "a node's output that is an input": (
        one([node("Relu", ["x"], ["x"]), node("Tanh", ["x"], ["y"])]),
        "Node 'relu' (Relu) defines the tensor 'x'",
    ),
    "one node's outputs": (
        one([node("Split", ["x"], ["y", "y"], "halves")]),
        "Node 'halves' (Split) defines the tensor 'y'",
    ),
    "two initialisers": (
        model(
            Graph(
                one_graph(node("Add", ["x", "w"], ["y"]))
                + 2 * field(5, tensor(Constant((1,), (2.0,)), "w"))
            )
        ),
        "An initialiser defines the tensor 'w'",
    ),
    "a tensor of two nodes in a function": (
        one(
            [node("F", ["x"], ["y"], domain="own")],
            functions=[
                function("F", "own", ["a"], ["b"], 2 * [node("Relu", ["a"], ["b"], "relu")])
            ],
        ),
        "(Relu) defines the tensor 'b'",
    ),
    "an unnamed node": (
        one([unnamed("Add", ["x", "b"], ["y"])]),
        "The unnamed Add node with output 'y' reads 'b'",
    ),
    "itself": (one([node("Relu", ["y"], ["y"])]), "cyclic or out of order"),
    "a function that calls itself": (
        one([node("F", ["x"], ["y"], domain="own")], functions=[called("F", "F")]),
        "or to itself",
    ),
    "functions that call each other": (
        one(
            [node("F", ["x"], ["y"], domain="own")],
            functions=[called("F", "G"), called("G", "F")],
        ),
        "or to itself",
    ),
    "a negative size": (
        one([node("Add", ["x", "w"], ["y"])], constants={"w": Constant((-5,))}),
        "invalid sizes",
    ),
    "sizes of 10^30": (
        one([node("Add", ["x", "w"], ["y"])], constants={"w": Constant((2**62, 2**62))}),
        "invalid sizes",
    ),
    "sizes of 10^18": (
        one([node("Add", ["x", "w"], ["y"])], constants={"w": Constant((10**9, 10**9))}),
        "'w' has invalid sizes",
    ),
    "fewer bytes than its sizes say": (
        one([node("Add", ["x", "w"], ["y"])], constants={"w": Constant((1, 9), (1.0,))}),
        "it holds 4 bytes; float32 of the sizes [1, 9] takes 36",
    ),
    "fewer bytes than a weight's": (
        one([node("Conv", ["x", "w"], ["y"])], constants={"w": Constant((10**5, 4, 9, 9), (1.0,))}),
        "it holds 4 bytes",
    ),
    "an axis count": (
        one([node("Add", ["x", "w"], ["y"])], constants={"w": Constant((1,) * 1000)}),
        "more than 64 axes",
    ),
    "an input of 10^18": (one([node("Relu", ["x"], ["y"])], (1, 10**18)), "at most"),
    "opset 6": (model(graph([node("Relu", ["x"], ["y"])], {"x": X}), 6), "opset 6"),
    "an open dimension": (one([node("Relu", ["x"], ["y"])], (1, 3, "h", "w")), "input-shape"),
    "an input of no rank": (
        model(Graph(graph([node("Relu", ["x"], ["y"])], {}).data + field(11, field(1, "x")))),
        "not a tensor",
    ),
    "branches too deep": (
        model(
            Graph(
                nested(40).data
                + field(11, value_info("x", X))
                + field(5, tensor(Constant((), (True,), 9), "yes"))
            )
        ),
        "more than 32 deep",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(name, tmp_path):
    data, words = REFUSED[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    begin = time.process_time()
    with pytest.raises(VaiInspectError) as caught:
        capture(path)
    assert time.process_time() - begin < 5
    message = str(caught.value)
    assert any(word in message for word in words.split("|")), message
    assert "\n" not in message
    assert len(message) < 500


def test_every_cut_of_a_file_is_read_or_refused(tmp_path):
    path = tmp_path / "model.onnx"
    for end in range(len(CONV)):
        path.write_bytes(CONV[:end])
        try:
            capture(path)
        except VaiInspectError:
            continue


def test_every_changed_byte_is_read_or_refused():
    for at in range(len(CONV)):
        for change in (0, 127, 255):
            data = bytearray(CONV)
            data[at] = change
            try:
                capture(Proto(bytes(data)))
            except GraphError:  # a graph that breaks the IR's own laws is a defect of ours
                raise
            except VaiInspectError:
                continue


BOUNDED = {
    "a constant of 10^9": (
        one(
            [node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"], ["y"])],
            (1, 1),
            {"s": whole(30_000, 30_000)},
        ),
        ["add"],
    ),
    "a range of 10^9": (
        one(
            [node("Range", ["a", "b", "c"], ["r"]), node("Add", ["x", "r"], ["y"])],
            (1, 1),
            {"a": number(0), "b": number(1e9), "c": number(1)},
        ),
        ["add"],
    ),
    "a power of 10^9": (
        one(
            [node("Pow", ["a", "b"], ["c"]), node("Add", ["x", "c"], ["y"])],
            (1, 1),
            {"a": whole(10**9), "b": whole(10**9)},
        ),
        [],
    ),
    "a tensor that is not there": (
        one([node("Conv", ["x", "w"], ["y"])], constants={"w": Constant((60_000, 4, 3, 3))}),
        ["conv2d"],
    ),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_large_numbers_cost_nothing(name):
    data, wanted = BOUNDED[name]
    begin = time.process_time()
    try:
        assert kinds(graph_of(Proto(data))) == wanted
    except VaiInspectError:
        assert not wanted
    assert time.process_time() - begin < 3


def test_external_data_is_never_opened(tmp_path, monkeypatch):
    """The numbers of `w` are said to lie in a file outside of the folder."""
    outside = field(1, field(1, "location") + field(2, "../../etc/passwd"))
    held = field(1, 6) + field(1, 4) + field(1, 3) + field(1, 3) + field(2, FLOAT) + field(8, "w")
    held += field(13, outside) + field(14, 1)
    whole_graph = Graph(graph([node("Conv", ["x", "w"], ["y"])], {"x": X}).data + field(5, held))
    path = tmp_path / "model.onnx"
    path.write_bytes(model(whole_graph))
    opened = []
    real = type(path).open

    def spy(self, *args, **kwargs):
        opened.append(str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(type(path), "open", spy)
    monkeypatch.setattr("builtins.open", lambda *args, **kwargs: pytest.fail("a file is opened"))
    assert kinds(capture(path).graph) == ["conv2d"]
    assert opened == [str(path)]


def test_a_function_is_its_nodes():
    swish = function(
        "Swish2", "own", ["a"], ["b"],
        [node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["b"])],
    )  # fmt: skip
    data = one([node("Swish2", ["x"], ["y"], domain="own")], functions=[swish])
    assert kinds(graph_of(Proto(data))) == ["swish"]


@pytest.mark.parametrize(("decision", "wanted"), [(True, ["relu"]), (False, ["tanh"])])
def test_a_branch_that_is_decided(decision, wanted):
    branches = {
        "then_branch": graph([node("Relu", ["x"], ["a"])], {}, ["a"]),
        "else_branch": graph([node("Tanh", ["x"], ["b"])], {}, ["b"]),
    }
    constants = {"yes": Constant((), (decision,), 9)}
    data = one([node("If", ["yes"], ["y"], **branches)], constants=constants)
    assert kinds(graph_of(Proto(data))) == wanted


def inner_loop(nodes, outputs=("go_on", "c")):
    """The body of a Loop: whether to go on, and what it gives."""
    going = node("Identity", ["go"], ["go_on"])
    return graph([going, *nodes], {"i": (), "go": (), "a": X}, outputs)


def test_what_an_inner_graph_reads_of_the_graph_around_it_is_read():
    body = inner_loop([node("Add", ["a", "gate"], ["c"])])
    data = model(
        graph(
            [
                node("Sigmoid", ["x"], ["gate"], "gate"),
                node("Loop", ["", "", "x"], ["y"], "loop", body=body),
            ],
            {"x": X},
            values={"y": X},
        )
    )
    captured = capture(Proto(data))
    assert kinds(captured.graph) == ["sigmoid", "Loop"]
    loop = captured.graph["loop"]
    assert loop.inputs == (Value("x"), Value("gate"))
    assert loop.messages == ("it runs inner graphs, whose operators are not inspected",)
    assert loop.attrs.opaque


def test_an_inner_graph_of_constants_that_reads_an_input_is_no_constant():
    branches = {
        "then_branch": graph([node("Relu", ["x"], ["a"])], {}, ["a"]),
        "else_branch": graph([node("Tanh", ["x"], ["b"])], {}, ["b"]),
    }
    nodes = [
        node("ReduceMax", ["x"], ["most"], keepdims=0),
        node("Greater", ["most", "zero"], ["positive"]),
        node("If", ["positive"], ["y"], "if", **branches),
    ]
    data = model(graph(nodes, {"x": X}, constants={"zero": Constant((), (0.0,))}, values={"y": X}))
    assert kinds(graph_of(Proto(data))) == ["reduction_max", "Greater", "If"]


def test_inner_graphs_too_deep_of_each_other_are_refused_where_nothing_decides():
    inner = graph([node("Relu", ["x"], ["y"])], {}, ["y"])
    for _ in range(40):
        inner = graph([node("If", ["x"], ["y"], then_branch=inner)], {}, ["y"])
    data = model(graph([node("If", ["x"], ["y"], then_branch=inner)], {"x": X}))
    with pytest.raises(VaiInspectError, match="more than 32 deep"):
        capture(Proto(data))


def test_detections_are_left_out_and_the_network_before_them_is_judged():
    nodes = [
        node("Conv", ["x", "w"], ["map"], "conv"),
        node("Reshape", ["map", "to"], ["boxes"], "boxes"),
        node("Reshape", ["map", "scores_to"], ["scores"], "scores"),
        node("NonMaxSuppression", ["boxes", "scores"], ["kept"], "nms"),
        node("Gather", ["kept", "two"], ["which"], "which", axis=1),
        node("Gather", ["boxes", "which"], ["y"], "chosen", axis=1),
    ]
    constants = {
        "w": Constant((4, 4, 1, 1)),
        "to": whole(1, 80, 4),
        "scores_to": whole(1, 4, 80),
        "two": Constant((), (2,), 7),
    }
    captured = capture(Proto(one(nodes, constants=constants)))
    suppression = "NonMaxSuppression (data-dependent sizes)"
    assert kinds(captured.graph) == ["conv2d", "transpose", "reshape", "reshape", suppression]
    returned = [op.inputs[0].op for op in captured.graph if op.kind == "return"]
    assert returned == ["nms", "boxes"]
    assert [one.op for one in captured.graph["nms"].inputs] == ["boxes", "scores"]
    assert "3 of 6 operators have data-dependent sizes" in captured.warnings[0]
    assert "nms and the operators after them" in captured.warnings[0]


def test_what_only_running_tells_is_on_the_cpu():
    data = one(
        [
            node("Conv", ["x", "w"], ["a"], "conv"),
            node("NonZero", ["a"], ["b"], "where"),
            node("Cast", ["b"], ["y"], "cast", to=1),
        ],
        constants={"w": Constant((6, 4, 3, 3))},
    )
    captured = capture(Proto(data))
    assert kinds(captured.graph) == ["conv2d", "transpose", "NonZero (data-dependent sizes)"]
    assert "2 of 3 operators have data-dependent sizes" in captured.warnings[0]
    assert "where" in captured.warnings[0]
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(Proto(data), verbose_level=0)
    assert [op.name for op in result.on(Device.CPU) if op.op.kind == "unknown"] == ["where"]


def test_many_nodes_take_time_in_proportion():
    def seconds(count):
        nodes = []
        for at in range(count):
            nodes += [
                node("Constant", [], ["c{}".format(at)], "k{}".format(at), value=number(2)),
                node("Neg", ["c{}".format(at)], ["d{}".format(at)], "n{}".format(at)),
                node(
                    "Add",
                    ["y{}".format(at), "d{}".format(at)],
                    ["y{}".format(at + 1)],
                    "a{}".format(at),
                ),
            ]
        data = model(graph(nodes, {"y0": X}, ["y{}".format(count)]))
        with paused():  # as in an inspection: else all that this process holds is gone through, too
            begin = time.process_time()
            capture(Proto(data))
            return time.process_time() - begin

    few = max(0.05, *(seconds(1000) for _ in range(2)))
    assert min(seconds(4000) for _ in range(2)) < 8 * few  # 16 times, were it the square


def test_a_folder_or_a_pipe_is_no_file(tmp_path):
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(VaiInspectError, match="is not a file"):
        capture(tmp_path / "a.onnx")
