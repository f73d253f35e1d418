"""Tells a person at a terminal what takes the time; logs stay free of it."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import IO, Iterator

from vai_inspect.reports.text.lines import plain

PATIENCE = 1.0
"""Seconds after which something takes long."""


@contextlib.contextmanager
def working(text: str, quiet: bool = False, after: float = PATIENCE) -> Iterator[None]:
    """Says on standard error what is being done, if it is a terminal and it takes long.

    Args:
        text: what is being done.
        quiet: whether to say nothing at all.
        after: seconds until it is said.
    """
    stream = sys.stderr
    if quiet or stream is None or not stream.isatty():
        yield
        return
    timer = threading.Timer(after, _tell, (stream, text))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell(stream: IO[str], text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    line = f"vai-inspect: {plain(text)} ...\n"
    with contextlib.suppress(OSError, ValueError):  # the stream may be closed by now
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
