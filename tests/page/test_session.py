"""What the worker of the page calls, in this Python."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.page.files import STEM, too_wide
from vai_inspect.page.session import Session


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    too_wide(tmp_path)
    said = []
    found = Session(said.append)
    found.said = said
    return found


def test_boards_stand_for_the_target_that_they_boot_and_every_target_is_there(session):
    found = {one["value"]: one["label"] for one in session.targets()}
    assert found["KV260"] == "DPUCZDX8G_ISA1_B4096"
    assert "KV260" in found["DPUCZDX8G_ISA1_B4096"]
    assert "U50" not in found  # it runs one of several
    assert len(found) > 35


def test_a_file_gives_the_parts_and_then_the_reports(session):
    assert session.report("json") == {"error": "there is no inspection yet; inspect a file first."}
    answer = session.inspect("wide.keras", "KV260")
    assert set(answer["parts"]) == {"summary", "plan", "estimate", "operators"}
    assert answer["stem"] == STEM
    assert session.said[0] == "reading wide.keras"
    for kind, start in (("txt", "#"), ("json", "{"), ("html", "<!DOCTYPE"), ("dot", "digraph")):
        assert session.report(kind)["text"].startswith(start)


def test_a_comparison_says_which_target_it_is_at(session):
    answer = session.compare("wide.keras")
    assert "DPUCAHX8L_ISA0" in answer["html"]
    assert 'style="' not in answer["html"]  # the policy of the page lets none be
    targets = [text for text in session.said if text.startswith("target ")]
    assert targets[0].startswith("target 1 of ")
    assert len(set(targets)) == len(targets) == int(targets[0].split()[3].rstrip(":"))


@pytest.mark.parametrize(
    ("path", "target", "shapes", "told"),
    [
        ("wide.keras", "KV26", "", "unknown target 'KV26'"),
        ("wide.keras", "KV260", "1,0", "the input shape '1,0' is none"),
        ("wide.keras", "KV260", "1,32,32,3;1,3", "2"),
        ("wide.txt", "KV260", "", "wide.txt is no file that is read here"),
        ("missing.onnx", "KV260", "", "missing.onnx cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_no_report(session, path, target, shapes, told):
    session.inspect("wide.keras", "KV260")
    error = session.inspect(path, target, shapes)["error"]
    assert told in error
    assert "\n" not in error
    assert "error" in session.report("json")


def test_a_shape_replaces_the_models_own(session):
    session.inspect("wide.keras", "KV260", "1, 64, 64, 3")
    assert "1x64x64x3" in session.report("txt")["text"].replace(" ", "").replace(",", "x")


def test_a_defect_is_a_line_too(session, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("no\nreason")

    monkeypatch.setattr("vai_inspect.page.session.inspect_graph", fail)
    told = session.inspect("wide.keras", "KV260")["error"]
    assert told == "a defect of vai-inspect: ZeroDivisionError: no reason"


def test_no_package_is_loaded_that_the_page_does_not_have():
    code = (
        "import sys; from vai_inspect.page.session import Session; Session(print).targets();"
        "print(*{'typer', 'rich', 'graphviz', 'keras', 'torch', 'h5py'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
