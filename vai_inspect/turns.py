"""One capture at a time in a process, and none under way in a fork of it.

To follow a PyTorch forward, recorders take the place of some of torch's functions, and a Keras
model is called and set back: one thread would read what another one does. A fork copies the lock
and what is patched, but not the thread that would give both back; so it waits for the end.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import Iterator

PATIENCE = 10.0
"""Seconds that a fork waits; by then it is the capture that waits for the fork, most likely."""

_turn = threading.RLock()
_waited = threading.local()


@contextmanager
def captures_alone() -> Iterator[None]:
    """Lets threads take turns."""
    with _turn:
        yield


def _before_fork() -> None:
    _waited.came = _turn.acquire(timeout=PATIENCE)


def _after_in_parent() -> None:
    if _waited.came:
        _turn.release()


def _after_in_child() -> None:
    global _turn
    if _waited.came:
        _turn.release()
    else:
        _turn = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
