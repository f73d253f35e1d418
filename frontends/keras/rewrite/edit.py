"""What a program puts in place of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Tuple, Union

from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import Site

Write = Callable[[Maker, List[Any]], Any]
"""Calls new layers on the tensors that an edit reads, and returns what they give."""


@dataclass(frozen=True)
class Edit:
    """What stands in place of a call.

    Attributes:
        node: the call, in the model that is to be changed.
        reads: the tensors of that model that the new layers read; calls that nothing reads any
            more are left out.
        write: makes the layers.
        outermost: whether the call stands in the model itself, though the operator is in a nested
            one.
    """

    node: Any
    reads: Tuple[Any, ...]
    write: Write
    outermost: bool = False


Program = Callable[[Site], Union[Edit, str]]
"""Returns what to put in place of the call that an operator comes from, or why nothing can be."""
