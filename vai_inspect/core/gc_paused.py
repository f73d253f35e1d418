"""Python's garbage collector, held back where there is nothing for it to find."""

from __future__ import annotations

import contextlib
import gc
from typing import Iterator


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Holds the collector back, as a context or a decorator.

    It looks through all objects of the process again and again while many are made, and those of
    a graph and its reports refer to each other in no circle. In graphs of thousands of operators
    it would take a fifth of the time, and the more the larger they are.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
