"""How an operator kind is defined: once, with all that is true of it wherever it runs.

    DEFINITIONS = (
        define("gelu", traits={Trait.ELEMENTWISE}),
        define("conv2d", Conv2dAttrs, CONV, shape=convolution, macs=per_position, traits=...),
    )

Shapes, the verifier, the count of multiply-accumulates, the layout pass and the tables of the
frontends read the definitions; none keeps a list of kinds of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import AbstractSet, Callable, FrozenSet, Mapping, Optional, Tuple, Type

from vai_inspect.core.ir.ops.attributes import Attrs, NoAttrs

Shape = Tuple[int, ...]


class Trait(Enum):
    """What kinds have in common."""

    SOURCE = "reads no input"
    SAME_SHAPE = "gives the shape of its first input"
    ELEMENTWISE = "computes each element by itself, in any order of axes"
    CHANNELS_LAST = "works on tensors whose last axis holds the channels"
    NAMES_AXES = "works in any order of axes, its attributes name them"
    REDUCES = "takes axes away, in any order of axes"
    RESHAPES = "sets another shape; the elements keep their order"
    KEEPS_ELEMENTS = "gives as many elements as it reads"
    FUSED_ACTIVATION = "an activation that some DPU engine fuses with the operator before it"


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
            raise ShapeError(f"it reads {rank} axes of {self.shape}")
        return self.shape

    def axis(self, axis: int) -> int:
        """Returns an axis of the first input counted from the front."""
        if not -self.rank <= axis < self.rank:
            raise ShapeError(f"there is no axis {axis} in {self.shape}")
        return axis % self.rank


ShapeRule = Callable[[Received], Optional[Shape]]
"""Gives the output shape; None where the attributes and inputs do not determine it."""
MacsRule = Callable[[Received, Shape], Optional[int]]
"""Gives the multiply-accumulates for an output shape; None where a parameter's shape is unknown."""


def no_macs(received: Received, output: Shape) -> int:
    """The count of what moves, compares, adds, scales or pools, as the usual tables have it."""
    return 0


@dataclass(frozen=True)
class OpDefinition:
    """All that is true of one operator kind.

    Attributes:
        name: XIR's op type (release 3.5, `src/xir/op/built_in_ops.cpp`), or one of this project's
            own: `return` and `unknown`.
        attrs: the attribute set that an operator of this kind carries.
        inputs: XIR's names of the inputs, parameters (weights, bias) among them.
        shape: its output shape; None where no rule says it.
        macs: its multiply-accumulates; None where there is no usual count.
        traits: what it has in common with others.
    """

    name: str
    attrs: Type[Attrs]
    inputs: Tuple[str, ...]
    shape: Optional[ShapeRule]
    macs: Optional[MacsRule]
    traits: FrozenSet[Trait]

    def output_shape(self, received: Received) -> Optional[Shape]:
        """Returns the output shape, which may be without elements; None where no rule says it.

        Raises:
            ShapeError: an operator of these attributes cannot read such inputs.
        """
        return None if self.shape is None else self.shape(received)


IN = ("input",)
CONV = ("input", "weights", "bias")


def same_shape(received: Received) -> Shape:
    """The output has the shape of the first input."""
    return received.shape


def define(
    name: str,
    attrs: Type[Attrs] = NoAttrs,
    inputs: Tuple[str, ...] = IN,
    shape: Optional[ShapeRule] = None,
    macs: Optional[MacsRule] = no_macs,
    traits: AbstractSet[Trait] = frozenset(),
) -> OpDefinition:
    """Returns the definition of a kind; see `OpDefinition`.

    An operator of the trait SAME_SHAPE needs no shape rule.
    """
    if Trait.SAME_SHAPE in traits:
        shape = same_shape
    return OpDefinition(name, attrs, inputs, shape, macs, frozenset(traits))


def elements(shape: Shape) -> int:
    """Returns the number of elements."""
    count = 1
    for size in shape:
        count *= size
    return count
