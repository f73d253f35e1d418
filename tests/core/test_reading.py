from __future__ import annotations

import copy
import io
import json as standard

import pytest

from tests.reports import samples
from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.ir import attrs as a
from vai_inspect.reports import gv, json
from vai_inspect.reports.console import console
from vai_inspect.reports.text import text
from vai_inspect.rules.engine.registry import targets


def infinite():
    op = samples.op("x", "elu", attrs=a.EluAttrs(float("-inf")))
    return samples.inspection("m", [op])


SAMPLES = {
    "all_on_dpu": samples.all_on_dpu,
    "mixed": samples.mixed,
    "hostile": samples.hostile,
    "chain": lambda: samples.chain(25),
    "dense": lambda: samples.dense((2, 3)),
    "many": lambda: samples.many(30),
    "infinite": infinite,
}


def printed(inspection):
    stream = io.StringIO()
    console.show(inspection, 2, stream)
    return stream.getvalue()


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_report_of_what_was_read_back_is_the_same(sample):
    inspection = SAMPLES[sample]()
    again = Inspection.from_json(json.render(inspection))
    assert again.to_dict() == inspection.to_dict()
    assert again == Inspection.from_dict(inspection.to_dict())
    for render in (text.render, gv.render, json.render, printed, repr):
        assert render(again) == render(inspection)


@pytest.mark.parametrize("sample", ["all_on_dpu", "mixed"])
def test_attributes_origins_and_causes_come_back_typed(sample):
    inspection = SAMPLES[sample]()
    again = Inspection.from_dict(inspection.to_dict())
    assert again.target == inspection.target
    assert again.root_causes == inspection.root_causes
    for mine, theirs in zip(again.ops, inspection.ops):
        assert mine.op.attrs == theirs.op.attrs
        assert mine.op.origin.layers == theirs.op.origin.layers
        assert mine.op.origin.source == theirs.op.origin.source
        assert (mine.findings, mine.verdict) == (theirs.findings, theirs.verdict)


def _set(path, value):
    def change(report):
        part = report
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value

    return change


def _drop(*path):
    def change(report):
        part = report
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return change


WRONG = {
    "a device": (_set(("ops", 0, "device"), "gpu"), "ops[0].device is 'gpu'; valid is 'dpu' or"),
    "a type": (_set(("ops", 1, "type"), "conv9d"), "ops[1].type is 'conv9d'"),
    "a size": (_set(("ops", 1, "output_shapes"), [[1, "2"]]), "ops[1].output_shapes[0][1] is '2'"),
    "a kernel": (_set(("ops", 1, "attributes", "kernel"), [1]), "ops[1].attributes.kernel is [1]"),
    "no kernel": (_drop("ops", 1, "attributes", "kernel"), "ops[1].attributes has no 'kernel'"),
    "evidence": (
        _set(("ops", 2, "findings", 0, "evidence"), "rumour"),
        "ops[2].findings[0].evidence is 'rumour'; valid is 'compiled' or 'inspector'",
    ),
    "an input": (_set(("ops", 1, "inputs"), ["who"]), "ops[1].inputs is 'who'"),
    "a reader": (_set(("ops", 1, "outputs"), ["who"]), "ops[1].outputs is ['who']; valid is ["),
    "a reader left out": (_set(("ops", 1, "outputs"), []), "which read it"),
    "another subgraph": (_set(("ops", 1, "subgraph"), "who"), "ops[1].subgraph is 'who'; valid is"),
    "no shape": (_set(("ops", 1, "output_shapes"), []), "valid is a shape for each output"),
    "a name twice": (_set(("ops", 6, "name"), "x"), "two operators of one name"),
    "a line": (
        _set(("ops", 1, "origin", "source", 0, "line"), True),
        "ops[1].origin.source[0].line is True; valid is an integer",
    ),
    "a member": (_set(("subgraphs", 0, "ops"), ["who"]), "an operator of dpu_subgraph_0 is 'who'"),
    "a total": (_set(("summary", "dpu_ops"), 9), "summary.dpu_ops is 9; valid is 2, as counted"),
    "a limit": (
        _set(("target", "engines", "conv", "limit", "stride"), "many"),
        "target.engines.conv.limit.stride is 'many'",
    ),
    "a fingerprint": (
        _set(("target", "fingerprint"), "0xghost"),
        "target.fingerprint is '0xghost'",
    ),
    "a version": (_set(("schema_version",), "2.0"), "schema_version is '2.0'"),
    "another tool": (_set(("tool", "name"), "vela"), "tool.name is 'vela'"),
    "a position": (_set(("root_causes", 0, "position"), "up"), "root_causes[0].position is 'up'"),
    "no ops": (_drop("ops"), "the report has no 'ops'"),
    "no summary": (_drop("summary"), "the report has no 'summary'"),
    "no engine": (_drop("target", "engines", "conv"), "target.engines has no 'conv'"),
    "no device": (_drop("ops", 3, "device"), "ops[3] has no 'device'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case):
    change, message = WRONG[case]
    report = copy.deepcopy(samples.mixed().to_dict())
    change(report)
    with pytest.raises(ReportError) as caught:
        Inspection.from_dict(report)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("{", "The text is no JSON"),
        ("", "The text is no JSON"),
        ("[" * 100000, "The text is nested too deeply"),
        (None, "Received a NoneType for the text of a JSON report; give the text"),
        ("[{}, {}]", "a list of 2 reports"),
        ("3", "the report is 3; valid is an object"),
        ("{}", "the report has no 'schema_version'"),
    ],
)
def test_what_is_no_report_is_refused(words, message):
    with pytest.raises(ReportError) as caught:
        Inspection.from_json(words)
    assert message in str(caught.value)


