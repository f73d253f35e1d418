"""The Keras 2 of this environment, and helpers that its tests share."""

from __future__ import annotations

import importlib
import warnings
from typing import Any, List, Sequence, Tuple

import pytest

tensorflow: Any = None


def _library() -> Any:
    global tensorflow
    with warnings.catch_warnings():
        # TensorFlow and its dependencies warn while they are imported.
        warnings.simplefilter("ignore")
        tensorflow = pytest.importorskip("tensorflow")
        for name in ("tf_keras", "keras"):
            try:
                found = importlib.import_module(name)
            except ImportError:
                continue
            if str(getattr(found, "__version__", "")).startswith("2."):
                return found if name == "tf_keras" else tensorflow.keras
    return pytest.skip("no Keras 2 in this environment", allow_module_level=True)


keras = _library()
layers = keras.layers


def model_of(*stack: Any, shape: Sequence[Any], **options: Any) -> Any:
    """A Functional model of layers in a row; `shape` has no batch."""
    inputs = keras.Input(tuple(shape), name="x", **options)
    tensor = inputs
    for layer in stack:
        tensor = layer(tensor)
    return keras.Model(inputs, tensor, name="m")


def inner(graph: Any) -> List[Any]:
    """The operators but for inputs and outputs."""
    return [op for op in graph if op.kind not in ("data", "return")]


def kinds(graph: Any) -> List[str]:
    return [op.kind for op in inner(graph)]


def fingerprint(model: Any) -> Tuple[Any, ...]:
    """Everything of a model that a capture could disturb, weights' values included."""
    parts = [model] + [layer for layer in model._flatten_layers() if layer is not model]
    return (
        [(part.name, len(part._inbound_nodes), len(part._outbound_nodes)) for part in parts],
        [(part.trainable, part.built, len(part.losses)) for part in parts],
        [(weight.name, weight.numpy().tobytes()) for weight in model.weights],
    )
