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
import random
import types
import weakref
from typing import Any, Callable, Deque, Dict, List

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends import objects
from vai_inspect.frontends.held import MOST, Held
from vai_inspect.frontends.objects import ATOMS, LARGE

Known = Callable[[Any, str], Any]
"""Returns the copy of a tensor or a module, with its path; None for anything else."""
_SHARED = frozenset(
    ("_C", "_dynamo", "_inductor", "autograd", "cuda", "distributed", "fx", "jit")
    + ("multiprocessing", "profiler", "utils")
)
"""Parts of torch whose objects are not copied."""
_DEEPEST = 50
"""Immutable things within each other that are followed."""


class Copies:
    """Copies, each thing once."""

    def __init__(self, known: Known, memo: Dict[int, Any], held: Held) -> None:
        """Begins with none.

        Args:
            known: copies tensors and modules.
            memo: the copy of each thing, by identity; modules and tensors are in it, too.
            held: gets what is shared.
        """
        self._known = known
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
        made = self._of(value, path, 0)
        if not self._filling:
            self._filling = True
            try:
                while self._waiting or self._late:
                    (self._waiting or self._late).popleft()()
            finally:
                self._filling = False
        return made

    def _of(self, value: Any, path: str, depth: int) -> Any:
        if type(value) in ATOMS or isinstance(value, type):
            return value
        if id(value) in self._memo:
            return self._memo[id(value)]
        made = self._known(value, path)
        if made is None:
            made = self._made(value, path, depth)
            self._memo[id(value)] = made
            self._alive.append(value)
        if len(self._alive) > MOST:
            raise ModelError(
                f"The model holds more than {MOST:,} objects of its own, which are copied before "
                "its "
                f"forward is followed ({path!r} is one of the last); take them out of it."
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
        generator = _generator(value)
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

        def fill() -> None:
            for key, held in list(getattr(value, "__dict__", {}).items()):
                vars(made)[key] = self._of(held, _within(path, key), 0)
            for slot in objects.slots_of(type(value)):
                for held in objects.slot(slot, value):
                    slot.__set__(made, self._of(held, _within(path, slot.__name__), 0))

        self._waiting.append(fill)

    def slots(self, value: Any, made: Any, path: str) -> None:
        """Fills in the slots of a module's copy, and notes what its classes define."""
        self._held.keep_class(type(value))
        for slot in objects.slots_of(type(value)):
            for held in objects.slot(slot, value):
                slot.__set__(made, self.of(held, _within(path, slot.__name__)))

    def _sequence(self, value: Any, path: str, depth: int) -> Any:
        base: Any = list if isinstance(value, list) else collections.deque
        made = base.__new__(type(value))
        if isinstance(value, collections.deque):
            collections.deque.__init__(made, (), value.maxlen)
        if type(value) is list and ATOMS.issuperset(map(type, value)):
            return list(value)

        def fill() -> None:
            base.extend(made, [self._of(one, path, 0) for one in list(value)])

        self._waiting.append(fill)
        self._more(made, value, path)
        return made

    def _mapping(self, value: Any, path: str, depth: int) -> Any:
        ordered = isinstance(value, collections.OrderedDict)
        base: Any = collections.OrderedDict if ordered else dict
        made = base.__new__(type(value))
        if isinstance(value, collections.defaultdict):
            made.default_factory = self._of(value.default_factory, path, depth + 1)

        def fill() -> None:
            items = [
                (self._of(key, path, 0), self._of(one, _within(path, key), 0))
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
            items = [self._of(one, path, 0) for one in list(value)]
            self._late.append(lambda: set.update(made, items))

        self._waiting.append(fill)
        self._more(made, value, path)
        return made

    def _more(self, made: Any, value: Any, path: str) -> None:
        """Has the attributes filled in that an object of a subclass has."""
        if type(value).__module__ not in ("builtins", "collections"):
            self._fill_attributes(made, value, path)

    def _tuple(self, value: Any, path: str, depth: int) -> Any:
        items = [self._of(one, path, depth + 1) for one in value]
        if all(one is other for one, other in zip(items, value)):
            return value
        made = tuple.__new__(type(value), items)
        if hasattr(value, "__dict__"):
            self._fill_attributes(made, value, path)
        return made

    def _frozen(self, value: Any, path: str, depth: int) -> Any:
        items = [self._of(one, path, depth + 1) for one in value]
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
                    made.flat[index] = self._of(one, path, 0)

            self._waiting.append(fill)
        return made

    def _method(self, value: Any, path: str, depth: int) -> Any:
        owner = self._of(value.__self__, path, depth + 1)
        return value if owner is value.__self__ else types.MethodType(value.__func__, owner)

    def _partial(self, value: Any, path: str, depth: int) -> Any:
        parts = (value.func, value.args, value.keywords)
        func, args, keywords = (self._of(one, path, depth + 1) for one in parts)
        if func is value.func and args is value.args and not keywords:
            return value
        made = functools.partial.__new__(type(value), func, *args)
        # Its keywords are a dict that is not filled yet.
        made.__setstate__((func, args, keywords, vars(value) or None))
        return made

    def _function(self, value: Any, path: str, depth: int) -> Any:
        """Copies a function with the variables around it, where these can change."""
        around = [*objects.cells(value), *(value.__defaults__ or ())]
        around += (value.__kwdefaults__ or {}).values()
        if not objects.is_users_module(value.__module__) or not any(map(_changes, around)):
            return value
        cells = tuple(types.CellType() for _ in value.__closure__ or ())
        defaults = self._of(value.__defaults__, path, depth + 1)
        made = types.FunctionType(
            value.__code__, value.__globals__, value.__name__, defaults, cells or None
        )
        made.__kwdefaults__ = self._of(value.__kwdefaults__, path, depth + 1)
        made.__dict__.update(vars(value))
        made.__module__, made.__qualname__ = value.__module__, value.__qualname__

        def fill() -> None:
            for cell, own in zip(cells, value.__closure__ or ()):
                try:
                    held = own.cell_contents
                except ValueError:  # not assigned yet
                    continue
                cell.cell_contents = self._of(held, path, 0)

        self._waiting.append(fill)
        return made

    def _reference(self, value: Any, path: str, depth: int) -> Any:
        target = value()
        if target is None:
            return value
        made = self._of(target, path, depth + 1)
        self._alive.append(made)
        return value if made is target else weakref.ref(made)


_MAKERS: List[Any] = [
    ((list, collections.deque), Copies._sequence),
    (dict, Copies._mapping),
    (tuple, Copies._tuple),
    (set, Copies._set),
    (frozenset, Copies._frozen),
    ((bytearray, array.array), Copies._bytes),
    (types.MethodType, Copies._method),
    (functools.partial, Copies._partial),
    (types.FunctionType, Copies._function),
    (weakref.ReferenceType, Copies._reference),
]


def _within(path: str, key: Any) -> str:
    return f"{path}.{key if type(key) in (int, str) else type(key).__name__}"


def copyable(cls: type) -> bool:
    """Returns whether an object of a class can be made twice: it stands for nothing outside."""
    parts = cls.__module__.split(".")
    if parts[0] == "torch":
        return not (len(parts) > 1 and parts[1] in _SHARED)
    return objects.is_users(cls) and not hasattr(cls, "__del__")


def _changes(value: Any) -> bool:
    """Returns whether a variable around a function holds what can change."""
    if isinstance(value, types.FunctionType):
        return any(map(_changes, (one for one in objects.cells(value) if one is not value)))
    return type(value) not in ATOMS


def _generator(value: Any) -> Any:
    """Returns a copy of a generator of random numbers; None for anything else."""
    if not (isinstance(value, random.Random) or objects.is_generator(value)):
        return None
    import torch

    if not isinstance(value, torch.Generator):
        return copy.deepcopy(value)
    made = torch.Generator(device=value.device)
    made.set_state(value.get_state())
    return made
