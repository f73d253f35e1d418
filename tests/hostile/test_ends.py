"""Whole processes that are interrupted, whose readers go away or whose disk is full.

Each ends with its exit code and at most one line; what was written before stays whole, and no
half of a file is left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from tests.hostile.files import archive
from tests.hostile.models import SMALL

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")

NAME = "inspect_DPUCZDX8G_ISA1_B4096"
CLI = "import sys; from vai_inspect.cli import main; main(sys.argv[1:])"
INTERRUPTED = (130, "vai-inspect: interrupted\n")
PATIENCE = 60.0


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return archive(tmp_path / "m.keras", SMALL)


def start(tmp_path: Path, *args: str, before: str = "", **more: Any) -> "subprocess.Popen[str]":
    """Starts a process that runs the command line, after some code of the test's own."""
    more.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen(
        [sys.executable, "-c", before + "\n" + CLI, *args],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def inspect(model: Path, *more: str) -> List[str]:
    return ["inspect", str(model), "-t", "DPUCZDX8G_ISA1_B4096", "-o", "out", *more]


def ended(process: "subprocess.Popen[str]") -> Any:
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in str(out) + err
    return process.returncode, err


def wait_for(found: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + PATIENCE
    while not found():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@contextlib.contextmanager
def old_reports(folder: Path) -> Iterator[None]:
    """An earlier run's reports, which are there unchanged in the end, and nothing beside them."""
    folder.mkdir()
    old = {NAME + ending: b"old " + ending.encode() for ending in (".txt", ".gv", ".png", ".json")}
    for name, content in old.items():
        (folder / name).write_bytes(content)
    yield
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == old


SIGNALS = pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])


SLOW = """
import time

def build():
    open("started", "w").close()
    time.sleep(600)
"""


@SIGNALS
def test_while_the_model_is_built(sent: int, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    with old_reports(tmp_path / "out"):
        process = start(tmp_path, *inspect(Path("slow.py:build")))
        wait_for((tmp_path / "started").exists, process)
        process.send_signal(sent)
        assert ended(process) == INTERRUPTED


DOT = """#!/bin/sh
echo $$ > {0}/pid.part; mv {0}/pid.part {0}/pid
exec sleep 600
"""


@SIGNALS
def test_while_dot_draws(sent: int, model: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "dot").write_text(DOT.format(tmp_path))
    (programs / "dot").chmod(0o755)
    path = "{}{}{}".format(programs, os.pathsep, os.environ["PATH"])
    environment = {**os.environ, "PATH": path}
    process = start(tmp_path, *inspect(model, "--image-format", "png"), env=environment)
    wait_for((tmp_path / "pid").exists, process)
    process.send_signal(sent)
    assert ended(process) == INTERRUPTED
    ps = ["ps", "-o", "stat=", "-p", (tmp_path / "pid").read_text().strip()]
    state = subprocess.run(ps, capture_output=True, text=True).stdout.strip()
    assert state[:1] in ("", "Z")  # dot is gone as well; nobody may have asked for its end yet
    # The text had been written by then, whole.
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [NAME + ".gv", NAME + ".txt"]


WHERE = {
    "before a file has its name": "os.replace",
    "while a file is written": "secrets.token_hex",
}


@SIGNALS
@pytest.mark.parametrize("function", WHERE.values(), ids=WHERE.keys())
def test_while_a_report_is_written(function: str, sent: int, model: Path, tmp_path: Path) -> None:
    before = "import os, secrets\n{} = lambda *_: os.kill(os.getpid(), {}) or '0'".format(
        function, int(sent)
    )
    with old_reports(tmp_path / "out"):
        process = start(tmp_path, *inspect(model, "--json"), before=before)
        assert ended(process) == INTERRUPTED


def test_a_signal_that_the_caller_ignores_stays_ignored(model: Path, tmp_path: Path) -> None:
    before = (
        "import os, secrets, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "real = os.replace\n"
        "def replace(*files):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    real(*files)\n"
        "os.replace = replace"
    )
    assert ended(start(tmp_path, *inspect(model), before=before)) == (0, "")


COMMANDS: Dict[str, List[str]] = {
    "targets": ["targets"],
    "targets as JSON": ["targets", "--json"],
    "rules": ["rules", "czdx8g"],
    "help": ["--help"],
    "doctor": ["doctor"],
    "target": ["target", "DPUCZDX8G_ISA1_B4096"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_goes_away(name: str, tmp_path: Path) -> None:
    """As in `vai-inspect targets | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    process = start(tmp_path, *COMMANDS[name], stdout=writer)
    os.close(writer)
    assert ended(process) == (141, "")


@pytest.mark.parametrize("more", [[], ["--verbose", "2", "--json"]])
def test_a_reader_that_goes_away_costs_no_report(
    more: List[str], model: Path, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start(tmp_path, *inspect(model, *more), stdout=writer)
    os.close(writer)
    assert ended(process) == (141, "")
    written = sorted(one.suffix for one in (tmp_path / "out").iterdir())
    assert written == [".gv", *([".json"] if more else []), ".txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("command", ["inspect", "targets"])
def test_output_that_takes_no_more(command: str, model: Path, tmp_path: Path) -> None:
    args = inspect(model) if command == "inspect" else [command]
    with open("/dev/full", "w") as full:
        code, err = ended(start(tmp_path, *args, stdout=full))
    assert code == 2
    assert err.startswith("vai-inspect: error: the results cannot be written: No space left")
    assert err.count("\n") == 1
    if command == "inspect":
        assert (tmp_path / "out" / (NAME + ".txt")).stat().st_size > 1000


@pytest.mark.parametrize("closed", ["1", "2", "0", "1 2"])
@pytest.mark.parametrize("command", ["inspect", "targets"])
def test_streams_that_are_closed(closed: str, command: str, model: Path, tmp_path: Path) -> None:
    args = inspect(model) if command == "inspect" else [command]
    close = " ".join("{}>&-".format(number) for number in closed.split())
    script = 'exec "$@" ' + close.replace("0>&-", "0<&-")
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-c", CLI, *args],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    if command == "inspect":
        text = (tmp_path / "out" / (NAME + ".txt")).read_text()
        assert text.startswith("# The placement of a model on a DPU")


@pytest.mark.parametrize("name", [*COMMANDS, "a file", "a trusted file", "a model"])
def test_a_working_folder_that_is_gone(name: str, model: Path, tmp_path: Path) -> None:
    """Importing torch ends Python there, without a word of it."""
    given: Dict[str, List[str]] = {
        **COMMANDS,
        "a file": [*inspect(model)[:-1], str(tmp_path / "out")],
        "a trusted file": inspect(Path("net.pt"), "--trust"),
        "a model": inspect(Path("collections:OrderedDict")),
    }
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-c", CLI, *given[name]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if name in ("a trusted file", "a model"):
        assert done.returncode == 2
        assert "the working folder was deleted" in done.stderr
        assert done.stderr.count("\n") == 1
    else:
        assert (done.returncode, done.stderr) == (0, "")
