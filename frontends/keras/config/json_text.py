"""Parses JSON of an untrusted file."""

from __future__ import annotations

import json
from typing import Any, Dict

from vai_inspect.core.errors import ModelError

LARGEST = 16 * 2**20
"""Limit of a config in bytes; that of NASNetLarge, the largest of keras.applications, has about
1.5 million."""
_LONGEST_NUMBER = 20


def parse(data: bytes, where: str) -> Dict[str, Any]:
    """Reads a JSON object.

    Args:
        data: the text.
        where: the file and the part of it, for messages.

    Raises:
        ModelError: it is too large, not UTF-8, not JSON, nested too deeply, or not an object.
    """
    if len(data) > LARGEST:
        raise ModelError(too_large(where, len(data)))
    try:
        parsed = json.loads(data.decode("utf-8"), parse_int=_integer)
    except UnicodeDecodeError as error:
        raise ModelError(f"{where} is not text: {_reason(error)}.") from error
    except RecursionError as error:
        raise ModelError(f"{where} is nested too deeply to be a model.") from error
    except ValueError as error:
        raise ModelError(
            f"{where} is broken or truncated: {_reason(error)}; save the model again."
        ) from error
    if not isinstance(parsed, dict):
        raise ModelError(
            f"{where} holds a {type(parsed).__name__} instead of a model's config; save the "
            "model again."
        )
    return parsed


def too_large(where: str, size: int) -> str:
    """Returns the message for a config of too many bytes."""
    return f"{where} is {size} bytes long; no model's config is longer than {LARGEST}."


def _integer(digits: str) -> int:
    # Python's conversion is quadratic in the number of digits.
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())
