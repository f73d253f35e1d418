"""SARIF, JUnit XML and GitHub's annotations: their form, and that they say what the check says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowance
from vai_inspect.core.gate import Gate
from vai_inspect.core.ir import Frame
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
    "some are allowed": Gate("cpu", Allowance(("conv2d",))),
    "nothing is new": Gate("cpu", baselines=(MIXED,)),
    "totals": Gate(max_subgraphs=1, min_macs=99),
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
        "::error title=vai-inspect%3A --fail-on cpu::Net on DPUCZDX8G_ISA1_B4096: 3 operators on "
        "DPUCZDX8G_ISA1_B4096: {} (conv2d), reshape (reshape), fancy (unknown)".format(WIDE)
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
    assert "Likewise" not in github.render(one)
    assert cause.ops == ("gate0",)
    assert "::error file=net.py,line=4,title=" in github.render(one)


def test_no_name_forges_a_command_of_github():
    hostile = samples.hostile()
    for line in github.render(Checked(hostile, Gate("cpu").check(hostile))).splitlines():
        assert re.match(r"::(error|warning|notice) (file=|title=)", line)
        properties = line[2:].split("::")[0]
        assert properties.count(",") <= 2


@pytest.mark.parametrize("name", [one.name for one in ON_REQUEST])
def test_the_same_inspection_gives_the_same_bytes(name):
    def rendered():
        found = checked("totals")
        return for_check(WRITERS[name], found).render(found.inspection)

    assert rendered() == rendered() != b""
