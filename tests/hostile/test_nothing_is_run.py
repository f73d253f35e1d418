"""Files that would run code, read or write other files, or load more than their config.

Each would do harm if Keras loaded it, and each is made so that its config alone does not tell a
shape, which is when Keras is asked.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

import keras
import pytest

from tests.hostile.files import archive
from tests.hostile.models import layer
from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config import capture_file

pytestmark = pytest.mark.skipif(keras.__version__.startswith("2."), reason="files of Keras 3")


class Harm:
    """What a pickle of it runs when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def _pickle(path: Path) -> Dict[str, Any]:
    data = base64.b64encode(pickle.dumps(Harm(path))).decode("ascii")
    return layer("TorchModuleWrapper", "f", module=data, output_shape=None)


def _lambda(path: Path) -> Dict[str, Any]:
    code = {
        "class_name": "__lambda__",
        "config": {"code": "4wAA", "defaults": None, "closure": None},
    }
    return layer("Lambda", "f", function=code, arguments={}, output_shape=None)


def _within(make: Callable[[Path], Dict[str, Any]]) -> Callable[[Path], Dict[str, Any]]:
    return lambda path: layer("TimeDistributed", "t", layer=make(path))


def _function(path: Path) -> Dict[str, Any]:
    made = {"class_name": "function", "module": "os", "config": "mkdir", "registered_name": "mkdir"}
    return layer("Activation", "f", activation=made)


def _class(path: Path) -> Dict[str, Any]:
    made = {"module": "subprocess", "class_name": "Popen", "config": {"args": "x", "name": "f"}}
    return {**layer("Dense", "f", units=2), **made}


def _initializer(path: Path) -> Dict[str, Any]:
    made = {"module": "os", "class_name": "mkdir", "config": {"path": str(path)}}
    return layer("Unheard", "f", kernel_initializer=made)


def _vocabulary(path: Path) -> Dict[str, Any]:
    (path.parent / "secret").write_text("root\nother\n")
    words = str(path.parent / "secret")
    return layer("StringLookup", "f", vocabulary=words, output_mode="multi_hot")


def _saved_model(path: Path) -> Dict[str, Any]:
    return layer("TFSMLayer", "f", filepath=str(path), call_endpoint="serve")


ATTACKS: Dict[str, Callable[[Path], Dict[str, Any]]] = {
    "a pickle": _pickle,
    "a pickle within a layer": _within(_pickle),
    "a lambda": _lambda,
    "a lambda within a layer": _within(_lambda),
    "a function of a module": _function,
    "a class of a module": _class,
    "an initializer of a module": _initializer,
    "words in another file": _vocabulary,
    "a folder with a graph": _saved_model,
}


def network(attack: Dict[str, Any]) -> Dict[str, Any]:
    """A layer whose shape nothing tells, and one that reads it."""
    image = layer("InputLayer", "x", batch_shape=[1, 8, 8])
    unknown = layer("CategoryEncoding", "e", num_tokens=5, output_mode="one_hot")
    dense = layer("Dense", "d", units=2, activation="linear", use_bias=True)
    layers = [image, attack, unknown, dense]
    return {
        "class_name": "Sequential",
        "module": "keras",
        "config": {"name": "m", "layers": layers},
    }


@pytest.mark.parametrize("version", ["3.4.1", "2.13.0"])
@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_in_a_file_is_run(
    name: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(keras.saving, "load_model", lambda *_, **__: asked.append(1))
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: asked.append(1))
    config = network(ATTACKS[name](tmp_path / "harm"))
    refused = ""
    try:
        capture_file(archive(tmp_path / "m.keras", config, version))
    except ModelError as error:
        refused = str(error)
    assert not asked, "Keras was asked to load it"
    assert not (tmp_path / "harm").exists()
    assert "\n" not in refused
    # What is not run is a layer of which nothing is known, or an error that says so.
    assert "must not run" in refused or not refused


def test_keras_is_asked_for_its_own_layers_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above stands on: without an attack Keras is asked."""
    asked = []

    def load(*_: Any, **__: Any) -> Any:
        asked.append(1)
        raise ValueError("seen")

    monkeypatch.setattr(keras.saving, "load_model", load)
    harmless = layer("Dropout", "f", rate=0.5)
    with pytest.raises(ModelError, match="seen"):
        capture_file(archive(tmp_path / "m.keras", network(harmless)))
    assert asked


def test_h5_that_holds_another_model_for_the_library(tmp_path: Path) -> None:
    """Two configs of one name: ours is harmless, and is not the one that Keras would load."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "m.h5"
    harmless = json.dumps(network(layer("Dropout", "f", rate=0.5)))
    other = json.dumps(network(layer("Lambda", "f", rate=0.5)))
    other += " " * (len(harmless) - len(other))
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = other.encode()
        file.attrs["model_confih"] = harmless.encode()
        file.attrs["keras_version"] = b"3.4.1"
    data = path.read_bytes()
    assert data.count(b"model_confih") == 1
    path.write_bytes(data.replace(b"model_confih", b"model_config"))
    with pytest.raises(ModelError, match="another model|is code|two attributes"):
        capture_file(path)


def test_a_saved_model_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Path(__file__).parents[1] / "frontends" / "keras" / "data" / "tf28.pb"
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"")
    shutil.copy(str(data), str(folder / "keras_metadata.pb"))
    from vai_inspect.frontends.keras.config import fallback
    from vai_inspect.frontends.keras.config.stored import Stored

    monkeypatch.setattr(fallback, "_loaded", lambda *_: pytest.fail("it was loaded"))
    stored = Stored(network(layer("Dropout", "f", rate=0.5)), "2.8.0", str(folder))
    from vai_inspect.core.errors import CaptureError

    with pytest.raises(ModelError, match="TensorFlow graph beside its config, which is code that"):
        fallback.capture_by_loading(stored, None, 1, CaptureError("A shape is not known."))
