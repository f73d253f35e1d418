"""JSON from an untrusted file."""

from __future__ import annotations

import json
from typing import Any, Dict

from vai_inspect.core.errors import ModelError

LARGEST = 16 * 2**20
"""Bytes of the largest config that is read; NASNetLarge, the largest of keras.applications, has
about 1.5 million."""
_LONGEST_NUMBER = 20


def parse(data: bytes, where: str) -> Dict[str, Any]:
    """Reads a JSON object.

    Args:
        data: the text.
        where: the file, and what in it, for the message.

    Raises:
        ModelError: it is too large, no UTF-8, no JSON, nested too deeply, or no object.
    """
    if len(data) > LARGEST:
        raise ModelError(too_large(where, len(data)))
    try:
        parsed = json.loads(data.decode("utf-8"), parse_int=_whole)
    except UnicodeDecodeError as error:
        raise ModelError(f"{where} is no text: {_reason(error)}.") from error
    except RecursionError as error:
        raise ModelError(f"{where} is nested too deeply to be a model.") from error
    except ValueError as error:
        raise ModelError(
            f"{where} is broken or cut off: {_reason(error)}; save the model again."
        ) from error
    if not isinstance(parsed, dict):
        raise ModelError(
            f"{where} holds a {type(parsed).__name__} where a model's config belongs; save the "
            "model again."
        )
    return parsed


def too_large(where: str, size: int) -> str:
    """Returns the message for a config of this many bytes."""
    return f"{where} is {size} bytes long; no model's config is longer than {LARGEST}."


def _whole(digits: str) -> int:
    # Python's conversion is quadratic in the number of digits.
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())
