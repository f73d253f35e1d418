"""The published times: one row for each network, board and release."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

from benchmarks.calibration.networks import keras_network, torch_network
from vai_inspect.core.findings import Device
from vai_inspect.core.target import Target
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.timing.layers import Layer, Layers
from vai_inspect.rules.timing.work import Engines

FILE = Path(__file__).with_name("zoo_times.csv")
"""The model zoo tables of Vitis AI 2.5 (model_zoo/README.md) and 3.0 (spreadsheet of gh-pages)."""


@dataclass(frozen=True)
class Row:
    """One network on one board.

    Attributes:
        network: the vendor's name of it.
        family: which networks are alike; one family is left out of a fit at a time.
        framework: `torch` or `keras`.
        builder: how it is built.
        height: rows of its input.
        width: columns of its input.
        release: the Vitis AI release.
        board: the board.
        cores: DPU cores of the board.
        clock_mhz: their clock.
        frame: seconds of a frame, each core taking one after the other.
        latency: seconds of one frame alone, from end to end.
    """

    network: str
    family: str
    framework: str
    builder: str
    height: int
    width: int
    release: str
    board: str
    cores: int
    clock_mhz: float
    frame: float
    latency: float


def rows() -> List[Row]:
    """Returns the published times."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                network=row["zoo_name"],
                family=row["family"],
                framework=row["framework"],
                builder=row["builder"],
                height=int(row["input_h"]),
                width=int(row["input_w"]),
                release=row["release"],
                board=row["board"],
                cores=int(row["cores"]),
                clock_mhz=float(row["clock_mhz"]),
                frame=int(row["cores"]) / float(row["fps_multi"]),
                latency=1 / float(row["fps_1thread"]),
            )
            for row in csv.DictReader(file)
        ]


def layers_of(measured: List[Row], target: Target) -> Dict[str, List[Layer]]:
    """Returns the layers of each network by its builder: the same code as that of an estimate."""
    from vai_inspect.keras import Inspector as KerasInspector
    from vai_inspect.torch import Inspector as TorchInspector

    found: Dict[str, List[Layer]] = {}
    for row in measured:
        if row.builder in found:
            continue
        if row.framework == "torch":
            shape = (1, 3, row.height, row.width)
            captured = TorchInspector(target).capture(torch_network(row.builder), shape)
        else:
            model = keras_network(row.builder, (row.height, row.width))
            captured = KerasInspector(target).capture(model)
        ops = inspect_graph(captured, target).ops
        dpu = {op.name for op in ops if op.device is Device.DPU and not op.constant}
        found[row.builder] = Layers([op.op for op in ops], Engines.of(target)).on(dpu)[0]
    return found
