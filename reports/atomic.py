"""Writes a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Iterator


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file by way of a temporary one beside it, so that no reader sees half of it.

    Args:
        path: the file; its folder exists.
        content: what it shall hold.

    Raises:
        OSError: the file cannot be written; nothing new is left in its folder.
    """
    with replacing(path) as part, open(part, "xb") as stream:
        stream.write(content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields the path of a temporary file beside another, of the same suffix, that replaces it.

    Args:
        path: the file; its folder exists.

    Raises:
        OSError: the file cannot be replaced.
    """
    # Not tempfile: it gives the owner alone access, and a report is an ordinary file.
    part = path.with_name(f".{secrets.token_hex(8)}.tmp{path.suffix}")
    try:
        yield part
        os.replace(str(part), str(path))
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
