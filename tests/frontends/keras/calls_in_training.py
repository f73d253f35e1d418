"""Models that are called in training mode, and their checks, for any generation of Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Sequence

import numpy as np

from vai_inspect.core.ir import Op
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector

SHAPE = (8, 8, 3)


def _around(library: Any, called: Callable[[Any], Any]) -> Any:
    """A convolution, and what is called on it."""
    inputs = library.Input(SHAPE)
    return library.Model(inputs, called(library.layers.Conv2D(3, 1, name="conv")(inputs)))


def _direct(library: Any, layer: Any, **given: Any) -> Any:
    return _around(library, lambda x: layer(x, **given))


def _nested(library: Any, layer: Any, **given: Any) -> Any:
    inputs = library.Input(SHAPE)
    inner = library.Model(inputs, layer(inputs), name="inner")
    return _around(library, lambda x: inner(x, **given))


def _deep(library: Any, layer: Any, **given: Any) -> Any:
    """A Sequential within a Functional that is called in training."""
    row = library.Sequential([library.layers.InputLayer(SHAPE), layer], name="row")
    return _nested(library, row, **given)


_WAYS = {"direct": _direct, "nested": _nested, "deep": _deep}


def batch_norms(library: Any) -> Dict[str, Any]:
    """Models with a BatchNormalization by statistics of the batch."""
    make = library.layers.BatchNormalization
    return {name: way(library, make(name="bn"), training=True) for name, way in _WAYS.items()}


def fixed_batch_norms(library: Any) -> Dict[str, Any]:
    """Models with a BatchNormalization by its moving statistics."""
    make = library.layers.BatchNormalization
    found = {name: way(library, make(name="bn"), training=False) for name, way in _WAYS.items()}
    frozen = make(name="bn", trainable=False)
    return {**found, "not trainable": _direct(library, frozen, training=True)}


def noises(library: Any) -> Dict[str, Any]:
    """Models with a layer that is random in training, in a model that is called so."""
    layers: List[Any] = [
        library.layers.Dropout(0.5, name="noise"),
        library.layers.SpatialDropout2D(0.5, name="noise"),
        library.layers.GaussianNoise(0.5, name="noise"),
        library.layers.RandomFlip(name="noise"),
    ]
    return {type(layer).__name__: _nested(library, layer, training=True) for layer in layers}


def _within(library: Any, layer: Any, own: Dict[str, bool], around: Dict[str, bool]) -> Any:
    inputs = library.Input(SHAPE)
    inner = library.Model(inputs, layer(inputs, **own), name="inner")
    return library.Model(inputs, inner(inputs, **around))


_GIVEN: List[Dict[str, bool]] = [{}, {"training": False}, {"training": True}]


def check_nested_calls(library: Any, folder: Path, files: Sequence[str]) -> None:
    """A call in a nested model is read in the mode that it runs in, in each combination."""
    images = np.random.default_rng(0).random((4, *SHAPE)).astype("float32")
    for own in _GIVEN:
        for around in _GIVEN:
            norm = library.layers.BatchNormalization(name="it")
            for layer in (norm, library.layers.Dropout(0.5, name="it")):
                model = _within(library, layer, own, around)
                whole, one = (np.asarray(model(given)) for given in (images, images[:1]))
                trains = bool(abs(whole[:1] - one).max() > 1e-6)
                for given in live_and_stored(model, folder, files):
                    (op,) = found(given, "it")
                    said = op.kind == "unknown" if layer is norm else bool(op.messages)
                    assert said is trains, (type(layer).__name__, own, around, given)


def live_and_stored(model: Any, folder: Path, files: Sequence[str]) -> Iterator[Any]:
    yield model
    for name in files:
        model.save(str(folder / name))
        yield str(folder / name)


def found(given: Any, name: str) -> List[Op]:
    return [op for op in capture(given).graph if op.name.split("/")[-1] == name]


def check_batch_norms(library: Any, folder: Path, files: Sequence[str]) -> None:
    """One by statistics of the batch has no equivalent; any other is folded as ever."""
    for models, kind in ((batch_norms, "unknown"), (fixed_batch_norms, "batchnorm")):
        for way, model in models(library).items():
            for given in live_and_stored(model, folder, files):
                (op,) = found(given, "bn")
                assert op.kind == kind, (way, given)
                text = " ".join(op.messages)
                assert ("statistics of the batch" in text) is (kind == "unknown")


def check_noises(library: Any, folder: Path, files: Sequence[str]) -> None:
    """Each has a note, and the removal of a Dropout by the quantiser is reported."""
    for name, model in noises(library).items():
        for given in live_and_stored(model, folder, files):
            (op,) = found(given, "noise")
            assert "training=True" in op.messages[0], (name, given)
        result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, verbose_level=0)
        changed = [one.id for one in result.quantizer.obstacles if one.outcome.value == "changes"]
        assert changed == ["keras.dropout.in_training"] * (name == "Dropout")
