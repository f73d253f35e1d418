"""What the commands print to standard output."""

from __future__ import annotations

import sys


def put_json(text: str) -> None:
    """Prints a JSON text in UTF-8, as JSON is, whatever the terminal's encoding is.

    Args:
        text: the JSON.
    """
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        binary.write(text.encode("utf-8"))
        binary.flush()
