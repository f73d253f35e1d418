"""Memory: what an inspection takes at most beyond the framework and the model. Linux only."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator, Tuple

from benchmarks import ROOT
from benchmarks.pipeline import REPORTS, TARGET
from benchmarks.table import Table
from vai_inspect.pipeline import inspect_graph

MB = 1e6
Build = Callable[[], Any]
Weigh = Callable[[Any], int]

CASES = (
    ("torch, meta", "resnet50"),
    ("torch, meta", "wide_resnet50_2"),
    ("torch, cpu", "resnet50"),
    ("torch, cpu", "wide_resnet50_2"),
    ("keras", "ResNet50"),
    ("keras", "ResNet50, twice as wide"),
    ("keras file", "ResNet50"),
    ("keras file", "ResNet50, twice as wide"),
)
"""How the model is there, and which; the wide ones have the same graph with more weights."""

HEAD = ("model", "network", "weights MB", "imports MB", "model MB", "inspection MB")


def tables(runs: int = 1, cases: Tuple[Tuple[str, str], ...] = CASES) -> Iterator[Table]:
    """Yields the table.

    Args:
        runs: not read: what memory takes is the same each time.
        cases: those of `CASES` to measure.
    """
    table = Table(
        "Memory",
        HEAD,
        "Resident memory in MB: after the imports, what building the model adds, and the highest "
        "that capture, inspection and the three reports reach beyond both. Each case in a process "
        "of its own; with `meta` the model has no weights, with `keras file` it is not built.",
    )
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            words = [sys.executable, "-m", "benchmarks.memory", *case]
            if case[0] == "keras file":
                file = str(Path(folder) / "model.keras")
                subprocess.run(
                    [*words[:3], "save", case[1], file],
                    check=True,
                    cwd=str(ROOT),
                    capture_output=True,
                )
                words.append(file)
            done = subprocess.run(words, check=True, cwd=str(ROOT), capture_output=True, text=True)
            table.add(*case, *map(float, done.stdout.split()[-4:]))
    yield table


def main(kind: str, network: str, file: str = "") -> None:
    """Prints the figures of one case, or saves a model.

    Args:
        kind: how the model is there, or `save`.
        network: its name.
        file: where it is, or is to be.
    """
    if kind == "save":
        _keras(network).save(file)
        return
    ours, shape, build, weights = _case(kind, network, file)
    inspector = ours.Inspector(TARGET)
    imports = _resident("VmRSS")
    model = build()
    built = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest is counted from now on
    inspection = inspect_graph(inspector.capture(model, shape, "cpu"), inspector.target)
    for render in REPORTS.values():
        render(inspection)
    highest = _resident("VmHWM")
    print(weights(model) / MB, imports, built - imports, max(0.0, highest - built))


def _case(kind: str, network: str, file: str) -> Tuple[Any, Any, Build, Weigh]:
    """Imports what a case needs.

    Returns:
        The module of the inspector, the inputs, what builds the model and what weighs it.
    """
    if kind.startswith("torch"):
        from benchmarks.networks import torch_model, torchvision_models
        from vai_inspect import torch

        torchvision_models()
        device = kind.split()[1]
        return torch, (1, 3, 224, 224), lambda: torch_model(network, device)[0], _bytes_of
    from vai_inspect import keras

    if kind == "keras":
        importlib.import_module("keras")
        return keras, None, lambda: _keras(network), lambda model: 4 * model.count_params()
    return keras, None, lambda: file, lambda model: Path(model).stat().st_size


def _bytes_of(model: Any) -> int:
    return sum(one.numel() * one.element_size() for one in model.parameters())


def _keras(network: str) -> Any:
    from benchmarks.networks import keras_model

    name, _, wide = network.partition(",")
    return keras_model(name, 2 if wide else 1)


def _resident(field: str) -> float:
    """Returns a figure of this process's memory in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / MB
    raise LookupError(field)


if __name__ == "__main__":
    main(*sys.argv[1:])
