"""Code of a model that raises, closes or repeats what it likes: a result, or one line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Tuple

import pytest

from tests.hostile.children import child, inspect, one_line
from vai_inspect.cli import main

pytest.importorskip("torch")

from vai_inspect.frontends.torch.capture import recorder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
MODELS = str(Path(__file__).with_name("users_code.py"))
COLOURFUL = r"Colourful: bad \ud800 \x1b[31m \x00 line more [bold]x[/] (users_code.py:"
LINES: Dict[str, Tuple[str, ...]] = {
    "raises Speechless": ("calling", "failed: Speechless (users_code.py:"),
    "raises Odd": ("failed: Odd (users_code.py:",),
    "raises Colourful": ("failed: " + COLOURFUL,),
    "raises Beyond": ("failed: Beyond (users_code.py:",),
    "exits": ("failed: GeneratorExit (users_code.py:",),
    "fails Speechless": ("The model's forward fails on the inputs x", "Speechless (users_code.py:"),
    "fails Odd": ("The model's forward fails on the inputs x", "Odd (users_code.py:"),
    "fails Colourful": ("The model's forward fails on the inputs x", COLOURFUL),
    "fails Beyond": ("the model's code ended with Beyond (users_code.py:",),
    "Closed": ("the model is a Closed; valid is a built Keras model, a torch.nn.Module",),
    "Rootless": ("the model is a Rootless; valid is a built Keras model",),
    "Endless": ("The model's forward makes more than 1,000 calls, or never ends",),
}


@pytest.mark.parametrize("case", LINES)
def test_one_line(
    case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_STEPS", 1000)
    name, _, kind = case.partition(" ")
    more = ["--kwargs", "kind=" + kind] if kind else []
    args = ["inspect", "{}:{}".format(MODELS, name), "-t", "DPUCZDX8G_ISA1_B4096", "--json"]
    with pytest.raises(SystemExit) as ended:
        main([*args, "--input-shape", "1,3,8,8", *more])
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("vai-inspect: error: ")
    for part in LINES[case]:
        assert part in err


@pytest.mark.parametrize("case", ["closes_stdout", "closes_stderr", "closes_descriptor 2"])
def test_what_it_closes_is_open_afterwards(case: str, tmp_path: Path) -> None:
    name, _, number = case.partition(" ")
    more = ["--kwargs", "number=" + number] if number else []
    model = "{}:{}".format(MODELS, name)
    ended = inspect(model, tmp_path, "--input-shape", "1,3,8,8", *more)
    assert (ended.code, ended.err) == (0, "")
    assert "All the operators are assigned to the DPU." in ended.out
    ended = inspect(model, tmp_path, "--input-shape", "1,7,8,8", *more)
    assert "The model's forward fails" in one_line(ended)


def test_standard_output_that_is_gone(tmp_path: Path) -> None:
    model = MODELS + ":closes_descriptor"
    ended = inspect(model, tmp_path, "--input-shape", "1,3,8,8", "--kwargs", "number=1")
    assert "the results cannot be written: Bad file descriptor" in one_line(ended)
    ended = inspect(MODELS + ":closes_all", tmp_path, "--input-shape", "1,3,8,8")
    assert ended.code == 0
    assert len(list((tmp_path / "reports").iterdir())) == 2


FULL = """
import os, sys
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
from vai_inspect.cli import main
main(sys.argv[1:])
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_standard_error_that_takes_nothing(tmp_path: Path) -> None:
    ended = child(FULL, tmp_path, "inspect", "gone.keras", "-t", "DPUCZDX8G_ISA1_B4096")
    assert (ended.code, ended.out) == (2, "")
