"""What adds nothing is judged as written, with a message, and best left out."""

from __future__ import annotations

import pytest

from tests.graphs import SHAPE, conv, node
from tests.inspecting import inspected
from vai_inspect.core.ir import Graph
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.passes import idle, normalise

B4096 = "DPUCZDX8G_ISA1_B4096"
NOWHERE = a.PadAttrs((0,) * 8)


def number(value):
    return node("number", "const", shape=(1,), attrs=a.TensorAttrs((1,), number=value))


def graph(kind, value=None, attrs=None, first="conv"):
    """Such an operator of a convolution and a number, before another convolution."""
    sources = [first, "number" if first == "conv" else "conv"] if value is not None else [first]
    ops = [node("in", "data"), conv("conv", "in")]
    ops += [] if value is None else [number(value)]
    middle = node("x", kind, sources, SHAPE, attrs)
    return Graph("g", [*ops, middle, conv("last", "x"), node("out", "return", ["last"])])


IDLE = {
    "x + 0": graph("add", 0.0),
    "x - 0": graph("sub", 0.0),
    "x * 1": graph("mul", 1.0),
    "x / 1": graph("div", 1.0),
    "a pad of 0 on every side": graph("pad", attrs=NOWHERE),
    "its input has this shape": graph("unknown", attrs=a.UnknownAttrs("expand")),
}
BUSY = {
    "x + 1": graph("add", 1.0),
    "x - 1": graph("sub", 1.0),
    "x * 0": graph("mul", 0.0),
    "x / 2": graph("div", 2.0),
    "another operator": graph("unknown", attrs=a.UnknownAttrs("roll")),
    "relu": graph("relu"),
}


@pytest.mark.parametrize("name", IDLE)
def test_what_adds_nothing_stays_and_says_so(name):
    found = normalise(IDLE[name])
    if name.startswith("a pad"):  # the convolution takes it in
        (said,) = [one for one in found["last"].messages if "folded" in one]
        assert "x" in said
        return
    (said,) = found["x"].messages
    assert said.startswith("it adds nothing ({}".format(name))
    assert said.endswith("leave it out, which computes the same")


@pytest.mark.parametrize("name", BUSY)
def test_what_computes_something_says_nothing(name):
    whole = BUSY[name]
    assert idle(whole["x"], whole) is None
    assert normalise(whole)["x"].messages == ()


def test_a_number_from_which_a_map_is_taken_is_no_such_thing():
    whole = graph("sub", 0.0, first="number")
    assert idle(whole["x"], whole) is None


@pytest.mark.parametrize("name", ["x - 0", "x / 1", "its input has this shape"])
def test_the_remedy_on_the_cpu_is_to_leave_it_out(name):
    op = inspected(IDLE[name], B4096).op("x")
    assert op.device.value == "cpu"
    if op.verdict.value == "unsupported":
        assert {one.suggestion for one in op.findings} == {"leave it out, which computes the same"}


def test_sums_with_0_are_judged_as_sums_with_a_number():
    assert inspected(IDLE["x + 0"], B4096).op("x").device.value == "dpu"
