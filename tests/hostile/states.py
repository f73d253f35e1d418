"""What a model may keep in objects of its own: random nests of it, changed as the model runs."""

from __future__ import annotations

import array
import collections
import functools
import itertools
import random
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
from hypothesis import strategies as st

_NUMBERS = itertools.count()


class Plain:
    """An object of the user's."""

    def __init__(self, held: Any) -> None:
        self.held = held
        self.number = next(_NUMBERS)
        self.calls = 0


class Slotted:
    """An object without a `__dict__`."""

    __slots__ = ("empty", "held")

    def __init__(self, held: Any) -> None:
        self.held = held


class Closing:
    """An object that must not be thrown away twice: a copy of it would close what it stands for."""

    made = itertools.count()
    closed: List[int] = []

    def __init__(self, held: Any) -> None:
        self.held = held
        self.number = next(self.made)

    def __del__(self) -> None:
        self.closed.append(self.number)


class Names(dict):  # type: ignore[type-arg]
    """A dict with attributes."""

    def __init__(self, held: Any) -> None:
        super().__init__(held=held)
        self.seen: List[Any] = []


Pair = collections.namedtuple("Pair", "left right")


class Shared:
    """An object whose state is its class's."""

    cache: List[Any] = []
    latest: Any = None

    def __init__(self, held: Any) -> None:
        self.held = held


def _closure(held: Any) -> Callable[[Any], Any]:
    def function(new: Any) -> None:
        held_here.append(new)

    held_here = [held]
    return function


def _deep(held: Any) -> Any:
    for _ in range(500):
        held = [held]
    return held


def _itself(held: Any) -> Any:
    found: Dict[str, Any] = {"held": held}
    found["itself"] = found
    return found


LEAVES: Dict[str, Callable[[], Any]] = {
    "a number": lambda: 3,
    "a text": lambda: "text",
    "nothing": lambda: None,
    "an array": lambda: np.arange(6.0).reshape(2, 3),
    "an array of objects": lambda: np.array([[1], "x", None], dtype=object),
    "bytes": lambda: bytearray(b"abc"),
    "an array of Python's": lambda: array.array("d", [1.0, 2.0]),
    "a counter": lambda: collections.Counter("aab"),
    "Python's generator": lambda: random.Random(3),
    "numpy's generator": lambda: np.random.default_rng(3),
    "numpy's old generator": lambda: np.random.RandomState(3),
    "an iterator": lambda: itertools.count(5),
}
NESTS: Dict[str, Callable[[Any], Any]] = {
    "a list": lambda held: [held, held],
    "a tuple": lambda held: (held,),
    "a dict": lambda held: {"k": held, 2: [held]},
    "an ordered dict": lambda held: collections.OrderedDict([("b", held), ("a", 1)]),
    "a defaultdict": lambda held: collections.defaultdict(list, k=[held]),
    "a deque": lambda held: collections.deque([held], maxlen=5),
    "a set of objects": lambda held: {Plain(held)},
    "a frozen set": lambda held: frozenset((Plain(held),)),
    "an object": Plain,
    "an object with slots": Slotted,
    "an object that closes something": Closing,
    "an object with a state of its class": Shared,
    "a dict of the user's": Names,
    "a named tuple": lambda held: Pair(held, [1]),
    "a function within another": _closure,
    "a partial function": lambda held: functools.partial(_closure(held)),
    "a deep nest": _deep,
    "a dict that holds itself": _itself,
}


def recipes(more: Any = ()) -> Any:
    """What is held, and in what, the innermost first; with leaves besides those of here."""
    leaves = st.sampled_from(sorted([*LEAVES, *more]))
    return st.tuples(leaves, st.lists(st.sampled_from(sorted(NESTS)), min_size=1, max_size=4))


def built(recipe: Any, more: Any = None) -> Any:
    """A nest as a recipe says."""
    leaf, nests = recipe
    held = {**LEAVES, **(more or {})}[leaf]()
    for name in nests:
        held = NESTS[name](held)
    return held


