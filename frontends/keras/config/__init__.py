"""Reads model files without the framework.

A `.keras` or `.h5` file, or the metadata in a SavedModel folder, holds the config of the model: its
layers, their settings and connections. `files` finds the config, `network` reads the forms of Keras
2 and 3 into one graph, `call_order` puts its calls in order, `config_layer` gives a config the
interface of a live layer, and `shape_inference` computes the shapes between calls. No code in a
file is run unless the user trusts it; then Keras may load it for shapes that its config does not
determine.
"""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, VaiInspectError
from vai_inspect.frontends.keras.config.files import is_path, is_stored, read
from vai_inspect.frontends.keras.config.loading import capture_by_loading, untrusted
from vai_inspect.frontends.keras.config.reader import capture_stored
from vai_inspect.frontends.keras.lower.call import OutputUnknownError


def capture_file(
    path: Any, input_args: Any = None, batch: int = 1, trust: bool = False
) -> Captured:
    """Reads a model file into the IR.

    Args:
        path: a `.keras` or `.h5` file, a SavedModel folder of Keras 2, or the config itself; see
            `stored_config`.
        input_args: shapes that replace the model's own; see `frontends.keras.capture`.
        batch: see `frontends.keras.capture`.
        trust: whether Keras may load the file if its config does not determine a shape.

    Returns:
        The graph before any pass. `model.capture` is `config` if it was read without Keras, and
        `functional` if Keras loaded the model.

    Raises:
        ModelError: the file is of another kind or broken, or must be loaded and is not trusted.
        InputShapeError: a dimension is not known, or a shape does not fit the model.
    """
    stored = read(path)
    try:
        return capture_stored(stored, input_args, batch)
    except OutputUnknownError as problem:
        unknown = problem
    # Without a file there is nothing to load, trusted or not.
    refused: Optional[VaiInspectError] = None if stored.in_file else unknown
    if trust and stored.in_file:
        try:
            return capture_by_loading(stored, input_args, batch, unknown)
        except ModelError as problem:
            refused = problem
    try:
        return capture_stored(stored, input_args, batch, assume_last=True)
    except OutputUnknownError:
        raise refused or untrusted(stored, unknown) from unknown


__all__ = ["capture_file", "is_path", "is_stored"]
