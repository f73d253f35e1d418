"""Files of Keras that would run code, read or write other files, or load more than their config.

Each would do harm if Keras loaded it, and each is made so that its config alone does not tell a
shape, which is when Keras is asked where the file is trusted.
"""

from __future__ import annotations

import base64
import os
import pickle
from pathlib import Path
from typing import Any, Callable, Dict

import keras
import pytest

from tests.hostile.children import inspect, one_line
from tests.hostile.files import archive
from tests.hostile.models import layer
from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras import config as config_files
from vai_inspect.frontends.keras.config import capture_file, loading
from vai_inspect.frontends.keras.config.stored import Stored

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


def _applications(path: Path) -> Dict[str, Any]:
    """A function of any module, with the registered name of a class of keras.applications."""
    made = {"module": "subprocess", "class_name": "getoutput"}
    config = {"cmd": "mkdir {}".format(path), "name": "f"}
    return {"config": config, **made, "registered_name": "Custom>CustomScaleLayer"}


def _dotted(path: Path) -> Dict[str, Any]:
    """A class by a path within Keras, which no list of class names has."""
    return {**_pickle(path), "class_name": "layers.TorchModuleWrapper", "module": "keras"}


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
    "a function under another's name": _applications,
    "a pickle in a class by a path": _dotted,
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
    with pytest.raises(
        ModelError, match=r"only Keras can decide it, by loading.* add --trust"
    ) as raised:
        capture_file(archive(tmp_path / "m.keras", config, version))
    assert not asked, "Keras was asked to load it"
    assert not (tmp_path / "harm").exists()
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("name", ATTACKS)
def test_nor_in_a_process_of_its_own(name: str, tmp_path: Path) -> None:
    archive(tmp_path / "m.keras", network(ATTACKS[name](tmp_path / "harm")))
    ended = inspect("m.keras", tmp_path, "--verbose", "0", seconds=20)
    assert "add --trust" in one_line(ended)
    assert not (tmp_path / "harm").exists()
    assert ended.megabytes < 200, "a framework was loaded"


def test_keras_is_asked_where_the_file_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above stands on: with trust Keras is asked."""
    asked = []

    def load(*_: Any, **__: Any) -> Any:
        asked.append(1)
        raise ValueError("seen")

    monkeypatch.setattr(keras.saving, "load_model", load)
    path = archive(tmp_path / "m.keras", network(layer("Dropout", "f", rate=0.5)))
    with pytest.raises(ModelError, match="seen"):
        capture_file(path, trust=True)
    assert asked


def test_a_saved_model_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_loaded", lambda *_: pytest.fail("it was loaded"))
    stored = Stored(network(layer("Dropout", "f", rate=0.5)), "2.8.0", str(tmp_path))
    monkeypatch.setattr(config_files, "read", lambda _: stored)
    with pytest.raises(ModelError, match="add --trust"):
        config_files.capture_file(tmp_path)
