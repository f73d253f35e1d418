"""The quantiser's part of each report."""

from __future__ import annotations

import dataclasses
import io
import json as standard_json

import jsonschema
import pytest

from tests.reports import samples
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.quantizer import (
    Conversion,
    FlowStage,
    Obstacle,
    Outcome,
    QuantizerReport,
)
from vai_inspect.reports import json
from vai_inspect.reports.console import console
from vai_inspect.reports.html import notebook
from vai_inspect.reports.text import text


def obstacle(outcome, ops=(), **rest):
    settings = {
        "id": "torch.group.rule",
        "outcome": outcome,
        "stage": FlowStage.EXPORT,
        "code": "XMODEL_BATCHSIZE",
        "ops": tuple(ops),
        "message": "what {} found: what happens".format(outcome.value),
        "suggestion": "what to do <instead>",
        "source": "executed",
    }
    return Obstacle(**{**settings, **rest})


def inspection(**parts):
    sample = samples.mixed()
    first = sample.ops[1].name
    report = QuantizerReport(
        flow="vai_q_pytorch",
        release="3.0",
        obstacles=(
            obstacle(Outcome.CHANGES, (first,)),
            obstacle(Outcome.FAILS),
            obstacle(Outcome.FLOAT, (first,), code=None),
        ),
        training=(obstacle(Outcome.FAILS, (first,), stage=FlowStage.TRAINING),),
        conversions=(Conversion("torch.converts.slope", (first,), "slopes become others"),),
        checklist=("run it once",),
    )
    return dataclasses.replace(sample, quantizer=dataclasses.replace(report, **parts))


def part(report):
    """Returns the lines between the target and the summary."""
    lines = report.splitlines()
    return lines[lines.index("target info") : lines.index("inspection summary")]


def test_text_has_it_between_the_target_and_the_summary():
    lines = part(text.render(inspection()))
    title = "quantizer (vai_q_pytorch 3.0): 1 change of function, 2 obstacles, 1 conversion"
    assert title in lines
    order = [
        "changes the function, without an error:",
        "    1. what changes found: what happens [at the export, XMODEL_BATCHSIZE]",
        "stops the flow:",
        "    1. what fails found: what happens [at the export, XMODEL_BATCHSIZE]",
        "stays in float, so the CPU runs it:",
        "    1. what float found: what happens [at the export]",
        "conversions:",
    ]
    assert [line for line in lines if line in order] == order
    assert any("flow of release 3.0, build of the target 0x" in line for line in lines)
    assert sum("- what to do: what to do <instead>" in line for line in lines) == 3


def test_text_ends_with_the_checklist():
    lines = text.render(inspection()).splitlines()
    assert lines[-3] == "[ ] run it once"
    assert lines[-2].startswith("[ ] training with quantisation would stop at 1 operator")


def test_text_says_nothing_where_there_is_nothing_to_say():
    nothing = inspection(obstacles=(), conversions=(), training=(), checklist=())
    assert text.render(nothing) == text.render(dataclasses.replace(nothing, quantizer=None))


def test_console_has_what_stops_or_changes_first():
    stream = io.StringIO()
    console.show(inspection(), 1, stream)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("quantizer (vai_q_pytorch 3.0): 1 change of function")
    assert lines[1] == "changes the function, without an error:"
    assert not any("what float found" in line for line in lines)


def test_html_escapes_it():
    page = notebook.render(inspection())
    assert "what changes found" in page
    assert "what to do &lt;instead&gt;" in page


def test_json_keeps_to_the_schema_and_is_read_back():
    report = inspection().to_dict()
    jsonschema.validate(standard_json.loads(json.render(inspection())), json.schema())
    found = report["quantizer"]["obstacles"]
    assert [one["outcome"] for one in found] == ["changes", "fails", "float"]
    assert found[0]["stage"] == "export"
    assert Inspection.from_dict(report).to_dict() == report


def test_a_report_without_it_is_read():
    report = inspection().to_dict()
    del report["quantizer"]
    assert Inspection.from_dict(report).quantizer is None


@pytest.mark.parametrize("number", [13, 40])
def test_a_long_list_says_how_many_more_there_are(number):
    many = tuple(
        obstacle(Outcome.FAILS, message="number {}: stops".format(at)) for at in range(number)
    )
    lines = part(text.render(inspection(obstacles=many)))
    more = "    and {} more; the JSON report lists them".format(number - 12)
    assert more in lines
