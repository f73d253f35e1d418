"""Model files read without the framework.

A `.keras` or `.h5` file, or the metadata in a SavedModel folder, holds the config of the model: its
layers, their settings and how they are connected. `files` finds the config, whichever Keras wrote
it; `network` makes one graph of the forms in which Keras 2 and 3 put it down; `plan` orders its
calls; `view` lets the lowerings see a config as they see a live layer; and the shape rules of the
IR, with those in `shapes`, say what shapes there are between. Nothing in a file is run, unless the
user trusts it: then Keras may load it for the shapes that its config does not tell.
"""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, VaiInspectError
from vai_inspect.frontends.keras.config.files import is_path, read
from vai_inspect.frontends.keras.config.given_config import is_config, stored_config
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
        trust: whether Keras may load the file where its config alone does not tell a shape.

    Returns:
        The graph before any pass. `model.capture` says how it was read: `config` without Keras,
        `functional` where Keras loaded the model.

    Raises:
        ModelError: it is no such file, is broken, or is to be loaded and not trusted.
        InputShapeError: a dimension that nothing fills, or a shape that does not fit the model.
    """
    stored = stored_config(path) if is_config(path) else read(path)
    try:
        return capture_stored(stored, input_args, batch)
    except OutputUnknownError as problem:
        unknown = problem
    given = is_config(path)  # There is no file to load, so trust has nothing to say.
    refused: Optional[VaiInspectError] = unknown if given else None
    if trust and not given:
        try:
            return capture_by_loading(stored, input_args, batch, unknown)
        except ModelError as problem:
            refused = problem
    try:
        return capture_stored(stored, input_args, batch, assume_last=True)
    except OutputUnknownError:
        raise refused or untrusted(stored, unknown) from unknown


__all__ = ["capture_file", "is_config", "is_path"]