RENAMED = [
    (lambda one: one.root_causes[0], {"in_turn": "cumulative", "cuts_nothing": "at_boundary"}),
    (lambda one: one.ops[1], {"macs_untold": "macs_unknown"}),
    (lambda one: one.summary, {"macs_untold_ops": "macs_unknown_ops"}),
]


@pytest.mark.parametrize(("part_of", "names"), RENAMED)
def test_earlier_names_of_members_warn_and_are_in_the_json(part_of, names):
    part = part_of(samples.mixed())
    for former, name in names.items():
        assert part.to_dict()[former] == part.to_dict()[name]
        with pytest.deprecated_call(match=f"{former} is deprecated; use {name}"):
            assert getattr(part, former) == getattr(part, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = part.nothing


def test_a_report_with_the_earlier_names_alone_is_read():
    report = samples.mixed().to_dict()
    for part in (*report["root_causes"], *report["ops"], report["summary"]):
        for name in ("cumulative", "at_boundary", "macs_unknown", "macs_unknown_ops"):
            part.pop(name, None)
    assert Inspection.from_dict(report).to_dict() == samples.mixed().to_dict()


def test_the_suggestion_of_a_root_cause_is_the_text_of_its_remedies():
    report = samples.mixed().to_dict()
    report["root_causes"][0]["suggestion"] = "something else"
    with pytest.raises(ReportError, match="root_causes.0..suggestion is 'something else'"):
        Inspection.from_dict(report)
    del report["root_causes"][0]["remedies"]  # as in early reports
    cause = Inspection.from_dict(report).root_causes[0]
    assert (cause.suggestion, cause.effect) == ("something else", None)


def test_members_of_a_later_version_are_left_out():
    report = samples.mixed().to_dict()
    report["novelty"] = report["ops"][0]["novelty"] = {"figure": 1}
    report["schema_version"] = "1.7"
    assert len(Inspection.from_dict(report).ops) == 7


def test_a_report_of_an_earlier_version_has_no_root_causes():
    report = samples.mixed().to_dict()
    del report["root_causes"]
    assert Inspection.from_dict(standard.loads(standard.dumps(report))).root_causes == ()


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.fingerprint_text)
def test_every_target_comes_back(target):
    report = samples.all_on_dpu().to_dict()
    report["target"] = target.to_dict()
    again = Inspection.from_dict(standard.loads(standard.dumps(report))).target
    assert again.to_dict() == target.to_dict()
    assert (again.conv, again.alu, again.pool) == (target.conv, target.alu, target.pool)
    assert (again.family, again.banks) == (target.family, target.banks)
