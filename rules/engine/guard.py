"""What the code of a family may do wrong: it may be anyone's, and must not stop the rest."""

from __future__ import annotations

from vai_inspect.core import errors

GUARDED = (Exception, SystemExit)
"""What is caught where a family's code is called; an interrupt is the user's and goes through."""

_LONGEST = 300


def format_error(error: BaseException) -> str:
    """Returns an error's type and message on one line of bounded length."""
    name, text = type(error).__name__, message_of(error)
    return f"{name}: {text}" if text else name


def message_of(error: BaseException) -> str:
    """Returns an error's message on one line of bounded length; empty where it has none."""
    return errors.clipped(errors.message_of(error), _LONGEST)
