"""Keeps a framework's native chatter out of standard error while it is loaded.

TensorFlow's C++ part writes a dozen lines of information when it starts, past Python's
`sys.stderr`; between them one clear line of this project is hard to find. Everything else that is
written meanwhile is passed on.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from typing import IO, Any, Iterator, List

_CHATTER = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:\d\d|[IWE]0000 |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    rb"|WARNING: All log messages before absl"
    rb"|To enable the following instructions: "
)


@contextlib.contextmanager
def printed_to_stderr() -> Iterator[None]:
    """Sends what the user's code prints to standard error; what it closes is open afterwards."""
    kept: Any = _Kept(sys.stderr)
    try:
        with contextlib.redirect_stdout(kept), contextlib.redirect_stderr(kept):
            yield
    finally:
        _open_again("stdout", 1)
        _open_again("stderr", 2)


def _open_again(name: str, number: int) -> None:
    """Opens a standard stream that is closed, as where what was wrapped around it is collected."""
    if getattr(getattr(sys, name), "closed", False):
        place: Any = os.devnull
        with contextlib.suppress(OSError):
            place = os.dup(number)
        again = open(place, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        setattr(sys, name, again)


class _Kept:
    """A stream that stays open."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def close(self) -> None:
        """Leaves it open."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


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
    filtering = threading.Thread(target=_pass_on, args=(reading, os.dup(kept)), daemon=True)
    filtering.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):  # the user's code may have closed it
            sys.stderr.flush()
        os.dup2(kept, 2)  # closes the pipe, which ends the thread
        os.close(kept)
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
