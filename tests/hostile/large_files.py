"""Model files that are small, and large once they are read."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict

from tests.hostile.files import archive
from tests.hostile.models import layer


def _unknown_shape(*layers: Any) -> Any:
    """A model whose config alone does not say its shapes."""
    image = layer("InputLayer", "x", batch_shape=[1, 8, 8])
    unknown = layer("CategoryEncoding", "e", num_tokens=5, output_mode="one_hot")
    config = {"name": "m", "layers": [image, layer("Dropout", "f", rate=0.5), unknown, *layers]}
    return {"class_name": "Sequential", "module": "keras", "config": config}


def large_layers(path: Path) -> None:
    """Two layers of 400 million weights each, in a kilobyte."""
    dense: Dict[str, Any] = {"units": 20_000, "activation": "linear", "use_bias": True}
    archive(path, _unknown_shape(*(layer("Dense", name, **dense) for name in "ab")))


def large_assets(path: Path) -> None:
    """Assets of 300 MB that are all zeros, in one."""
    archive(path, _unknown_shape(layer("Dense", "d", units=2)))
    archived = zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1)
    name = "assets/layers/e/vocabulary.txt"
    with archived as file, file.open(name, "w", force_zip64=True) as member:
        for _ in range(300):
            member.write(bytes(2**20))


def large_directory(path: Path) -> None:
    """An archive that says of its directory that it has 3 GB."""
    size = 3 * 10**9
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0))


def _reads(history: Any) -> Any:
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": history}}
    return [{"args": [tensor], "kwargs": {}}]


def nested(path: Path) -> None:
    """Models that each call the one within twice: 32,768 calls in 12 kB."""
    model: Any = {"class_name": "ReLU", "config": {"name": "m"}}
    for depth in range(15):
        source = {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 4]}}
        calls = _reads(["x", 0, 0]) + _reads(["m", 0, 0])
        layers = [
            dict(source, name="x", inbound_nodes=[]),
            dict(model, name="m", inbound_nodes=calls),
        ]
        ends = {"input_layers": [["x", 0, 0]], "output_layers": [["m", 2 if depth else 1, 0]]}
        config = {"name": "m{}".format(depth), "layers": layers, **ends}
        model = {"class_name": "Functional", "config": config}
    assert len(json.dumps(model)) < 15_000
    archive(path, model)


FILES: Dict[str, Callable[[Path], None]] = {
    "layers.keras": large_layers,
    "assets.keras": large_assets,
    "directory.pt": large_directory,
    "directory.pt2": large_directory,
    "directory.keras": large_directory,
    "nested.keras": nested,
}
