"""Comparing targets: from Python and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

keras = pytest.importorskip("keras")

from tests.cli import models  # noqa: E402
from tests.cli.conftest import vai_inspect  # noqa: E402, F401
from vai_inspect import compare  # noqa: E402
from vai_inspect.core.errors import RuleError, TargetError  # noqa: E402
from vai_inspect.keras import Inspector  # noqa: E402
from vai_inspect.reports.json import COMPARISON_SCHEMA_FILE, schema  # noqa: E402
from vai_inspect.rules.engine import registry  # noqa: E402

MODELS = str(Path(__file__).parent / "cli" / "models.py")
B4096, B512 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B512"


def test_each_row_is_what_the_inspector_says_of_that_target():
    model = models.small()
    rows = compare(model).rows
    names = [row.target.name for row in rows]
    assert sorted(names) == sorted({target.name for target in registry.targets()})
    for row in rows:
        alone = Inspector(row.target).inspect(model, output_dir=None, verbose_level=0)
        assert (row.summary, row.warnings) == (alone.summary, alone.warnings)


def test_of_builds_of_one_name_that_of_release_2_5_is_taken():
    rows = compare(models.whole(), family="DPUCZDX8G").rows
    assert {row.target.dpu for row in rows} == {"DPUCZDX8G"}
    assert all("2.5" in row.target.releases for row in rows)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (B4096, [B4096]),
        ([B4096, B4096.lower()], [B4096]),
        ([B4096, "0x101000056010407"], [B4096, B4096]),
    ],
)
def test_targets_are_given_as_the_inspector_takes_them(targets, expected):
    assert [row.target.name for row in compare(models.whole(), targets).rows] == expected


def test_the_smallest_that_takes_the_whole_model_is_marked():
    rows = compare(models.small(), family="czdx8g").rows
    assert not any(row.smallest for row in rows)
    rows = compare(models.small(), family="czdx8g", allow="end:softmax").rows
    assert [row.target.name for row in rows if row.smallest] == [B512]
    assert rows[0].target.name == B512


def test_printing_shows_the_table():
    text = str(compare(models.small(), [B4096]))
    assert text.startswith("small on 1 target\n")
    assert B4096 in text


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (TargetError, {"targets": []}),
        (TargetError, {"targets": ["nothing"]}),
        (TargetError, {"targets": [B4096], "family": "czdx8g"}),
        (RuleError, {"family": "czdx9g"}),
    ],
)
def test_wrong_targets_are_refused_before_the_model_is_read(error, options):
    with pytest.raises(error):
        compare(None, **options)


def test_the_command_prints_the_table(vai_inspect):  # noqa: F811
    code, out, err = vai_inspect("compare", MODELS + ":small", "--family", "czdx8g")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "small on 8 targets"
    assert sum(line.lstrip("~ ").startswith("DPUCZDX8G_ISA1_B") for line in lines) == 8
    assert "~ " + B512 in out
    assert "--allow end:softmax accepts that" in out
    assert max(map(len, lines)) <= 120
    _, marked, _ = vai_inspect(
        "compare", MODELS + ":small", "--family", "czdx8g", "--allow", "softmax"
    )
    assert "* " + B512 in marked


@pytest.mark.parametrize("columns", [80, 200])
def test_at_a_terminal_the_table_takes_its_width(vai_inspect, monkeypatch, columns):  # noqa: F811
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, out, _ = vai_inspect("compare", MODELS + ":small", "--family", "cvdx8h")
    assert columns - 40 < max(map(len, out.splitlines())) <= columns
    assert "[1]" in out
    assert ("[1] softmax, no split" in out) is (columns == 200)


def test_the_command_prints_json_and_nothing_else(vai_inspect):  # noqa: F811
    code, out, _ = vai_inspect(
        "compare", MODELS + ":small", "-t", B4096, "-t", B512, "--json", "--kwargs", "name=given"
    )
    report = json.loads(out)
    jsonschema.validate(report, schema(COMPARISON_SCHEMA_FILE))
    assert code == 0
    assert report["model"]["name"] == "given"
    assert {row["target"]["name"] for row in report["targets"]} == {B4096, B512}


@pytest.mark.parametrize("every", [[], ["--all"]])
def test_without_targets_it_compares_all(vai_inspect, every):  # noqa: F811
    _, out, _ = vai_inspect("compare", MODELS + ":whole", *every)
    assert "whole on {} targets".format(len({t.name for t in registry.targets()})) in out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--all", "-t", B4096], ["--target, --family and --all"]),
        (["--family", "czdx8g", "-t", B4096], ["--target, --family and --all"]),
        (["--family", "czdx9g"], ["czdx9g", "czdx8g"]),
        (["-t", "DPUCZDX8G_ISA1_B4069"], ["Did you mean DPUCZDX8G_ISA1_B4096"]),
        (["-t", B4096, "--input-shape", "big"], ["'big'"]),
        (["-t", B4096, "--kwargs", "colour=5"], ["colour"]),
        (["--families", "czdx8g"], ["--families", "`vai-inspect compare --help` shows"]),
        (["-t"], ["'-t' requires an argument"]),
        (["--fail-on", "dpu"], ["--fail-on"]),
        ([MODELS], ["unexpected extra argument"]),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(vai_inspect, args, words):  # noqa: F811
    code, out, err = vai_inspect("compare", MODELS + ":small", *args)
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)
    assert all(word in err for word in words)
