"""Arguments of the command line that nobody means: a result, or one line of bounded length."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.amount import cases, ran
from tests.hostile.files import archive
from tests.hostile.models import SMALL
from vai_inspect.cli import app
from vai_inspect.cli.errors import run

TARGET = "DPUCZDX8G_ISA1_B4096"
TEXTS = (
    "", " ", "\0", "\n", "a\nb", "\x1b[31m", "\ud800", "9" * 5000, "-1", "0x", "0x" + "f" * 5000,
    "1e999", "nan", "[[[[", "(" * 3000, "-" * 30000 + "1", "/", "//", "..", ".", "~", "/dev/null",
    "/dev/zero", "x" * 5000, "x/" * 3000, "*", "%s", "{}", "[bold]x[/]", "--", "-h", "m.keras",
    "m.keras/", "m.keras:x", ":", "::", "a:", ":b", "/:x", ".:x", "builtins:exit", "builtins:None",
    "json:loads", "a.b.c:d", "...:x", "٣", "1,3,8,8,", "end:", "start:", "end:(", "a{1000000}",
    "(a+)+$", "czdx8g", TARGET, "0x101000016010407", "arch.json", "folder", "link", "pipe",
    "x" * 300 + ".pt", "x" * 300 + ".py:x", "x" * 300 + ".json",
)  # fmt: skip
ANY = st.sampled_from(TEXTS)
OPTIONS = ("--input-shape", "--allow", "--fail-on", "--image-format", "-v", "-t", "-o", "--kwargs")
LONGEST = 3200


def pairs(*options: str) -> Any:
    return st.lists(st.tuples(st.sampled_from(options), ANY), max_size=3)


MODEL = st.just("m.keras") | ANY
COMMANDS = st.one_of(
    st.tuples(st.just("inspect"), MODEL, pairs(*OPTIONS), st.lists(st.just("--json"), max_size=1)),
    st.tuples(st.just("compare"), MODEL, pairs("--family", "-t", "--allow", "--input-shape")),
    st.tuples(st.sampled_from(("target", "rules", "explain")), ANY),
    st.tuples(st.just("targets"), pairs("--family")),
    st.tuples(ANY, ANY),
)


def flat(command: Any) -> List[str]:
    """The arguments of a command; an inspection has a target and a folder in any case."""
    found: List[str] = []
    for part in command:
        for one in [part] if isinstance(part, str) else part:
            found += [one] if isinstance(one, str) else one
    if command[0] == "inspect":
        given = found[2:]
        found += [] if "-t" in given else ["-t", TARGET]
        found += [] if "-o" in given else ["-o", "out"]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("arguments")
    archive(made / "m.keras", SMALL)
    (made / "arch.json").write_text("{}")
    (made / "folder").mkdir()
    if os.name == "posix":
        (made / "link").symlink_to("link")
        os.mkfifo(str(made / "pipe"))
    return made


def ended(args: List[str], capsys: pytest.CaptureFixture[str]) -> Tuple[int, str]:
    capsys.readouterr()
    code = run(app, args)
    return code, capsys.readouterr().err


@cases(200)
@given(command=COMMANDS)
def test_arguments(
    command: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    code, err = ended(flat(command), capsys)
    assert code in (0, 1, 2), err
    errors = [line for line in err.splitlines() if line.startswith("vai-inspect: error: ")]
    assert len(errors) == (code == 2)
    assert all(line.startswith("vai-inspect: ") for line in err.splitlines())
    assert all(len(line) < LONGEST for line in err.splitlines())
    assert "\x1b" not in err
    ran("command lines: ended with {}".format(code))


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("old", ["pipe", "/dev/zero", "folder", "m.keras", "arch.json", "gone"])
def test_reports_that_are_none(
    old: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    code, err = ended(["diff", old, old], capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("vai-inspect: error: " + old)


@pytest.mark.parametrize(
    "model", ["m.keras", "m.h5", "m.pt", "m.pt2", "m.py:x", "m:x", "m", "m.py", "m.onnx", "saved"]
)
def test_a_folder_that_may_not_be_read(
    model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Even asking whether a file is there fails then; root may ask, so the system is played."""
    real = os.stat

    def refusing(path: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(path, (str, os.PathLike)) and "locked" in os.fspath(path):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return real(path, *args, **kwargs)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "stat", refusing)
    code, err = ended(["inspect", "locked/" + model, "-t", TARGET, "--trust"], capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("vai-inspect: error: ")
    assert "defect" not in err
