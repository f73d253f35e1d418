"""What was found on one target, for the next that has the same figures where they were read."""

from __future__ import annotations

from typing import Any, Callable, Dict, Hashable, List, Tuple, TypeVar, cast

from vai_inspect.core.target import Target
from vai_inspect.rules.recorded import Reads, at, recorded

T = TypeVar("T")


class Recall:
    """Calls functions of a target; this one forgets at once what they returned."""

    def __call__(self, key: Hashable, target: Target, function: Callable[[Target], T]) -> T:
        """Returns what a function makes of a target.

        Args:
            key: what else the result depends on; equal for functions that do the same.
            target: the target.
            function: a pure function; what it returns is not changed by anyone.
        """
        return function(target)

    def same(self, value: T) -> T:
        """Returns a value that equals the given one: the one that was given first, if kept."""
        return value


class Memory(Recall):
    """Calls functions of a target, and keeps what they returned and which figures they read.

    A target with the same figures in these places gets the same result without a call: a pure
    function reads the same again and takes the same way. It is for one graph.
    """

    def __init__(self) -> None:
        self._values: List[Any] = []
        self._known: Dict[Hashable, List[Tuple[Reads, Any]]] = {}

    def __call__(self, key: Hashable, target: Target, function: Callable[[Target], T]) -> T:
        """Returns what a function makes of a target, or made of one that is the same to it."""
        known = self._known.setdefault(key, [])
        for reads, result in known:
            if all(at(target, path) == value for path, value in reads.items()):
                return cast(T, result)
        noted: Reads = {}
        made = function(recorded(target, noted))
        known.append((noted, made))
        return made

    def same(self, value: T) -> T:
        """Returns the first value that was given and equals this one; it is kept."""
        for known in self._values:
            if known is value or (type(known) is type(value) and known == value):
                return known
        self._values.append(value)
        return value
