"""Whole processes: start, work and end of a command."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

from benchmarks import ROOT
from benchmarks.pipeline import TARGET
from benchmarks.table import Table

READ = "vai-inspect inspect resnet50.keras"
LOADED = "load it with Keras and walk it"
PYTHON = [sys.executable, "-c"]

WALK = """
import sys, keras
from vai_inspect.keras import Inspector
model = keras.saving.load_model(sys.argv[1])
Inspector(sys.argv[2]).inspect(model, output_dir=sys.argv[3], verbose_level=0)
"""
"""What reading a file costs where Keras loads it and its layers are walked."""

EMPTY = """
import typer
app = typer.Typer(add_completion=False)
@app.command()
def nothing(text: str = typer.Option(None)) -> None:
    pass
app()
"""
"""A command of typer's that does nothing."""

SAVE = """
import sys
from benchmarks.networks import keras_model
keras_model("ResNet50").save(sys.argv[1])
"""


def tables(runs: int = 5, file: str = "") -> Iterator[Table]:
    """Yields the table.

    Args:
        runs: how often each command is run; twice what loads Keras, once more ours, before.
        file: a Keras file to read in place of ResNet50's; what loads Keras is left out then.
    """
    table = Table(
        "Whole processes",
        ("command", "wall s", "processor s", "times"),
        f"Seconds, the least of {runs} runs; of two where Keras is loaded. `times` is processor "
        "time "
        "by that of reading the file's config.",
    )
    with tempfile.TemporaryDirectory() as folder:
        network, out = file or str(Path(folder) / "resnet50.keras"), str(Path(folder) / "out")
        if not file:
            _run([*PYTHON, SAVE, network])
        commands = _commands(network, out)
        _run(commands[READ])
        taken = {name: measured(words, runs) for name, words in commands.items()}
        if not file:
            loads = {"python, import keras": ["import keras"], LOADED: [WALK, network, TARGET, out]}
            taken.update((name, measured([*PYTHON, *words], 2)) for name, words in loads.items())
    for name, (wall, processor) in taken.items():
        table.add(name, wall, processor, processor / taken[READ][1])
    yield table


def _commands(network: str, out: str) -> Dict[str, List[str]]:
    """Returns the commands that load no framework."""
    command = [sys.executable, "-m", "vai_inspect.cli"]
    options = ["--target", TARGET, "--output-dir", out, "--verbose", "0"]
    return {
        "python, nothing": [*PYTHON, "pass"],
        "typer, a command that does nothing": [*PYTHON, EMPTY],
        "vai-inspect targets": [*command, "targets"],
        READ: [*command, "inspect", network, *options],
    }


def measured(command: Sequence[str], runs: int) -> Tuple[float, float]:
    """Returns the least wall and processor time of a command in seconds.

    Args:
        command: the words.
        runs: how often it is run.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    taken = [_run(command) for _ in range(runs)]
    return min(wall for wall, _ in taken), min(processor for _, processor in taken)


def _run(command: Sequence[str]) -> Tuple[float, float]:
    # Where this process keeps no bytecode, those of an installation do.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, cwd=str(ROOT), capture_output=True, env=kept)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
