"""One capture at a time in a process, and none under way in a fork of it.

To trace a PyTorch forward, recorders replace some of torch's functions, and a Keras model is called
and restored: threads would interfere. A fork copies the lock and the patches, but not the thread
that would release and undo them; so it waits for the end of the capture.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import Iterator

PATIENCE = 10.0
"""Seconds that a fork waits; after that, the capture most likely waits for the fork."""

_lock = threading.RLock()
_waited = threading.local()


@contextmanager
def capture_lock() -> Iterator[None]:
    """Lets one thread capture at a time."""
    with _lock:
        yield


def _before_fork() -> None:
    _waited.acquired = _lock.acquire(timeout=PATIENCE)


def _after_in_parent() -> None:
    if _waited.acquired:
        _lock.release()


def _after_in_child() -> None:
    global _lock
    if _waited.acquired:
        _lock.release()
    else:
        _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
