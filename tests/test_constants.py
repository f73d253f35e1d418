"""Constants are weights: placed with their consumer, counted apart, the same in every report."""

from __future__ import annotations

import io
import json as standard
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs import conv, node
from tests.inspecting import inspected
from tests.reports import samples
from tests.rules.test_any_graph import any_graph
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.comparison import Comparison
from vai_inspect.core.errors import GraphError, ReportError
from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.ir import Graph
from vai_inspect.core.ir import attrs as a
from vai_inspect.reports import json
from vai_inspect.reports.console import console
from vai_inspect.reports.html import notebook
from vai_inspect.reports.picture import labels
from vai_inspect.reports.picture.boxes import Box
from vai_inspect.reports.text import comparison, text

B4096 = "DPUCZDX8G_ISA1_B4096"
EARLIER = Path(__file__).parent / "core" / "data" / "report_1_0.json"


def network():
    """A product at the start, a sum in the middle whose verdict is unknown, a softmax at the end.

    Constants: one that nothing reads, one for each of the first two, one that the DPU reads.
    """
    return Graph(
        "constants",
        [
            node("x", "data"),
            node("unread", "const", shape=(16,)),
            node("mean", "const", shape=(16,)),
            node("centred", "sub", ["x", "mean"]),
            conv("first", "centred"),
            node("custom", "unknown", ["first"], attrs=a.UnknownAttrs("Custom")),
            node("offset", "const", shape=(16,)),
            node("shifted", "add", ["custom", "offset"]),
            conv("second", "shifted"),
            node("factor", "const", shape=(16,)),
            node("scaled", "mul", ["second", "factor"]),
            conv("third", "scaled"),
            node("classes", "softmax", ["third"], attrs=a.AxisAttrs(3)),
            node("return", "return", ["classes"]),
        ],
    )


@pytest.fixture(scope="module")
def found():
    return inspected(network(), B4096)


def test_they_stand_where_their_consumer_does(found):
    placed = {op.name: (op.device, op.subgraph) for op in found.ops}
    assert [op.name for op in found.constants] == ["unread", "mean", "offset", "factor"]
    for name, consumer in (("mean", "centred"), ("offset", "shifted"), ("factor", "scaled")):
        assert placed[name] == placed[consumer]
    assert placed["factor"][0] is Device.DPU
    assert placed["unread"] == (Device.CPU, None)


def test_no_count_of_operators_has_them(found):
    total = found.summary
    assert (total.ops, total.dpu_ops, total.cpu_ops) == (14, 4, 4)
    assert (total.user_ops, total.constants, total.unknown_ops) == (2, 4, 2)
    assert not any(op.constant for op in found.on(Device.CPU) + found.on(Device.DPU))
    assert found.op("offset").verdict is not Verdict.UNKNOWN


def test_no_root_cause_is_of_one_or_brings_one_back(found):
    constants = {op.name for op in found.constants}
    for cause in found.root_causes:
        for outcome in (cause.alone, cause.cumulative, *cause.each):
            assert not constants & {*cause.ops, *outcome.returned}


def test_every_report_counts_alike(found):
    printed = io.StringIO()
    console.show(found, 1, printed)
    told = (
        "14 operators: 4 on the DPU, 4 on the CPU (2 with an unknown verdict), 2 inputs and "
        "outputs, 4 constants"
    )
    for report in (printed.getvalue().replace("│", " "), notebook.render(found)):
        assert told in " ".join(report.split())
        assert "mean" not in re.split(r"\W+", report.split("<iframe")[0])
    lines = text.render(found).splitlines()
    assert "operators: 14 (4 on the DPU, 4 on the CPU, 2 inputs and outputs, 4 constants)" in lines
    assert "    cpu_subgraph_0: 1 operator, centred" in lines
    assert any("of 4 CPU operators" in line for line in lines)
    assert "4/8" in comparison.render(Comparison.of([found], Allowlist()))
    assert [op.name for op in Allowlist().excess(found)] == [
        "centred",
        "custom",
        "shifted",
        "classes",
    ]


def test_a_box_of_many_counts_them_apart(found):
    ops = tuple(op for op in found.ops if op.device is not Device.USER)
    told = labels.lines(Box(ops, (), (), summed=True), found)
    assert told[0].startswith("8 operators, 4 constants: ")
    assert told[1] == "4 on the DPU, 4 on the CPU"
    assert labels.lines(Box(ops[:2], (), (), summed=True), found)[0].startswith("2 constants: ")


def test_a_model_whose_only_rest_on_the_cpu_is_a_constant_is_whole():
    graph = Graph(
        "given",
        [node("x", "data"), conv("c", "x"), node("anchors", "const"),
         node("a", "return", ["c"]), node("b", "return", ["anchors"])],
    )  # fmt: skip
    total = inspected(graph, B4096).summary
    assert (total.cpu_ops, total.constants) == (0, 1)
    assert total.fully_on_dpu
    assert total.whole_but_for_ends


