"""The options for CI: gates, baselines, several models, reports beside the usual ones."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("keras")

from vai_inspect.cli.inspecting import folders

MODELS = str(Path(__file__).with_name("models.py"))
B4096 = "DPUCZDX8G_ISA1_B4096"
STEM = "inspect_" + B4096


@pytest.fixture
def command(vai_inspect, tmp_path, monkeypatch):
    """Runs `inspect` for a B4096 in a folder with `models.py`."""
    monkeypatch.chdir(tmp_path)
    Path("models.py").write_text(Path(MODELS).read_text())

    def run(*args):
        return vai_inspect("inspect", "-t", B4096, *args)

    return run


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("small", ["--max-subgraphs", "1"], None),
        ("small", ["--max-subgraphs", "0"], "--max-subgraphs: 1 DPU subgraph on B, more than 0"),
        ("small", ["--min-macs", "100"], None),
        ("swish", ["--min-macs", "100", "--no-convert"], None),
    ],
)
def test_totals_fail(command, name, options, line):
    code, _, err = command("models.py:" + name, "-v", "0", *options)
    assert code == (1 if line else 0), err
    assert err == (
        "vai-inspect: {}\n".format(line.replace(" B,", " {},".format(B4096))) if line else ""
    )


def test_only_what_is_new_fails_against_a_baseline(command):
    assert command("models.py:small", "--json", "-o", "before", "-v", "0")[0] == 0
    baseline = ["--baseline", "before/{}.json".format(STEM), "-v", "0"]
    assert command("models.py:small", "--fail-on", "cpu", *baseline)[0] == 0
    assert command("models.py:small", *baseline)[0] == 0
    code, _, err = command("models.py:undecided", *baseline)
    assert (code, err.split(":")[1]) == (1, " --fail-on cpu")
    assert command("models.py:undecided", "--fail-on", "never", *baseline)[0] == 0


def test_a_baseline_of_another_target_is_an_error(command, vai_inspect):
    vai_inspect("inspect", "models.py:small", "-t", "DPUCZDX8G_ISA1_B512", "--json", "-o", "before")
    code, _, err = command(
        "models.py:small", "--baseline", "before/inspect_DPUCZDX8G_ISA1_B512.json"
    )
    assert code == 2
    assert "there is no report of small on {}".format(B4096) in err


def test_a_list_of_reports_is_a_baseline(command):
    _, out, _ = command("models.py:small", "models.py:swish", "--json")
    Path("baseline.json").write_text(out)
    options = ["--baseline", "baseline.json", "-v", "0"]
    assert command("models.py:small", "models.py:swish", *options)[0] == 0


def test_several_models_have_a_folder_each_a_summary_and_one_exit_code(command):
    code, out, err = command("models.py:small", "models.py:whole", "--fail-on", "cpu", "-o", "out")
    assert code == 1
    assert err.startswith("vai-inspect: models.py:small: --fail-on cpu: 1 operator on the CPU (DPU")
    for name in ("small", "whole"):
        assert Path("out", name, STEM + ".txt").is_file()
    rows = [line.split() for line in out[out.index("2 models:") :].splitlines()]
    assert [(row[0], row[-1]) for row in rows[2:]] == [
        ("models.py:small", "fails"),
        ("models.py:whole", "passes"),
    ]


def test_a_model_that_cannot_be_read_loses_none_of_the_others(command):
    code, out, err = command("models.py:whole", "models.py:adds", "models.py:small", "-o", "out")
    assert code == 2
    assert "vai-inspect: error: models.py:adds: calling models.py:adds() failed: TypeError" in err
    assert [path.name for path in sorted(Path("out").iterdir())] == ["small", "whole"]
    assert "models.py:adds" in out.splitlines()[-2]
    assert out.splitlines()[-2].endswith("cannot be inspected")


def test_json_of_several_models_is_a_list_and_nothing_else(command):
    _, out, _ = command("models.py:small", "models.py:whole", "--json")
    assert [report["model"]["name"] for report in json.loads(out)] == ["small", "whole"]


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        (["a.py:build"], ["."]),
        (["a.py:build", "nets.b:other"], ["build", "other"]),
        (["a.py:build", "b.py:build"], ["a.py_build", "b.py_build"]),
        (["x/net.keras", "y/net.h5"], ["net.keras", "net.h5"]),
        (["x/net.h5", "y/net.h5"], ["x_net.h5", "y_net.h5"]),
        (["..", "a:b"], ["model", "b"]),
    ],
)
def test_the_folder_of_each_model(specs, expected):
    assert folders(specs, Path(".")) == [Path(one) for one in expected]


def test_reports_of_keras_point_to_the_lines_that_name_the_layers(command):
    code, _, err = command(
        "models.py:undecided", "-o", "out", "--report", "sarif", "--report", "junit",
        "--fail-on", "unknown",
    )  # fmt: skip
    assert code == 1, err
    log = json.loads(Path("out", STEM + ".sarif").read_text(encoding="utf-8"))
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "models.py"
    lines = Path("models.py").read_text().splitlines()
    assert 'name="prelu"' in lines[place["region"]["startLine"] - 1]
    suites = ElementTree.parse(str(Path("out", STEM + ".junit.xml"))).getroot()
    assert suites.get("failures") == "1"


def test_a_model_without_named_layers_is_placed_where_it_is_made(command):
    _, out, _ = command("models.py:swish", "--no-convert", "--report", "github", "-v", "0")
    lines = Path("models.py").read_text().splitlines()
    line = int(out.split("line=")[1].split(",")[0])
    assert lines[line - 1].startswith("def swish")


def test_annotations_are_printed_also_where_nothing_else_is(command):
    code, out, _ = command("models.py:small", "-v", "0", "--report", "github", "--fail-on", "cpu")
    assert code == 1
    assert [line.split(" ")[0] for line in out.splitlines()] == ["::error", "::error"]


def test_two_pictures_at_once(command):
    code, out, err = command("models.py:small", "--image-format", "svg", "--image-format", "png")
    assert (code, err) == (0, "")
    for ending in ("png", "svg"):
        assert Path("vai_inspect_result", "{}.{}".format(STEM, ending)).is_file()
        assert "{}.{}".format(STEM, ending) in out


@pytest.mark.parametrize("gate", [["--fail-on", "cpu"], []])
def test_a_pattern_that_matches_nothing_is_a_warning(command, gate):
    code, _, err = command("models.py:whole", "--allow", "sofmax", "-v", "0", *gate)
    assert code == 0
    assert "warning: no operator matches --allow sofmax" in err


def test_a_pattern_may_match_in_one_of_several_models(command):
    specs = ["models.py:whole", "models.py:small"]
    code, _, err = command(*specs, "--allow", "softmax", "--fail-on", "cpu", "-v", "0")
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("name", "options", "code", "line"),
    [
        ("whole", ["--fail-on", "cpu"], 0, ""),
        ("small", [], 0, ""),
        (
            "small",
            ["--fail-on", "cpu"],
            1,
            "--fail-on cpu: 2 of 2 targets: B512 and B4096; that has no DPU cost: --allow "
            "end:softmax lets it pass",
        ),
        ("small", ["--fail-on", "cpu", "--allow", "softmax"], 0, ""),
        ("small", ["--fail-on", "unknown"], 0, ""),
        (
            "undecided",
            ["--fail-on", "unknown"],
            1,
            "--fail-on unknown: 2 of 2 targets: B512 and B4096",
        ),
        ("undecided", ["--fail-on", "unknown", "--allow", "prelu"], 0, ""),
        (
            "whole",
            ["--allow", "sofmax"],
            0,
            "warning: no operator matches --allow sofmax; valid are",
        ),
    ],
)
def test_compare_fails_where_a_target_does(command, vai_inspect, name, options, code, line):
    targets = ["-t", "KV260", "-t", "DPUCZDX8G_ISA1_B512"]
    ended, out, err = vai_inspect("compare", "models.py:" + name, *targets, *options)
    assert ended == code, err
    assert B4096 in out
    assert line in err.replace("DPUCZDX8G_ISA1_", "")
    assert bool(line) is bool(err)
