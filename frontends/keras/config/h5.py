"""Reads `.h5` files, which hold a model's config in an attribute of their root group."""

from __future__ import annotations

from typing import Any, BinaryIO, Dict

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.hdf5 import BrokenError, Hdf5, UnusualError
from vai_inspect.frontends.keras.config.json_text import LARGEST, parse
from vai_inspect.frontends.keras.config.stored import Stored

CONFIG, VERSION = "model_config", "keras_version"


def read_h5(file: BinaryIO, path: str) -> Stored:
    """Reads a `.h5` file of a model.

    Args:
        file: the file, open for reading at any position.
        path: its path, for messages.

    Raises:
        ModelError: the file is broken, or holds only weights.
    """
    try:
        found = Hdf5(file, LARGEST).attributes()
    except BrokenError as error:
        raise ModelError(
            f"{path} is not a complete HDF5 file: {error}; copy or save it again."
        ) from error
    except UnusualError as error:
        found = by_library(path, str(error))
    if CONFIG not in found:
        raise ModelError(
            f"{path} is an HDF5 file without a model's config ({CONFIG}); it may hold only "
            "weights; save the model with model.save('model.h5')."
        )
    version = found.get(VERSION, b"").decode("utf-8", "replace")
    config = parse(found[CONFIG], f"{CONFIG} in {path}")
    return Stored(config, version or str(config.get("keras_version", "")), path)


def by_library(path: str, reason: str = "") -> Dict[str, bytes]:
    """Reads the attributes with h5py, for a layout that Keras does not write.

    Args:
        path: the file.
        reason: what is unusual about it, for the message if h5py is missing.

    Raises:
        ModelError: h5py is missing, or cannot read the file.
    """
    try:
        import h5py
    except ImportError as error:
        raise ModelError(
            f"{path} has a layout that Keras does not write ({reason}); reading it needs h5py: "
            "pip install h5py."
        ) from error
    try:
        with h5py.File(path, "r") as opened:
            attributes = opened.attrs
            return {
                name: _bytes(attributes[name]) for name in (CONFIG, VERSION) if name in attributes
            }
    except Exception as error:
        # The library may raise anything for a broken file.
        text = " ".join(str(error).split())
        raise ModelError(f"{path} cannot be read as HDF5: {text}.") from error


def _bytes(value: Any) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else bytes(value)
