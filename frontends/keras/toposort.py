"""Topological order of the calls of a model."""

from __future__ import annotations

from typing import Callable, Hashable, Iterable, Iterator, List, Set, Tuple, TypeVar

Call = TypeVar("Call", bound=Hashable)


class CycleError(ValueError):
    """The graph is cyclic; the first argument is a call of the cycle."""


def depth_first(roots: Iterable[Call], needs: Callable[[Call], Iterable[Call]]) -> Iterator[Call]:
    """Yields each call once, after the calls that it reads.

    Depth first, in the order of a call's inputs: the calls of a branch are consecutive, and
    branches come in the order of the inputs of the layer that joins them.

    Args:
        roots: the calls of the model's outputs.
        needs: returns the calls that a call reads.

    Raises:
        CycleError: the graph is cyclic.
    """
    done: Set[Call] = set()
    begun: Set[Call] = set()
    stack: List[Tuple[Call, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        call, ready = stack.pop()
        if call in done:
            continue
        if ready:
            done.add(call)
            yield call
            continue
        if call in begun:
            raise CycleError(call)
        begun.add(call)
        stack.append((call, True))
        stack.extend((one, False) for one in reversed(list(needs(call))))
