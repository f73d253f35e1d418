"""Progress of the whole command: told at a terminal, on standard error; never in a log."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty")
pytest.importorskip("keras")

MODEL = """
import time

import keras

def build():
    time.sleep(1.5)
    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(8, 3)], name="slow")
"""
COMMANDS = {
    "inspect": ["inspect", "slow.py:build", "-t", "DPUCZDX8G_ISA1_B4096", "--json"],
    "compare": ["compare", "slow.py:build", "--family", "czdx8g", "--json"],
}


@pytest.fixture
def at_a_terminal(tmp_path, monkeypatch):
    """Runs a command with standard error at a terminal; returns its output and what that shows."""
    (tmp_path / "slow.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)

    def run(args):
        ours, theirs = pty.openpty()
        with subprocess.Popen(command(args), stdout=subprocess.PIPE, stderr=theirs) as process:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    read = os.read(ours, 65536)
                except OSError:  # so Linux tells that the other end is closed
                    break
                if not read:
                    break
                shown += read
            out = process.stdout.read()
        os.close(ours)
        assert process.returncode == 0
        return out.decode(), shown.decode()

    return run


def command(args):
    return [sys.executable, "-m", "vai_inspect.cli", *args]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_what_takes_long_is_reported_at_a_terminal_and_not_in_a_log(at_a_terminal, name):
    out, shown = at_a_terminal(COMMANDS[name])
    assert "vai-inspect: loading slow.py:build ...\r\n" in shown
    assert out.startswith("{")
    log = subprocess.run(command(COMMANDS[name]), capture_output=True, check=True)
    assert log.stdout.decode() == out
    assert log.stderr == b""


def test_nothing_is_reported_where_nothing_is_wanted(at_a_terminal):
    _, shown = at_a_terminal([*COMMANDS["inspect"], "--verbose", "0"])
    assert "loading" not in shown