def stir(value: Any, new: Any) -> int:
    """Changes all that can be changed in a nest, and keeps `new` in it wherever there is room.

    Returns how much there was.
    """
    seen: Dict[int, Any] = {}
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        if isinstance(one, (list, collections.deque)):
            waiting += one
            one.append(new)
        elif isinstance(one, dict):
            waiting += one.values()
            if isinstance(one, collections.Counter):
                one.update("b")
            else:
                one["new"] = new
        elif isinstance(one, (tuple, frozenset)):
            waiting += one
        elif isinstance(one, set):
            waiting += one
            one.add(Plain(new))
        elif isinstance(one, np.ndarray):
            one.flat[0] = 7
        elif isinstance(one, bytearray):
            one.extend(b"d")
        elif isinstance(one, array.array):
            one.append(3.0)
        elif isinstance(one, (random.Random, np.random.Generator, np.random.RandomState)):
            one.random() if not isinstance(one, np.random.RandomState) else one.rand()
        elif isinstance(one, itertools.count):
            next(one)
        elif hasattr(one, "add_"):
            one += 1
        elif hasattr(one, "get_state"):
            one.manual_seed(one.initial_seed() + 1)
        elif hasattr(one, "_buffers"):
            one.seen += 1
        elif callable(one):
            one(new)
        if isinstance(one, (Plain, Slotted, Closing, Shared)):
            waiting.append(one.held)
        if isinstance(one, (Plain, Closing)):
            one.calls = new  # type: ignore[union-attr]
        if isinstance(one, Slotted):
            one.empty = new
        if isinstance(one, Shared):
            one.cache.append(new)
            type(one).latest = new
        if isinstance(one, Names):
            one.seen.append(new)
    return len(seen)


def picture(value: Any) -> Any:
    """All that a nest holds, each thing by its identity: what it is and what it holds."""
    found: Dict[int, Any] = {}
    seen: List[Any] = [value]
    for one in seen:  # it grows meanwhile
        if id(one) in found or type(one) in _PLAIN:
            continue
        held = _held(one)
        found[id(one)] = (type(one).__name__, [_named(part) for part in held])
        seen += held
    return _named(value), found


_PLAIN = (int, float, str, bytes, bool, type(None))


def _named(value: Any) -> Any:
    return value if type(value) in _PLAIN else ("the thing", id(value))


def _held(value: Any) -> List[Any]:
    found: List[Any] = []
    if isinstance(value, (list, tuple, collections.deque, bytearray, array.array)):
        found += value
    elif isinstance(value, (set, frozenset)):
        found += sorted(value, key=lambda one: one.number)
    elif isinstance(value, dict):
        found += [part for pair in value.items() for part in pair]
    elif isinstance(value, np.ndarray):
        found += [value.dtype.str, value.flags.writeable]
        found += value.ravel().tolist()
    elif isinstance(value, random.Random):
        found.append(repr(value.getstate()))
    elif isinstance(value, np.random.Generator):
        found.append(repr(value.bit_generator.state))
    elif isinstance(value, np.random.RandomState):
        found.append(repr(value.get_state()))
    elif isinstance(value, itertools.count):
        found.append(repr(value))
    elif isinstance(value, functools.partial):
        found.append(value.func)
    elif hasattr(value, "__closure__"):
        found += [cell.cell_contents for cell in value.__closure__ or ()]
    elif hasattr(value, "get_state"):
        found.append(repr(value.get_state().tolist()))
    elif hasattr(value, "_buffers"):
        found.append(value.seen)
    elif hasattr(value, "numpy"):
        value = value.detach() if hasattr(value, "detach") else value
        found.append(repr(value.numpy().tolist()))
    for name, part in _attributes(value).items():
        found += [name, part]
    return found


def _attributes(value: Any) -> Dict[str, Any]:
    held: Dict[str, Any] = {}
    if isinstance(value, (Plain, Closing, Shared, Names)):
        held.update({name: part for name, part in vars(value).items() if name != "number"})
    if isinstance(value, Slotted):
        held.update({name: getattr(value, name, "(none)") for name in Slotted.__slots__})
    if isinstance(value, Shared):
        held.update(cache=Shared.cache, latest=Shared.latest)
    return held


Around = Tuple[Any, ...]


def around() -> Around:
    """The state of the generators of random numbers that everybody shares."""
    numbers: Any = np.random.get_state()
    return random.getstate(), numbers[1].tobytes(), numbers[2:]
