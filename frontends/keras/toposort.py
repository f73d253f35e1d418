"""The order in which the calls of a model are read."""

from __future__ import annotations

from typing import Callable, Hashable, Iterable, Iterator, List, Set, Tuple, TypeVar

Call = TypeVar("Call", bound=Hashable)


class CircleError(ValueError):
    """A call that reads what follows from it; the first argument is the call."""


def depth_first(roots: Iterable[Call], needs: Callable[[Call], Iterable[Call]]) -> Iterator[Call]:
    """Yields calls, each once and after those it reads.

    Depth first, in the order in which a call names what it reads: a branch stays together, and two
    branches come in the order in which the layer that joins them names them.

    Args:
        roots: the calls that give the model's outputs.
        needs: the calls that a call reads.

    Raises:
        CircleError: a call reads what follows from it.
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
            raise CircleError(call)
        begun.add(call)
        stack.append((call, True))
        stack.extend((one, False) for one in reversed(list(needs(call))))
