"""Writes a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file by way of a temporary one beside it, so that no reader sees half of it.

    Args:
        path: the file; its folder exists.
        content: what it shall hold.

    Raises:
        OSError: the file cannot be written; nothing new is left in its folder.
    """
    # Not tempfile: it gives the owner alone access, and a report is an ordinary file.
    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(part, "xb") as stream:
            stream.write(content)
        os.replace(str(part), str(path))
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
