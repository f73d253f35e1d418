"""Keeps a framework's native chatter out of standard error while it is loaded.

TensorFlow's C++ part writes a dozen lines of information when it starts, past Python's
`sys.stderr`; between them one clear line of ours is hard to find. Everything else that is
written meanwhile is passed on.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from typing import IO, Iterator, List

_CHATTER = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:\d\d|[IWE]0000 |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    rb"|WARNING: All log messages before absl"
    rb"|To enable the following instructions: "
)


@contextlib.contextmanager
def native_chatter_left_out() -> Iterator[None]:
    """Passes on what is written to file descriptor 2, line by line, without the chatter."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    filtering = threading.Thread(target=_pass_on, args=(reading, kept), daemon=True)
    filtering.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)  # closes the pipe, which ends the thread
        filtering.join(timeout=2)  # a child of the user's code may hold the pipe open


def _pass_on(reading: int, kept: int) -> None:
    with open(reading, "rb", buffering=0) as pipe, open(kept, "wb", buffering=0) as out:
        rest = b""
        while True:
            read = pipe.read(65536)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            _write(out, [line + b"\n" for line in lines])
        _write(out, [rest] if rest else [])


def _write(out: IO[bytes], lines: List[bytes]) -> None:
    with contextlib.suppress(OSError):
        out.write(b"".join(line for line in lines if not _CHATTER.match(line)))
