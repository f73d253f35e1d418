"""Damaged exported programs (.pt2) that are trusted: torch's reader fails in any way, we in one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.hostile.amount import TIMES, ran
from tests.hostile.children import child, inspect, one_line

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX"),
    pytest.mark.skipif(
        not hasattr(getattr(torch, "export", None), "save"), reason="this torch writes no .pt2"
    ),
]
HERE = Path(__file__).parent
PATH = [str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
ROOT = {"PYTHONPATH": os.pathsep.join(PATH)}
NUMBER = 120


def test_damage_is_one_line(tmp_path: Path) -> None:
    script = "from tests.hostile.damaged_programs import main; main()"
    number = NUMBER * TIMES
    ended = child(script, tmp_path, str(number), seconds=60 * TIMES, environment=ROOT)
    assert ended.code == 0, ended
    lines = [line[2:].split(": ", 1) for line in ended.out.splitlines() if line.startswith("# ")]
    assert len(lines) == number
    assert {found for found, _ in lines} == {"read", "line"}, ended
    for found, _ in lines:
        ran("exported programs, damaged: " + found)


def test_the_reason_is_torchs_and_stands_alone(tmp_path: Path) -> None:
    """torch logs the reason, with its stack, and raises what became of another attempt."""
    made = child(
        "from tests.hostile.damaged_programs import other; other()", tmp_path, environment=ROOT
    )
    assert made.code == 0, made
    said = one_line(inspect("other.pt2", tmp_path, "--trust", "--verbose", "0"))
    assert "other.pt2 cannot be read as an exported program: " in said
    assert "no_such_operator" in said
