"""Copies of whatever modules hold, so that the copied model changes nothing of the user's.

Containers, objects, functions with what is around them, arrays and generators of random numbers
are copied at any depth; what stands for something outside the model (files, locks, threads) and
what cannot be made twice is shared, and set back after the capture.
"""

from __future__ import annotations

import array
import collections
import copy
import functools
import types
import weakref
from typing import Any, Callable, Deque, Dict, List, Sequence, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends import objects
from vai_inspect.frontends.held import MOST, Held
from vai_inspect.frontends.objects import ATOMS, LARGE
from vai_inspect.frontends.torch.capture.callable_copies import (
    copy_of_function,
    copy_of_method,
    copy_of_partial,
    copy_of_reference,
)

Maker = Tuple[type, Callable[[Any, str], Any]]
"""A class, and what makes the copy of its objects, given one and its path."""
_SHARED = frozenset(
    ("_C", "_dynamo", "_inductor", "autograd", "cuda", "distributed", "fx", "jit")
    + ("multiprocessing", "profiler", "utils")
)
"""Parts of torch whose objects are not copied."""
_DEEPEST = 50
"""Immutable things within each other that are followed."""


class Copies:
    """Copies, each thing once."""

    def __init__(self, makers: Sequence[Maker], memo: Dict[int, Any], held: Held) -> None:
        """Begins with none.

        Args:
            makers: copy tensors and modules.
            memo: the copy of each thing, by identity; modules and tensors are in it, too.
            held: gets what is shared.
        """
        self._own = makers
        self._memo = memo
        self._held = held
        self._alive: List[Any] = []
        self._waiting: Deque[Callable[[], None]] = collections.deque()
        self._late: Deque[Callable[[], None]] = collections.deque()
        self._filling = False

    def of(self, value: Any, path: str) -> Any:
        """Returns the copy of a value.

        Args:
            value: anything.
            path: where it stands in the model, for messages.

        Raises:
            ModelError: there is too much of it.
        """
        made = self.part(value, path, 0)
        self._fill_all()
        return made

    def attributes(self, made: Any, value: Any, path: str, own: Dict[str, Any]) -> None:
        """Fills in attributes of a module's copy and its slots, and notes what its classes define.

        Args:
            made: the copy.
            value: the module.
            path: where it stands in the model.
            own: the attributes to copy.
        """
        self._held.keep_class(type(value))
        self._fill(made, value, path, own)
        self._fill_all()

    def later(self, fill: Callable[[], None]) -> None:
        """Has something filled that is not filled where it is made, as it may hold itself."""
        self._waiting.append(fill)

    def keep(self, value: Any) -> None:
        """Keeps something alive as long as the copies are made."""
        self._alive.append(value)

    def _fill_all(self) -> None:
        """Fills what waits to be filled, unless that is under way."""
        if self._filling:
            return
        self._filling = True
        try:
            while self._waiting or self._late:
                (self._waiting or self._late).popleft()()
        finally:
            self._filling = False

    def _fill(self, made: Any, value: Any, path: str, own: Dict[str, Any]) -> None:
        for key, held in list(own.items()):
            vars(made)[key] = self.part(held, _within(path, key), 0)
        for slot in objects.slots_of(type(value)):
            for held in objects.slot(slot, value):
                slot.__set__(made, self.part(held, _within(path, slot.__name__), 0))

    def part(self, value: Any, path: str, depth: int) -> Any:
        """Returns the copy of a part of what is being copied; containers are filled later.

        Args:
            value: anything.
            path: see `of`.
            depth: how many immutable things it is in.
        """
        if type(value) in ATOMS or isinstance(value, type):
            return value
        if id(value) in self._memo:
            return self._memo[id(value)]
        for kind, make in self._own:
            if isinstance(value, kind):
                return make(value, path)
        made = self._memo[id(value)] = self._made(value, path, depth)
        self._alive.append(value)
        if len(self._alive) > MOST:
            raise ModelError(
                f"The model holds more than {MOST:,} objects of its own, which are copied before "
                f"its forward is followed ({path!r} is one of the last); take them out of it."
            )
        return made

    def _made(self, value: Any, path: str, depth: int) -> Any:
        cls = type(value)
        if depth > _DEEPEST:
            return self._shared(value)
        for kinds, make in _MAKERS:
            if isinstance(value, kinds) and issubclass(cls, kinds):
                return make(self, value, path, depth)
        if objects.is_array(value):
            return self._array(value, path)
        generator = objects.copy_of_generator(value)
        if generator is not None:
            return generator
        if hasattr(cls, "__next__") and not objects.is_users(cls):
            return objects.copy_of_iterator(value)
        if not copyable(cls):
            return self._shared(value)
        try:
            made = object.__new__(cls)
        except TypeError:  # a class written in C
            return self._deep(value)
        self._fill_attributes(made, value, path)
        return made

    def _shared(self, value: Any) -> Any:
        self._held.note(value)
        return value

    def _deep(self, value: Any) -> Any:
        if hasattr(type(value), "__deepcopy__"):
            try:
                return copy.deepcopy(value)
            except Exception:  # what a class of somebody's raises
                pass
        return self._shared(value)

    def _fill_attributes(self, made: Any, value: Any, path: str) -> None:
        """Has the attributes of a copy filled in."""
        self._held.keep_class(type(value))
        own = getattr(value, "__dict__", {})
        self._waiting.append(lambda: self._fill(made, value, path, own))

    def _sequence(self, value: Any, path: str, depth: int) -> Any:
        base: Any = list if isinstance(value, list) else collections.deque
        made = base.__new__(type(value))
        if isinstance(value, collections.deque):
            collections.deque.__init__(made, (), value.maxlen)
        if type(value) is list and ATOMS.issuperset(map(type, value)):
            return list(value)

        def fill() -> None:
            base.extend(made, [self.part(one, path, 0) for one in list(value)])

        self._waiting.append(fill)
        self._more(made, value, path)
        return made

    def _mapping(self, value: Any, path: str, depth: int) -> Any:
        ordered = isinstance(value, collections.OrderedDict)
        base: Any = collections.OrderedDict if ordered else dict
        made = base.__new__(type(value))
        if isinstance(value, collections.defaultdict):
            made.default_factory = self.part(value.default_factory, path, depth + 1)

        def fill() -> None:
            items = [
                (self.part(key, path, 0), self.part(one, _within(path, key), 0))
                for key, one in list(base.items(value))
            ]

            def put() -> None:
                for key, one in items:
                    base.__setitem__(made, key, one)

            # A key may be asked for its hash only once it is filled itself.
            plain = ATOMS.issuperset(type(key) for key, _ in items)
            put() if plain else self._late.append(put)

        self._waiting.append(fill)
        self._more(made, value, path)
        return made

    def _set(self, value: Any, path: str, depth: int) -> Any:
        made = set.__new__(type(value))

        def fill() -> None:
            items = [self.part(one, path, 0) for one in list(value)]
            self._late.append(lambda: set.update(made, items))

        self._waiting.append(fill)
        self._more(made, value, path)
        return made

    def _more(self, made: Any, value: Any, path: str) -> None:
        """Has the attributes filled in that an object of a subclass has."""
        if type(value).__module__ not in ("builtins", "collections"):
            self._fill_attributes(made, value, path)

    def _tuple(self, value: Any, path: str, depth: int) -> Any:
        items = [self.part(one, path, depth + 1) for one in value]
        if all(one is other for one, other in zip(items, value)):
            return value
        made = tuple.__new__(type(value), items)
        if hasattr(value, "__dict__"):
            self._fill_attributes(made, value, path)
        return made

    def _frozen(self, value: Any, path: str, depth: int) -> Any:
        items = [self.part(one, path, depth + 1) for one in value]
        if all(one is other for one, other in zip(items, value)):
            return value
        own: Any = object.__hash__
        if all(type(one).__hash__ is own for one in items):
            return frozenset.__new__(type(value), items)
        return self._shared(value)  # it asks for hashes, and its members are not filled yet

    def _bytes(self, value: Any, path: str, depth: int) -> Any:
        return copy.copy(value)

    def _array(self, value: Any, path: str) -> Any:
        if value.nbytes > LARGE:
            made = value.view()
            made.flags.writeable = False  # whoever writes there ends the capture
            return made
        made = value.copy()
        if value.dtype.hasobject:

            def fill() -> None:
                for index, one in enumerate(value.flat):
                    made.flat[index] = self.part(one, path, 0)

            self._waiting.append(fill)
        return made


_MAKERS: List[Any] = [
    ((list, collections.deque), Copies._sequence),
    (dict, Copies._mapping),
    (tuple, Copies._tuple),
    (set, Copies._set),
    (frozenset, Copies._frozen),
    ((bytearray, array.array), Copies._bytes),
    (types.MethodType, copy_of_method),
    (functools.partial, copy_of_partial),
    (types.FunctionType, copy_of_function),
    (weakref.ReferenceType, copy_of_reference),
]


def _within(path: str, key: Any) -> str:
    name = str(key) if type(key) in (int, str) else type(key).__name__
    return f"{path}.{name}" if path else name


def copyable(cls: type) -> bool:
    """Returns whether an object of a class can be made twice: it stands for nothing outside."""
    parts = cls.__module__.split(".")
    if parts[0] == "torch":
        return not (len(parts) > 1 and parts[1] in _SHARED)
    return objects.is_users(cls) and not hasattr(cls, "__del__")
