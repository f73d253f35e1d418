"""What every shape rule is given, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Tuple

from vai_inspect.core.ir.attrs import Attrs

Shape = Tuple[int, ...]


class ShapeError(ValueError):
    """Inputs that an operator of these attributes cannot read; the text says why."""


@dataclass(frozen=True)
class Received:
    """What an operator is given.

    Attributes:
        attrs: its attributes, of the set that belongs to its kind.
        inputs: shapes of what it reads, NHWC.
        params: shapes of its parameters by XIR's input name, in XIR's layout.
    """

    attrs: Attrs
    inputs: Tuple[Shape, ...]
    params: Mapping[str, Shape]

    @property
    def shape(self) -> Shape:
        """Shape of the first input."""
        if not self.inputs:
            raise ShapeError("it reads no input")
        return self.inputs[0]

    @property
    def rank(self) -> int:
        """Number of axes of the first input."""
        return len(self.shape)

    @property
    def channels(self) -> int:
        """Size of the last axis of the first input."""
        if not self.shape:
            raise ShapeError("it reads a scalar, which has no channels")
        return self.shape[-1]

    def of_rank(self, rank: int) -> Shape:
        """Returns the shape of the first input, which must have this many axes."""
        if len(self.shape) != rank:
            raise ShapeError("it reads {} axes of {}".format(rank, self.shape))
        return self.shape

    def axis(self, axis: int) -> int:
        """Returns an axis of the first input counted from the front."""
        if not -self.rank <= axis < self.rank:
            raise ShapeError("there is no axis {} in {}".format(axis, self.shape))
        return axis % self.rank


Rule = Callable[[Received], Optional[Shape]]
"""Gives the output shape; None where the attributes do not tell it."""
