"""fix for ONNX: what each program makes of a small graph, and that nothing else changes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx")

import numpy  # noqa: E402
from onnx import helper, numpy_helper, parser  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from tests.cli.conftest import vai_inspect  # noqa: E402, F401
from vai_inspect.core.errors import ModelError, ReportError  # noqa: E402
from vai_inspect.fixing import LARGEST_ERROR  # noqa: E402
from vai_inspect.fixing.onnx import save  # noqa: E402
from vai_inspect.frontends.onnx import rewrite  # noqa: E402
from vai_inspect.frontends.onnx.rewrite import changeable, node_list  # noqa: E402
from vai_inspect.frontends.onnx.rewrite.changeable import Changeable  # noqa: E402
from vai_inspect.frontends.onnx.rewrite.checking import difference  # noqa: E402
from vai_inspect.onnx import fix  # noqa: E402
from vai_inspect.rules.rewrites import REWRITES  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"
ALVEO = "DPUCAHX8H_ISA2"


def net(body, opset=17, side=16, batch=1, ir_version=8):
    """A pattern from r to p between convolutions; weights w_16x16x1x1 have the shape they name."""
    text = f"""<ir_version: {ir_version}, opset_import: ["" : {opset}]>
    net (float[{batch},3,{side},{side}] x) => (float[{batch},O,H,W] y) {{
        a = Conv <kernel_shape=[3,3], pads=[1,1,1,1]> (x, w_16x3x3x3)
        r = Relu (a)
        {body}
    }}"""
    model = parser.parse_model(text)
    random = numpy.random.default_rng(0)
    given = {"x"}
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.output[0]}_{number}"
        for name in [one for one in node.input if one.startswith("w_") and one not in given]:
            shape = [int(size) for size in name[2:].split("x")]
            values = random.standard_normal(shape).astype("f") / 4
            model.graph.initializer.append(numpy_helper.from_array(values, name))
            if ir_version < 4:
                kind = onnx.TensorProto.FLOAT
                model.graph.input.append(helper.make_tensor_value_info(name, kind, shape))
            given.add(name)
    model.metadata_props.add(key="author", value="tests")
    return model


def held(name, numbers, kind="ints"):
    return f"{name} = Constant <value_{kind}={numbers}> ()\n"


LAST = "y = Conv (p, w_8x16x1x1)"
CONV = "q = Conv (r, w_16x16x1x1)\n"
SIX = held("three", "3.0", "float") + held("zero", "0.0", "float") + held("six", "6.0", "float")
SHAPES = held("apart", [0, 2, 8, 16, 16]) + held("whole", [0, -1, 16, 16])
RESHAPED = held("map", [0, 16, 1, 1]) + "p = Reshape (m, map)\n" + LAST
FOCUS = (
    held("zero", [0]) + held("one", [1]) + held("two", [2]) + held("three", [3])
    + held("end", [9223372036854775807])
    + "h0 = Slice (r, zero, end, two, two)\n h1 = Slice (r, one, end, two, two)\n"
    + "s0 = Slice (h0, zero, end, three, two)\n s1 = Slice (h1, zero, end, three, two)\n"
    + "s2 = Slice (h0, one, end, three, two)\n s3 = Slice (h1, one, end, three, two)\n"
    + "p = Concat <axis=1> (s0, s1, s2, s3)\n y = Conv (p, w_8x64x1x1)"
)  # fmt: skip


CASES = {
    "mean, dropped axes": (
        "mean-to-pool", ["GlobalAveragePool", "Flatten"],
        net("m = ReduceMean <axes=[2,3], keepdims=0> (r)\n" + RESHAPED),
    ),
    "mean, axes from behind, open batch": (
        "mean-to-pool", ["GlobalAveragePool", "Flatten"],
        net(
            held("axes", [-1, -2]) + "m = ReduceMean <keepdims=0> (r, axes)\n" + RESHAPED,
            18, batch="N",
        ),
    ),
    "a mean after another": (
        "mean-to-pool", ["GlobalAveragePool", "Flatten"],
        net(
            "n = ReduceMean <axes=[3], keepdims=0> (r)\n"
            "m = ReduceMean <axes=[2], keepdims=0> (n)\n" + RESHAPED,
        ),
    ),
    "mean of channels": (
        "channel-mean", ["Conv"],
        net("p = ReduceMean <axes=[1], keepdims=1> (r)\n y = Conv (p, w_8x1x1x1)"),
    ),
    "quotient": (
        "divide-by-constant", ["Mul"],
        net(held("c", "3.0", "float") + "p = Div (r, c)\n" + LAST),
    ),
    "difference from a constant": (
        "subtract", ["Add"],
        net(held("c", "3.0", "float") + "p = Sub (r, c)\n" + LAST),
    ),
    "difference of a constant": (
        "subtract", ["Conv", "Add"],
        net(held("c", "3.0", "float") + "p = Sub (c, r)\n" + LAST),
    ),
    "difference": ("subtract", ["Conv", "Add"], net(CONV + "p = Sub (r, q)\n" + LAST)),
    "negation": ("subtract", ["Conv"], net(CONV + "n = Neg (q)\n p = Add (r, n)\n" + LAST)),
    "square": (
        "square", ["Mul"], net(held("c", "2.0", "float") + "p = Pow (r, c)\n" + LAST),
    ),
    "sum with a bias before it": (
        "constant-sum", ["Conv"],
        net("q = Conv (r, w_16x16x1x1, w_16)\n p = Add (q, w_16x1x1)\n" + LAST),
    ),
    "sum after a ReLU": ("constant-sum", ["Conv"], net("p = Add (r, w_1x16x1x1)\n" + LAST)),
    "groups": (
        "group-to-dense", ["Conv"],
        net("p = Conv <group=4, pads=[1,1,1,1]> (r, w_16x4x3x3, w_16)\n" + LAST),
    ),
    "groups, initialisers among the inputs": (
        "group-to-dense", ["Conv"],
        net("p = Conv <group=4> (r, w_16x4x3x3)\n" + LAST, opset=8, ir_version=3),
    ),
    "multiplier": (
        "multiplier-to-depthwise", ["Conv"],
        net("p = Conv <group=16> (r, w_32x1x3x3)\n y = Conv (p, w_8x32x1x1)"),
    ),
    "shuffle": (
        "shuffle-to-convolution", ["Conv"],
        net(
            SHAPES + "v = Reshape (r, apart)\n t = Transpose <perm=[0,2,1,3,4]> (v)\n"
            "p = Reshape (t, whole)\n" + LAST,
        ),
    ),
    "pixels as channels": ("unshuffle-to-convolution", ["Conv"], net(FOCUS)),
    "ReLU after a pool": (
        "batch-norm-between", ["Conv", "Relu"],
        net("q = MaxPool <kernel_shape=[2,2], strides=[2,2]> (r)\n p = Relu (q)\n" + LAST),
    ),
    "ReLU6 after a sum": (
        "batch-norm-between", ["Conv", "Clip"],
        net(CONV + SIX + "s = Add (q, r)\n p = Clip (s, zero, six)\n" + LAST),
    ),
    "hard-swish": (
        "hardswish-module", ["HardSwish"],
        net(
            CONV + SIX + "s = Add (three, q)\n k = Clip (s, zero, six)\n m = Mul (q, k)\n"
            "p = Div (m, six)\n" + LAST,
        ),
    ),
    "hard-swish, divided first, older opset": (
        "hardswish-module", ["HardSigmoid", "Mul"],
        net(
            CONV + held("three", "3.0", "float") + held("six", "6.0", "float")
            + held("zero", "0.0", "float") + "s = Add (q, three)\n k = Clip (s, zero, six)\n"
            "m = Div (k, six)\n p = Mul (m, q)\n" + LAST, opset=12,
        ),
    ),
    "hard-swish as tf2onnx orders it": (
        "hardswish-module", ["HardSwish"],
        net(
            CONV + SIX + held("sixth", "0.16666667", "float") + "s = Add (q, three)\n"
            "k = Clip (s, zero, six)\n m = Mul (k, sixth)\n p = Mul (m, q)\n" + LAST,
        ),
    ),
    "large map": (
        "split-pool", ["AveragePool", "GlobalAveragePool"],
        net("p = GlobalAveragePool (r)\n" + LAST, side=56), ALVEO,
    ),
    "large window": (
        "split-pool", ["AveragePool", "AveragePool"],
        net("p = AveragePool <kernel_shape=[32,32], strides=[32,32]> (r)\n" + LAST, side=64), ALVEO,
    ),
    "large max pool": (
        "chain-max-pool", ["MaxPool"] * 3,
        net(
            "p = MaxPool <kernel_shape=[13,13], strides=[1,1], pads=[6,6,6,6]> (r)\n" + LAST,
        ), ALVEO,
    ),
}  # fmt: skip


def types(model):
    return [node.op_type for node in model.graph.node]


def outputs(model):
    given = model.graph.input[0].type.tensor_type.shape
    shape = [dim.dim_value or 2 for dim in given.dim]
    x = numpy.random.default_rng(1).standard_normal(shape).astype("f")
    return ReferenceEvaluator(model).run(None, {"x": x})


@pytest.mark.parametrize("name", CASES)
def test_each_program(name):
    rule, made, model, *target = CASES[name]
    before = model.SerializeToString(deterministic=True)
    fixed = fix(model, *(target or [B4096]))
    assert [change.rule for change in fixed.changes] == [rule]
    assert fixed.changes[0].max_error <= LARGEST_ERROR
    assert not fixed.before.diff(fixed.after).worse
    assert fixed.after.summary.cpu_ops < fixed.before.summary.cpu_ops
    assert model.SerializeToString(deterministic=True) == before
    new = fixed.model
    onnx.checker.check_model(new, full_check=True)
    old = [node.SerializeToString() for node in model.graph.node]
    new_nodes = [node for node in new.graph.node if node.SerializeToString() not in old]
    assert [node.op_type for node in new_nodes] == made
    for kept in ("opset_import", "metadata_props", "ir_version"):
        assert getattr(new, kept) == getattr(model, kept)
    assert [one.name for one in new.graph.input][:1] == ["x"]
    assert list(new.graph.output) == list(model.graph.output)
    (one,), (other,) = outputs(model), outputs(new)  # of the whole model, in float32
    assert one.shape == other.shape
    assert one.std() > 0.01
    numpy.testing.assert_allclose(other, one, atol=1e-4 * numpy.ptp(one))
    names = {name for node in new.graph.node for name in node.input}
    assert {one.name for one in new.graph.initializer} <= names
    again = fix(new, *(target or [B4096]))
    assert again.changes == ()
    assert types(again.model) == types(new)


def test_programs_are_of_rewrites_that_are_exact_and_advised_in_words_of_nodes():
    exact = {one.id for one in REWRITES if one.effect.name == "EXACT"}
    assert set(rewrite.PROGRAMS) <= exact
    for one in REWRITES:
        if one.id in rewrite.PROGRAMS or one.effect.name == "APPROXIMATE" and one.source:
            assert "onnx" in one.advice, one.id
        assert "nn." not in one.advice.get("onnx", "")


def test_the_page_lists_the_programs():
    page = (Path(__file__).parent.parent / "docs" / "fix.md").read_text(encoding="utf-8")
    section = page.partition("done by `fix` for ONNX")[2]
    row = next(line for line in section.splitlines() if line.startswith("| exact | "))
    assert row.strip("| ").split(" | ")[1].split(", ") == sorted(rewrite.PROGRAMS)


def test_a_factor_for_each_channel():
    model = net("p = Mul (r, w_16x1x1)\n" + LAST)
    start = Changeable(model, None, 1)
    made, left = start.apply("parameter-to-depthwise", ["p_2"])
    assert left == {}
    assert types(made.model) == ["Conv", "Relu", "Conv", "Conv"]
    assert start.error_of(made) <= LARGEST_ERROR


REFUSED = {
    "read between": (
        "hardswish-module", "k_7", "something else reads what is between",
        net(
            CONV + SIX + "s = Add (q, three)\n k = Clip (s, zero, six)\n m = Mul (q, k)\n"
            "d = Div (m, six)\n p = Add (d, s)\n" + LAST,
        ),
    ),
    "no hard-swish": (
        "hardswish-module", "k_7", "it is not a part of a hard-swish",
        net(CONV + SIX + "s = Add (q, three)\n k = Clip (s, zero, six)\n p = Mul (r, k)\n" + LAST),
    ),
    "computed weights": (
        "group-to-dense", "p_3", "its weights are computed",
        net("v = Neg (w_16x4x3x3)\n p = Conv <group=4> (r, v)\n" + LAST),
    ),
    "mean of rows": (
        "mean-to-pool", "p_2", "it is not a mean over height and width",
        net("p = ReduceMean <axes=[2], keepdims=1> (r)\n" + LAST),
    ),
    "open size": (
        "split-pool", "p_2", "the file leaves the size of its map open",
        net("p = GlobalAveragePool (r)\n" + LAST),
    ),
    "another shuffle": (
        "shuffle-to-convolution", "t_5", "it is not a transpose of groups of channels",
        net(
            SHAPES + "v = Reshape (r, apart)\n t = Transpose <perm=[0,2,1,4,3]> (v)\n"
            "p = Reshape (t, whole)\n" + LAST,
        ),
    ),
    "no such node": (
        "square", "other", "no node of the graph has its name; it is in a function or a branch",
        net("p = Mul (r, r)\n" + LAST),
    ),
    "no program": (
        "swish", "r_1", "it is advice only: fix does not automate it",
        net("p = Mul (r, r)\n" + LAST),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_left_as_it_is(name):
    rule, op, reason, model = REFUSED[name]
    if name == "open size":
        for dim, symbol in zip(model.graph.input[0].type.tensor_type.shape.dim[2:], "HW"):
            dim.dim_param = symbol
    assert Changeable(model, (1, 3, 16, 16), 1).apply(rule, [op]) == (None, {op: reason})


def test_a_change_of_the_function_is_seen():
    one, other = (net(f"p = {what} (r)\n" + LAST) for what in ("Abs", "Neg"))
    named = Changeable(one, None, 1)
    assert named.error_of(named) == 0
    assert named.error_of(Changeable(other, None, 1)) > 0.1
    lost = net("p = Abs (r)\n" + LAST)
    del lost.graph.node[2]
    assert difference(one, lost, named._named) == float("inf")


def test_a_broken_node_is_left():
    model = onnx.ModelProto()
    model.CopyFrom(CASES["hard-swish"][2])
    (divided,) = [node for node in model.graph.node if node.op_type == "Div"]
    del divided.input[1]
    fixed = fix(model, B4096)
    assert fixed.changes == ()
    assert "a node there is broken" in str(fixed.left)


def test_a_check_that_cannot_be_run(monkeypatch):
    def fails(*_):
        raise NotImplementedError("no such node")

    monkeypatch.setattr(changeable, "difference", fails)
    fixed = fix(CASES["groups"][2], B4096)
    assert fixed.changes == ()
    assert "its check cannot be run: no such node" in str(fixed.left[0])


def test_an_output_without_a_shape_is_declared(tmp_path):
    model = onnx.ModelProto()
    model.CopyFrom(CASES["groups"][2])
    model.graph.output[0].type.tensor_type.ClearField("shape")
    before = model.SerializeToString(deterministic=True)
    save(fix(model, B4096), tmp_path / "net.onnx")
    assert model.SerializeToString(deterministic=True) == before
    written = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(written, full_check=True)
    assert len(written.graph.output[0].type.tensor_type.shape.dim) == 4


def test_new_names_are_new_in_branches_too():
    model = net("p = Mul (r, w_16x1x1)\n" + LAST)
    start = Changeable(model, None, 1)
    made, _ = start.apply("parameter-to-depthwise", ["p_2"])
    (new,) = {one.name for one in made.model.graph.initializer} - {
        one.name for one in model.graph.initializer
    }
    inner = helper.make_graph(
        [helper.make_node("Constant", [], [new], value_float=1.0)], "then", [],
        [helper.make_tensor_value_info(new, onnx.TensorProto.FLOAT, [])],
    )  # fmt: skip
    branches = helper.make_node("If", ["p"], ["z"], name="if", then_branch=inner, else_branch=inner)
    names = node_list.names_of(helper.make_graph([branches], "net", [], []))
    assert [names.take(one) for one in ("z", new, new)] == ["z_1", new + "_1", new + "_2"]


def test_sizes_that_only_the_old_nodes_read_go_with_them():
    model = net(
        SHAPES + "n = Shape (r)\n" + held("at", [0]) + held("rest", [2, 8, 16, 16])
        + "b = Gather (n, at)\n s = Concat <axis=0> (b, rest)\n v = Reshape (r, s)\n"
        "t = Transpose <perm=[0,2,1,3,4]> (v)\n p = Reshape (t, whole)\n" + LAST,
    )  # fmt: skip
    fixed = fix(model, B4096)
    assert [one.max_error for one in fixed.changes] == [0]
    assert types(fixed.model) == ["Conv", "Relu", "Constant", "Conv", "Conv"]  # one was unread


def test_what_changes_the_function_is_left():
    fixed = fix(net("q = Conv (r, w_16x16x1x1)\n p = Sigmoid (q)\n" + LAST), B4096)
    assert fixed.changes == ()
    assert "export again" in str(fixed.left[0])


def test_half_precision_that_does_not_hold_is_taken_back():
    model = net(held("c", "3.0", "float") + "p = Div (r, c)\n" + LAST)
    half = onnx.TensorProto.FLOAT16
    for info in (*model.graph.input, *model.graph.output):
        info.type.tensor_type.elem_type = half
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor).astype("float16")
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    constant = numpy_helper.from_array(numpy.array(3, "float16"), "c")
    model.graph.node[2].attribute[0].CopyFrom(helper.make_attribute("value", constant))
    fixed = fix(model, B4096)
    assert fixed.changes == ()
    assert "taken back" in str(fixed.left[0])


@pytest.fixture
def path(tmp_path):
    model = CASES["groups"][2]
    onnx.save(model, tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def test_command(path, vai_inspect):  # noqa: F811
    output = path.with_name("fixed.onnx")
    code, out, err = vai_inspect("fix", str(path), "-t", B4096, "--output", str(output))
    assert code == 0, err
    assert "group-to-dense" in out
    assert f"written: {output}" in out
    assert fix(output, B4096).changes == ()
    assert fix(os.fspath(path), B4096).model.SerializeToString(deterministic=True) == onnx.load(
        output
    ).SerializeToString(deterministic=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--output", "fixed.pt2"], "the file's ending is .onnx for an ONNX model"),
        (["--approximate"], "fix does the exact rewrites of an ONNX model alone"),
        (["--input-shape", "1,4,16,16"], "the file fixes axis 1 to 3"),
    ],
)
def test_command_refuses(path, vai_inspect, monkeypatch, options, said):  # noqa: F811
    monkeypatch.chdir(path.parent)
    code, _, err = vai_inspect("fix", str(path), "-t", B4096, *options)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_broken_file_is_one_line(tmp_path, vai_inspect):  # noqa: F811
    (tmp_path / "net.onnx").write_bytes(b"")
    code, _, err = vai_inspect("fix", str(tmp_path / "net.onnx"), "-t", B4096)
    assert code == 2
    assert "is not a readable ONNX file: it is empty" in err
    assert err.count("\n") == 1


def test_weights_in_another_file(tmp_path):
    model = CASES["groups"][2]
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    where = os.fspath(tmp_path / "net.onnx")  # older releases of onnx take no Path here
    onnx.save(copy, where, save_as_external_data=True, location="w", size_threshold=0)
    fixed = fix(tmp_path / "net.onnx", B4096)
    assert [one.rule for one in fixed.changes] == ["group-to-dense"]
    save(fixed, tmp_path / "fixed.onnx")  # with the weights
    assert fix(tmp_path / "fixed.onnx", B4096).changes == ()
    light = onnx.load(where, load_external_data=False)
    with pytest.raises(ModelError, match="are in another file .*give the path"):
        fix(light, B4096)
    (tmp_path / "w").rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="cannot be loaded with its weights"):
        fix(tmp_path / "net.onnx", B4096)


def test_weights_outside_of_the_folder_are_not_read(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "w").write_bytes(bytes(16 * 4 * 9 * 4))
    model = onnx.ModelProto()
    model.CopyFrom(CASES["groups"][2])
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../w")
    (tmp_path / "inner" / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="cannot be loaded with its weights"):
        fix(tmp_path / "inner" / "net.onnx", B4096)


def test_without_the_package(monkeypatch, path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match="needs the module 'onnx'.*pip install onnx"):
        fix(path, B4096)


def test_what_the_checker_refuses_is_not_written(tmp_path):
    model = onnx.ModelProto()
    model.CopyFrom(CASES["groups"][2])
    model.graph.name = ""
    with pytest.raises(ReportError, match="is not written: onnx's checker refuses"):
        save(fix(model, B4096), tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()
