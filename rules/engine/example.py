"""Examples that a constraint declares: small graphs around one operator, on one target."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.ir.attrs import ReshapeAttrs, StridedSliceAttrs, TensorAttrs
from vai_inspect.core.target import Limit, Target


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes:
        text: what it shows, as the rule book prints it: `kernel 17x17`.
        graph: builds the graph; a function, so that importing the rules builds nothing.
        op: name of the operator of which the constraint is asked.
    """

    text: str
    graph: Callable[[], Graph]
    op: str = "op"


ExamplesOf = Callable[[Target], Iterable[Example]]
Examples = Tuple[Union[Example, ExamplesOf], ...]
"""Examples as they are, or made for a target: those at the edge of a limit follow the limit."""


def made_for(target: Target, examples: Examples) -> Tuple[Example, ...]:
    """Returns the examples for a target, each text once."""
    made: List[Example] = []
    for one in examples:
        made.extend([one] if isinstance(one, Example) else one(target))
    return tuple({one.text: one for one in made}.values())


Figure = Union[Limit, int, None]
FigureOf = Callable[[Target], Figure]
Build = Callable[[int], Example]


def inside(figure: FigureOf, build: Build) -> ExamplesOf:
    """Returns the examples at the edge of a limit, on its right side: the ends of each span.

    Args:
        figure: the limit of a target; an integer is the largest that passes, and a target
            where it is None has no examples.
        build: makes the example of one figure.
    """
    return lambda target: [build(number) for number in _ends(figure(target))]


def outside(figure: FigureOf, build: Build) -> ExamplesOf:
    """Returns the examples just beyond the edges of a limit, its gaps among them."""
    return lambda target: [build(number) for number in _beyond(figure(target))]


def where(condition: Callable[[Target], bool], *examples: Union[Example, ExamplesOf]) -> ExamplesOf:
    """Returns the examples for targets that fulfil a condition, and none for the others."""
    return lambda target: made_for(target, examples) if condition(target) else ()


def _ends(figure: Figure) -> Iterator[int]:
    if isinstance(figure, Limit):
        yield from dict.fromkeys(end for span in figure.spans for end in span)
    elif figure is not None:
        yield figure


def _beyond(figure: Figure) -> Sequence[int]:
    if figure is None:
        return ()
    if isinstance(figure, int):
        return (figure + 1,)
    near = [number for low, high in figure.spans for number in (low - 1, high + 1)]
    return [number for number in dict.fromkeys(near) if number > 0 and number not in figure]


def with_batch(graph: Graph, batch: int) -> Graph:
    """Returns a graph of batch 1 with another batch: every first axis is that many times longer.

    Constants that have no batch axis stay as they are.
    """
    if batch == 1:
        return graph
    kept = [op.kind == "const" and op.output.rank < 4 for op in graph]
    return Graph(graph.name, [op if keep else _times(op, batch) for op, keep in zip(graph, kept)])


def _times(op: Op, batch: int) -> Op:
    outputs = tuple(TensorType(_longer(one.shape, batch), one.dtype) for one in op.outputs)
    attrs: Optional[object] = None
    if isinstance(op.attrs, (TensorAttrs, ReshapeAttrs)):
        attrs = dataclasses.replace(op.attrs, shape=_longer(op.attrs.shape, batch))
    if isinstance(op.attrs, StridedSliceAttrs):
        attrs = dataclasses.replace(op.attrs, end=_longer(op.attrs.end, batch))
    return op.replaced(outputs=outputs, attrs=attrs or op.attrs)


def _longer(shape: Tuple[int, ...], batch: int) -> Tuple[int, ...]:
    return (shape[0] * batch, *shape[1:]) if shape else shape