@given(st.integers(0, 2**32), st.integers(1, 25))
@settings(max_examples=100, deadline=None)
def test_the_counts_add_up_of_any_graph(seed, size):
    try:
        found = inspected(any_graph(seed, size), B4096)
    except GraphError:
        return
    total, ops = found.summary, found.to_dict()["ops"]
    assert total.ops == total.dpu_ops + total.cpu_ops + total.user_ops + total.constants
    assert total.constants == sum(op["type"] == "const" for op in ops)
    for device in ("dpu", "cpu"):
        held = [op for op in ops if op["device"] == device and op["type"] != "const"]
        assert vars(total)[device + "_ops"] == len(held)
    assert total.unknown_ops == sum(op["verdict"] == "unknown" for op in ops)
    assert total.fully_on_dpu is (total.cpu_ops == 0)


def earlier():
    """A report that an earlier build wrote, whose counts include three constants on the CPU."""
    return standard.loads(EARLIER.read_text(encoding="utf-8"))


def test_a_report_of_schema_1_0_is_read_and_counted_as_now():
    report = earlier()
    assert (report["schema_version"], report["summary"]["cpu_ops"]) == ("1.0", 8)
    found = Inspection.from_dict(report)
    total = found.summary
    assert (total.ops, total.dpu_ops, total.cpu_ops, total.constants) == (12, 2, 5, 3)
    assert [cause.alone.returned for cause in found.root_causes] == [
        ("add",),
        ("exp",),
        ("scale/mul",),
        ("scale",),
        ("classes",),
    ]
    everything = tuple(op.name for op in found.on(Device.CPU))
    assert found.root_causes[-1].cumulative.returned == everything
    again = found.to_dict()
    assert again["schema_version"] == "1.1"
    assert Inspection.from_dict(again) == found
    assert Inspection.from_json(json.render(found)).to_dict() == again
    findings = [finding for op in again["ops"] for finding in op["findings"]]
    assert [finding.pop("template") for finding in findings] == [""] * len(findings)
    assert [finding.pop("arguments") for finding in findings] == [{}] * len(findings)
    assert {finding.pop("effect") for finding in findings} == {None}
    for finding in findings:
        texts = [remedy["text"] for remedy in finding.pop("remedies")]
        assert texts == [text for text in [finding["suggestion"]] if text]
    added = [{"macs_unknown": op["macs_untold"], "estimate": None} for op in report["ops"]]
    assert again["ops"] == [{**op, **new} for op, new in zip(report["ops"], added)]
    assert (again["summary"]["estimate"], again["summary"]["estimate_unknown"]) == (None, None)
    assert "1 of 5 CPU operators moves to the DPU" in text.render(found)


def test_a_report_of_schema_1_0_whose_parts_disagree_is_refused():
    report = earlier()
    report["summary"]["cpu_ops"] = 5
    with pytest.raises(
        ReportError, match=re.escape("summary.cpu_ops is 5; valid is 8, as counted from the report")
    ):
        Inspection.from_dict(report)


@pytest.mark.parametrize("reader", ["dpu", "cpu", "unknown", "nothing"])
def test_a_report_of_schema_1_0_counts_each_constant_with_its_device(reader):
    device = Device.DPU if reader == "dpu" else Device.CPU
    findings = {"cpu": (samples.KERNEL,), "unknown": (samples.UNKNOWN,)}.get(reader, ())
    reads = ["x", "w"] if reader != "nothing" else ["x"]
    where = Device.DPU if reader == "nothing" else device
    ops = [
        samples.op("x", "data", device=Device.USER),
        samples.op("w", "const", attrs=a.TensorAttrs((1,)), device=device, findings=findings),
        samples.op("sum", "add", reads, device=where, findings=findings),
        samples.op("out", "return", ["sum"], device=Device.USER),
    ]
    group = "dpu_subgraph_0" if where is Device.DPU else "cpu_subgraph_0"
    now = samples.inspection("one", ops, {group: ["sum"]}).to_dict()
    then = standard.loads(standard.dumps(now))
    then["schema_version"] = "1.0"
    del then["summary"]["constants"]
    then["summary"].update(
        {
            "dpu": {"dpu_ops": 2},
            "cpu": {"cpu_ops": 2},
            "unknown": {"cpu_ops": 2, "unknown_ops": 2},
            "nothing": {"cpu_ops": 1, "fully_on_dpu": False, "whole_but_for_ends": False},
        }[reader]
    )
    assert Inspection.from_dict(then).to_dict() == now
