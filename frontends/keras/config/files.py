"""Reads a model file; its format is detected by the first bytes, not by the name."""

from __future__ import annotations

import os
from typing import Any, Mapping

from vai_inspect.core.errors import ModelError
from vai_inspect.core.safe_isinstance import is_a
from vai_inspect.frontends.keras.config.archive import read_archive
from vai_inspect.frontends.keras.config.given_config import is_config, stored_config
from vai_inspect.frontends.keras.config.h5 import read_h5
from vai_inspect.frontends.keras.config.hdf5 import SIGNATURE
from vai_inspect.frontends.keras.config.saved_model import is_saved_model, read_saved_model
from vai_inspect.frontends.keras.config.stored import Stored

VALID = "valid are a .keras file, a .h5 file and a SavedModel folder of Keras"


def is_stored(model: Any) -> bool:
    """Returns whether a model is given by its file or its config, and not live."""
    return is_a(model, (str, bytes, os.PathLike, Mapping))


def is_path(model: Any) -> bool:
    """Returns whether a model is given by its file."""
    return is_a(model, (str, bytes, os.PathLike))


def read(model: Any) -> Stored:
    """Reads the model description of a file, a folder or a given config; no code in it is run.

    Raises:
        ModelError: it does not exist, is of another kind, or is broken.
    """
    if is_config(model):
        return stored_config(model)
    path = os.fsdecode(model)
    try:
        if os.path.isdir(path):
            if is_saved_model(path):
                return read_saved_model(path)
            raise ModelError(f"{path} is a folder but not a SavedModel; {VALID}.")
        if os.path.exists(path) and not os.path.isfile(path):
            raise ModelError(f"{path} is not a regular file; {VALID}.")
        with open(path, "rb") as file:
            start = file.read(8)
            if start[:2] == b"PK":
                return read_archive(file, path)
            if start == SIGNATURE:
                return read_h5(file, path)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}; {VALID}.") from error
    except (OSError, ValueError) as error:
        # A path with a null character is a ValueError.
        text = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ModelError(f"{path} cannot be read: {text}.") from error
    raise ModelError(f"{path} is {_kind(start)}; {VALID}.")


def _kind(start: bytes) -> str:
    if not start:
        return "empty"
    if start[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return "a Python pickle, which can run code, and is not opened"
    return "neither a zip archive (.keras) nor HDF5 (.h5)"
