"""Without --trust no code of a model file runs, whoever would read it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.hostile.children import child, inspect, one_line

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX"),
    pytest.mark.skipif(
        not hasattr(getattr(torch, "export", None), "save"), reason="this torch writes no .pt2"
    ),
]
PROGRAMS = ("size", "name", "constant", "spec", "from-file", "large", "native")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    script = Path(__file__).with_name("exported_programs.py").read_text(encoding="utf-8")
    made = child(script, folder)
    assert made.code == 0, made
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_code_of_an_exported_program_runs(name: str, programs: Path) -> None:
    ended = inspect(name + ".pt2", programs, "--verbose", "0", seconds=30)
    assert sorted(one.name for one in programs.iterdir() if "harm" in one.name) == []
    assert "--trust" in one_line(ended)
    assert ended.megabytes < 200, "torch was loaded, or the file's own sizes were used"


@pytest.mark.parametrize("name", ["size", "name", "constant", "spec", "from-file"])
def test_and_with_trust_it_does(name: str, programs: Path, tmp_path: Path) -> None:
    """What the test above stands on: these programs are attacks on this torch."""
    modules = {"PYTHONPATH": os.pathsep.join([str(programs), os.environ.get("PYTHONPATH", "")])}
    path = str(programs / (name + ".pt2"))
    ended = inspect(path, tmp_path, "--trust", "--verbose", "0", environment=modules)
    assert ended.code in (0, 2)
    assert (tmp_path / ("harm-" + name)).exists()
