"""Formats errors of the user's own code on one line."""

from __future__ import annotations

import traceback
from pathlib import Path

from vai_inspect.core.errors import clipped, message_of


def one_line(error: BaseException) -> str:
    """Returns an error's type and message on one line of bounded length, without a full stop."""
    text = message_of(error)
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return clipped(text, 400).rstrip(".")


def where(error: BaseException) -> str:
    """Returns the user's file and line of an error: the last frame outside installed packages."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if "-packages" not in frame.filename]
    own = [frame for frame in own if "importlib" not in frame.filename]
    return f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
