"""Reads `.keras` files: zip archives with a model's `config.json` (Keras 2.12 and later).

Only `config.json` and `metadata.json` are read; both the sizes that the archive declares and the
unpacked sizes are limited. The weights are not read.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, BinaryIO, List

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.json_text import LARGEST, parse, too_large
from vai_inspect.frontends.keras.config.stored import Stored

CONFIG, METADATA = "config.json", "metadata.json"


class _BoundedFile(io.RawIOBase):
    """A file that limits each read to `LARGEST` bytes.

    `zipfile` reads the directory of an archive at once, whatever size it declares.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > LARGEST:
            raise zipfile.BadZipFile(f"its directory is {size} bytes long")
        return self._file.read(LARGEST if size < 0 else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def read_archive(file: BinaryIO, path: str) -> Stored:
    """Reads a `.keras` file.

    Args:
        file: the file, open for reading at any position.
        path: its path, for messages.

    Raises:
        ModelError: it is not a complete archive, or holds no model.
    """
    try:
        archive = zipfile.ZipFile(_BoundedFile(file))
        names = archive.namelist()
    except Exception as error:
        # zipfile may raise anything for a damaged archive.
        raise ModelError(
            f"{path} is truncated or not a .keras file (a zip archive): {_reason(error)}; copy or "
            "save it again."
        ) from error
    if CONFIG not in names:
        raise ModelError(_no_config(path, names))
    config = parse(_member(archive, CONFIG, path), f"{CONFIG} in {path}")
    version = ""
    if METADATA in names:
        metadata = parse(_member(archive, METADATA, path), f"{METADATA} in {path}")
        version = str(metadata.get("keras_version", ""))
    return Stored(config, version, path)


def _member(archive: zipfile.ZipFile, name: str, path: str) -> bytes:
    """Returns one member; at most `LARGEST` bytes are unpacked."""
    where = f"{name} in {path}"
    info = archive.getinfo(name)
    if info.file_size > LARGEST:
        raise ModelError(too_large(where, info.file_size))
    try:
        with archive.open(info) as member:
            data = member.read(LARGEST + 1)  # one more, to detect a wrong size
    except Exception as error:
        # A wrong checksum, an unknown compression, a password: each raises another error.
        raise ModelError(
            f"{where} cannot be unpacked: {_reason(error)}; copy or save the file again."
        ) from error
    if len(data) > LARGEST:
        raise ModelError(too_large(where, len(data)))
    return data


def _no_config(path: str, names: List[str]) -> str:
    text = f"{path} is a zip archive without {CONFIG}, so it is not a .keras file"
    if any(name.endswith(("data.pkl", "data/serialization_id")) for name in names):
        return text + "; it looks like a PyTorch file."
    return text + "; save the model with model.save('model.keras')."


def _reason(error: Any) -> str:
    return " ".join(str(error).split()) or type(error).__name__
