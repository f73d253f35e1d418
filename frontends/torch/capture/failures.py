"""Why a forward could not be followed: the text and the kind of the error."""

from __future__ import annotations

import re

from vai_inspect.core.errors import CaptureError, VaiInspectError, clipped, message_of
from vai_inspect.frontends.torch.capture.frames import user_line


class DataDependentError(CaptureError):
    """The forward asks for the value of a tensor."""

    def __init__(self, how: str) -> None:
        super().__init__(f"the forward asks for the value of a tensor: {how}")


class TooLongError(CaptureError):
    """The forward calls more than any network does; no other capture would fare better."""


_DATA_DEPENDENT = ("nonzero", "item()", "_local_scalar_dense", "unique", "masked_select", "nms")
"""What torch's messages name where the size or course of what follows depends on values."""


def reason(error: BaseException) -> str:
    """Returns an error on one line of bounded length, with the user's line that it came from."""
    return _with_line(clipped(_described(error), 300), error)


def brief(error: BaseException) -> str:
    """Returns why a strategy failed: the first sentence of an error, with the user's line."""
    first = re.split(r"[.!?] (?=[A-Z])", clipped(_described(error), 300))[0]
    return _with_line(clipped(first, 160), error)


def _described(error: BaseException) -> str:
    text = message_of(error)
    if isinstance(error, VaiInspectError):
        return text
    asked = [name for name in _DATA_DEPENDENT if name in text]
    if "DataDependent" in type(error).__name__:
        return "the forward asks for the value of a tensor"
    if isinstance(error, (NotImplementedError, RuntimeError)) and asked:
        return f"the forward asks for the value of a tensor: {asked[0]}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _with_line(text: str, error: BaseException) -> str:
    """Returns a text without its full stop and with the user's line, unless it names the line."""
    line = user_line(error)
    place = line.strip(" ()").split(" in ")[0]
    return text.rstrip(".;") + ("" if f" at {place}" in text else line)


def needs_values(error: BaseException) -> bool:
    """Returns whether an error comes from running on tensors without values.

    So it is where a value is asked for, and where an operator has no kernel for such tensors.
    """
    named = "DataDependent" in type(error).__name__
    if named or isinstance(error, NotImplementedError):
        return True
    text = message_of(error)
    return "meta" in text.lower() or any(name in text for name in _DATA_DEPENDENT)
