"""Puts together what exporters take apart, in the file's order of axes."""

from __future__ import annotations

from vai_inspect.frontends.layout import Assembled


def put_together(assembled: Assembled) -> Assembled:
    """Returns the graph with the operators that the model was written with."""
    return assembled


__all__ = ["put_together"]
