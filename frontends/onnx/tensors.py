"""The values of names during capture: constants, tensors, and tensors of unknown size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple, Union

from vai_inspect.core.errors import LARGEST_SIZE, MOST_ELEMENTS
from vai_inspect.core.ir import OPS, Trait, Value
from vai_inspect.core.ir.attrs import Attrs
from vai_inspect.core.ir.ops import Received, ShapeError
from vai_inspect.frontends.graph_builder import UnreadableError as UnreadableError
from vai_inspect.frontends.layout.axes import LAST, carried, ordered

Shape = Tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that depends on no input of the model.

    Attributes:
        shape: its sizes.
        dtype: element type, as in numpy.
        values: its elements in order, if they are few and known.
        name: name of the initialiser; empty for a computed constant.
    """

    shape: Shape
    dtype: str = "float32"
    values: Optional[Tuple[Any, ...]] = None
    name: str = ""

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class Computed:
    """A tensor that depends on the model's inputs.

    Attributes:
        shape: its sizes in the file's axis order.
        dtype: element type, as in numpy.
        value: the value of the graph.
    """

    shape: Shape
    dtype: str
    value: Value

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class Unsized:
    """A tensor of unknown size.

    Attributes:
        cause: name of the node that causes it.
    """

    cause: str


Operand = Union[Constant, Computed]
Named = Union[Constant, Computed, Unsized]


class UnknownValuesError(UnreadableError):
    """A lowering needs the elements of an input, which are not known.

    Attributes:
        at: position of the input.
    """

    def __init__(self, at: int) -> None:
        """Names the input."""
        super().__init__(f"the values of its input {at} are not known")
        self.at = at


class DataDependentError(UnreadableError):
    """The sizes of a node's outputs depend on the elements of the model's inputs."""


class UndeclaredError(UnreadableError):
    """No rule gives the output shapes of an operator, and the file does not declare them."""


def checked(shape: Sequence[int]) -> Shape:
    """Returns a valid shape unchanged.

    Raises:
        UnreadableError: a size is negative or too large.
    """
    count = 1
    for size in shape:
        count *= size
        if not 0 <= size <= LARGEST_SIZE or count > MOST_ELEMENTS:
            raise UnreadableError("a size is negative or too large")
    return tuple(shape)


def shape_of(
    kind: str, attrs: Attrs, inputs: Sequence[Shape], params: Dict[str, Shape]
) -> Optional[Shape]:
    """Returns the output shape by a kind's shape rule, in the file's axis order.

    Args:
        kind: a key of the vocabulary.
        attrs: its attributes; axes in the file's order.
        inputs: shapes of its inputs, in the file's order.
        params: shapes of its parameters, in XIR's layout.

    Returns:
        The shape, or None if the kind has no shape rule.

    Raises:
        UnreadableError: the operator does not accept these inputs.
    """
    definition, given = OPS[kind], tuple(inputs)
    order = LAST.get(len(given[0])) if given else None
    last = order is not None and Trait.CHANNELS_LAST in definition.traits
    if order is not None and last:
        given = (ordered(given[0], order), *given[1:])
        attrs = carried(attrs, order)
    try:
        found = definition.output_shape(Received(attrs, given, params))
    except ShapeError as error:
        raise UnreadableError(str(error)) from error
    if found is None or order is None or not last:
        return found
    back = [0] * len(found)
    for axis, size in zip(order, found):
        back[axis] = size
    return tuple(back)
