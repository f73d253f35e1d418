"""SARIF, JUnit XML and GitHub's annotations: their form, and that they say what the check says."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.gate import Gate
from vai_inspect.core.ir import Frame
from vai_inspect.core.quantizer import FlowStage, Obstacle, Outcome, QuantizerReport
from vai_inspect.reports.checked import Checked, Site, within_working_folder
from vai_inspect.reports.formats import github, junit, sarif
from vai_inspect.reports.writer import ON_REQUEST, WRITERS, for_check

SCHEMA = json.loads(
    (Path(__file__).parent.parent / "data/sarif/sarif-2.1.0-rtm.5.json").read_text("utf-8")
)
WIDE = "features.conv_with_a_very_long_name_that_wraps"
MIXED = samples.mixed()
GATES = {
    "nothing fails": Gate(),
    "all on the CPU fails": Gate("cpu"),
    "some are allowed": Gate("cpu", Allowlist(("conv2d",))),
    "nothing is new": Gate("cpu", baselines=(MIXED,)),
    "totals": Gate(max_subgraphs=1, min_macs=99),
}


def with_obstacles():
    quantizer = QuantizerReport(
        "vai_q_pytorch",
        "3.5",
        (
            Obstacle("torch.changing", Outcome.CHANGES, FlowStage.EXPORT, None, ("conv1", "fc"),
                     "it is <wrong>", "write it otherwise"),
            Obstacle("torch.failing", Outcome.FAILS, FlowStage.TRACE, "PYTORCH_TRACE", (),
                     "it stops"),
            Obstacle("torch.float", Outcome.FLOAT, FlowStage.QUANTISE, None, (WIDE,), "in float"),
            Obstacle("torch.warned", Outcome.WARNS, FlowStage.EXPORT, None, ("fc",), "printed"),
        ),
    )  # fmt: skip
    return dataclasses.replace(MIXED, quantizer=quantizer)


BLOCKED = with_obstacles()
BLOCKED_GATES = {
    # gate, level of each obstacle in SARIF; state in the baseline
    "nothing fails": (Gate(), ["warning", "warning", "note"], None),
    "the quantiser fails": (Gate("quantizer"), ["error", "error", "note"], None),
    "it did before": (
        Gate("quantizer", baselines=(BLOCKED,)),
        ["warning", "warning", "note"],
        "unchanged",
    ),
    "it is new": (Gate("quantizer", baselines=(MIXED,)), ["error", "error", "note"], "new"),
}


def checked(gate: str, inspection=MIXED) -> Checked:
    return Checked(inspection, GATES[gate].check(inspection))


def results(log):
    return json.loads(log)["runs"][0]["results"]


@pytest.mark.parametrize("gate", GATES)
def test_sarif_keeps_to_the_schema(gate):
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(sarif.render(checked(gate))))


def test_sarif_of_hostile_names_keeps_to_the_schema():
    hostile = samples.hostile()
    log = sarif.render(Checked(hostile, Gate().check(hostile)))
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(log))
    log.encode("utf-8")
    assert all(result["message"]["text"].isprintable() for result in results(log))


def test_a_result_for_each_finding_at_the_line_of_the_user():
    log = sarif.render(checked("nothing fails"))
    found = [(one["properties"]["operator"], one["ruleId"], one["level"]) for one in results(log)]
    assert found == [
        (WIDE, samples.KERNEL.constraint, "warning"),
        (WIDE, samples.STRIDE.constraint, "warning"),
        ("reshape", samples.follows(WIDE).constraint, "note"),
        ("fancy", samples.UNKNOWN.constraint, "warning"),
    ]
    rules = json.loads(log)["runs"][0]["tool"]["driver"]["rules"]
    for result in results(log):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_levels_suppressions_and_baseline_say_what_fails():
    failing = results(sarif.render(checked("all on the CPU fails")))
    assert [one["level"] for one in failing] == ["error", "error", "note", "error"]
    allowed = results(sarif.render(checked("some are allowed")))
    assert ["suppressions" in one for one in allowed] == [True, True, False, False]
    known = results(sarif.render(checked("nothing is new")))
    assert {one["baselineState"] for one in known} == {"unchanged"}


def test_fingerprints_differ_and_stay_as_lines_move():
    first = results(sarif.render(checked("nothing fails")))
    marks = [one["partialFingerprints"]["operator/v1"] for one in first]
    assert len(set(marks)) == len(marks)
    moved = Checked(MIXED, Gate().check(MIXED), model_site=Site("net.py", 99))
    again = results(sarif.render(moved))
    assert [one["partialFingerprints"]["operator/v1"] for one in again] == marks


def a_layer(*frames: Frame, layers=("block/stem",)):
    done = samples.inspection(
        "net",
        [
            samples.op("x", "data", device=samples.Device.USER),
            samples.op(
                "stem", "sigmoid", ["x"], device=samples.Device.CPU, findings=(samples.KERNEL,),
                layers=layers, source=frames,
            ),
        ],
        {"cpu_subgraph_0": ["stem"]},
    )  # fmt: skip
    return done, done.op("stem")


OWN = Frame("model.py", 3, "forward")
INSTALLED = Frame("/env/lib/site-packages/torch/nn/modules/conv.py", 500, "forward")
OTHER = Frame("/no/such/folder/net.py", 12, "forward")


@pytest.mark.parametrize(
    ("frames", "layer_sites", "model_site", "expected"),
    [
        ((OWN, INSTALLED), {}, None, Site("model.py", 3)),
        ((OTHER, OWN, INSTALLED), {}, Site("main.py", 1), Site("model.py", 3)),
        ((), {"stem": Site("k.py", 7)}, Site("main.py", 1), Site("k.py", 7)),
        ((), {"other": Site("k.py", 7)}, Site("main.py", 1), Site("main.py", 1)),
        ((INSTALLED,), {}, Site("main.py", 1), Site("main.py", 1)),
        ((INSTALLED,), {}, None, Site("torch/nn/modules/conv.py", 500, installed=True)),
        ((), {}, None, None),
    ],
)
def test_the_nearest_line_that_is_known(
    frames, layer_sites, model_site, expected, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text("")
    done, op = a_layer(*frames)
    one = Checked(done, Gate().check(done), model_site, layer_sites)
    assert one.site(op) == expected
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(sarif.render(one)))


@pytest.mark.parametrize(
    "file", ["<string>", "../outside.py", "/etc/hostname", "gone.py", "nul\0", "\ud800"]
)
def test_what_is_no_file_of_the_working_folder(file, tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "outside.py").write_text("")
    monkeypatch.chdir(folder)
    assert within_working_folder(file) is None


@pytest.mark.parametrize("gate", GATES)
def test_junit_counts_what_it_holds_and_fails_as_the_check_does(gate):
    one = checked(gate)
    suites = ElementTree.fromstring(junit.render(one))
    cases = suites.findall("./testsuite/testcase")
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    totals = [one.option.lstrip("-") for one in one.outcome.failures if not one.ops]
    assert failed == [*totals, *one.outcome.failing]
    for element in (suites, suites.find("testsuite")):
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(failed))
        assert element.get("skipped") == str(len(suites.findall(".//skipped")))
    names = [case.get("name") for case in cases if case.get("name") not in totals]
    assert names == ["conv1", WIDE, "reshape", "fc", "fancy"]


def test_junit_of_hostile_names_is_xml():
    hostile = samples.hostile()
    text = junit.render(Checked(hostile, Gate("cpu").check(hostile)))
    cases = ElementTree.fromstring(text.encode("utf-8")).findall(".//testcase")
    assert len(cases) == len(samples.HOSTILE_NAMES)


def test_github_has_an_annotation_for_each_failure_and_each_root_cause():
    lines = github.render(checked("all on the CPU fails")).splitlines()
    assert lines[0] == (
        "::error title=vai-inspect%3A --fail-on cpu::Net on DPUCZDX8G_ISA1_B4096: 3 operators "
        f"on the CPU (DPUCZDX8G_ISA1_B4096): {WIDE} (conv2d), reshape (reshape), fancy (unknown)"
    )
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::error"]
    assert samples.KERNEL.message in lines[1]
    quiet = github.render(checked("nothing fails")).splitlines()
    assert [line.split(" ")[0] for line in quiet] == ["::warning", "::warning"]
    assert github.render(checked("nothing is new")) == ""


def test_github_counts_operators_of_one_reason_in_one_annotation(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text("")
    many = samples.many(1)
    cause = many.root_causes[0]
    one = Checked(many, Gate("cpu").check(many), model_site=Site("net.py", 4))
    assert "The same holds" not in github.render(one)
    assert cause.ops == ("gate0",)
    assert "::error file=net.py,line=4,title=" in github.render(one)


def test_no_name_forges_a_command_of_github():
    hostile = samples.hostile()
    for line in github.render(Checked(hostile, Gate("cpu").check(hostile))).splitlines():
        assert re.match(r"::(error|warning|notice) (file=|title=)", line)
        properties = line[2:].split("::")[0]
        assert properties.count(",") <= 2


def blocked(gate):
    return Checked(
        BLOCKED,
        BLOCKED_GATES[gate][0].check(BLOCKED),
        model_site=Site("net.py", 4),
        rules={"torch.changing": "A form that changes."},
    )


@pytest.mark.parametrize("gate", BLOCKED_GATES)
def test_sarif_has_the_obstacles_of_the_quantiser(gate):
    log = json.loads(sarif.render(blocked(gate)))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    found = [one for one in run["results"] if "outcome" in one["properties"]]
    assert [rules[one["ruleIndex"]]["id"] for one in found] == [
        "torch.changing", "torch.failing", "torch.warned",
    ]  # fmt: skip
    _, levels, state = BLOCKED_GATES[gate]
    assert [one["level"] for one in found] == levels
    assert {one.get("baselineState") for one in found} == {state}
    assert all(("suppressions" in one) is (state == "unchanged") for one in found)
    first, second, _ = found
    assert first["message"]["text"] == (
        "it is <wrong> [at the export]. What to change: write it otherwise"
    )
    names = [one["fullyQualifiedName"] for one in first["locations"][0]["logicalLocations"]]
    assert names == ["conv1", "fc"]
    assert rules[first["ruleIndex"]]["shortDescription"]["text"] == "A form that changes."
    physical = second["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "net.py"
    assert physical["region"] == {"startLine": 4}
    # What keeps operators on the CPU is as serious as before: this gate is about the quantiser.
    others = [one["level"] for one in run["results"] if "outcome" not in one["properties"]]
    assert "error" not in others


@pytest.mark.parametrize("gate", BLOCKED_GATES)
def test_junit_has_a_case_for_each_obstacle(gate):
    one = blocked(gate)
    suites = ElementTree.fromstring(junit.render(one))
    cases = {case.get("name"): case for case in suites.findall("./testsuite/testcase")}
    failing = {obstacle.id for obstacle in one.outcome.blocked}
    for name, id in (("torch.changing conv1", "torch.changing"), ("torch.failing",) * 2):
        assert (cases[name].find("failure") is not None) is (id in failing)
        assert (cases[name].find("skipped") is not None) is (id not in failing)
    assert "torch.warned fc" not in cases
    assert suites.get("failures") == str(len(failing))
    assert suites.get("tests") == str(len(cases))


@pytest.mark.parametrize(
    ("gate", "commands"),
    [
        ("nothing fails", ["::warning", "::warning"]),
        ("the quantiser fails", ["::error", "::error", "::error"]),  # the gate, then each
        ("it did before", []),
    ],
)
def test_github_annotates_each_obstacle(gate, commands):
    lines = github.render(blocked(gate)).splitlines()
    found = [line for line in lines if "torch." in line or "--fail-on" in line]
    assert [line.split(" ")[0] for line in found] == commands
    if commands:
        assert found[-2].endswith(
            "torch.changing::it is <wrong> [at the export]. What to change: write it otherwise. "
            "Operators: conv1, fc"
        )
        assert "file=net.py,line=4," in found[-1]


@pytest.mark.parametrize("name", [one.name for one in ON_REQUEST])
def test_the_same_inspection_gives_the_same_bytes(name):
    def rendered():
        found = checked("totals")
        return for_check(WRITERS[name], found).render(found.inspection)

    assert rendered() == rendered() != b""
