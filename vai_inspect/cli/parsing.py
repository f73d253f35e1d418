"""Reads the options that are texts of a form of their own."""

from __future__ import annotations

import ast
from typing import Any, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.shape_text import shape_in

_LITERALS: Dict[str, Optional[bool]] = {"true": True, "false": False, "none": None, "null": None}


def parse_kwargs(pairs: Sequence[str]) -> Dict[str, Any]:
    """Reads KEY=VALUE pairs; a value is a Python literal, or else text.

    true, false, none and null are what they are in Python: as texts, all would be true there.

    Raises:
        ModelError: a pair has no key or no `=`.
    """
    kwargs: Dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ModelError(
                f"--kwargs {pair!r} is not KEY=VALUE; write for instance --kwargs weights=None."
            )
        try:
            kwargs[key] = _LITERALS[text] if text in _LITERALS else ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            kwargs[key] = text
    return kwargs


def parse_shapes(texts: Sequence[str]) -> List[Tuple[int, ...]]:
    """Reads `1,224,224,3` texts, one for each input of the model.

    Raises:
        InputShapeError: a text is not made of positive integers.
    """
    shapes = []
    for text in texts:
        shape = shape_in(text)
        if shape is None:
            raise InputShapeError(
                f"--input-shape {text!r} is no shape; write the sizes of all axes, the batch "
                "first: "
                "--input-shape 1,224,224,3; repeat the option for each further input."
            )
        shapes.append(shape)
    return shapes
