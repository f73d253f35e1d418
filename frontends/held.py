"""What objects hold, noted so that it can be set back after code of the user's ran on them.

Attributes are set back to what they were, and what is changed in place (containers, arrays,
generators of random numbers, objects within) to what it held.
"""

from __future__ import annotations

import array
import collections
import copy
import functools
import random
import sys
import types
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

MOST = 1_000_000
"""Objects that are noted; what is beyond is not set back."""
LARGE = 64 * 2**20
"""Bytes of an array that is locked instead of copied."""
ATOMS = frozenset(
    (bool, bytes, complex, float, int, str, type(None), type(Ellipsis), type(NotImplemented), range)
    + (type, types.ModuleType, types.BuiltinFunctionType)
)
"""Types of which nothing can be changed, or nothing is looked into."""
_CONTAINERS = (dict, list, set, collections.deque, bytearray, array.array)


OUTSIDE = frozenset(
    ("builtins", "io", "_io", "threading", "_thread", "logging", "socket", "_socket", "ssl")
    + ("subprocess", "multiprocessing", "concurrent", "asyncio", "ctypes", "_ctypes", "tempfile")
    + ("weakref", "_weakref", "contextvars", "importlib", "sqlite3", "mmap", "enum", "signal")
    + ("re", "abc", "typing", "inspect", "traceback", "pathlib", "zipfile", "tarfile", "numpy")
)
"""Packages whose objects stand for something outside the model, or are never changed."""


_FRAMEWORKS = ("keras", "tf_keras", "tensorflow", "torch", "jax", "jaxlib", "wrapt")


def is_users(cls: type) -> bool:
    """Tells whether a class is the user's: neither Python's own nor a framework's."""
    roots = {base.__module__.split(".")[0] for base in cls.__mro__ if base is not object}
    own = cls.__module__.split(".")[0]
    return not (own in OUTSIDE or own in _FRAMEWORKS or "enum" in roots or "logging" in roots)


class Held:
    """Objects, and what they held when they were noted."""

    def __init__(self, opened: Callable[[type], bool] = is_users) -> None:
        """Begins with none.

        Args:
            opened: tells of a class whether the attributes of its objects are noted where they
                are found in another one's.
        """
        self._opened = opened
        self._seen: Dict[int, Any] = {}
        self._waiting: List[Any] = []
        self._set_back: List[Callable[[], Any]] = []
        self._locked: List[Any] = []

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: Any) -> None:
        self.restore()
        for large in self._locked:
            large.flags.writeable = True

    @property
    def overflows(self) -> bool:
        """Whether there was more than is noted."""
        return len(self._seen) >= MOST

    def keep(self, *things: Any) -> None:
        """Notes objects with their attributes, and what is in these."""
        for thing in things:
            if id(thing) not in self._seen:
                self._seen[id(thing)] = thing
                self._attributes(thing)
        self._drain()

    def keep_class(self, cls: type) -> None:
        """Notes what is defined in a class of the user's, and in those that it extends."""
        self._classes(cls)
        self._drain()

    def _classes(self, cls: type) -> None:
        for base in cls.__mro__:
            if id(base) not in self._seen and is_users(base):
                self._seen[id(base)] = base
                before = _own(base)
                self._set_back.append(functools.partial(_redefine, base, before))
                self._waiting += before.values()

    def restore(self) -> None:
        """Sets everything back; it may be called again."""
        for set_back in reversed(self._set_back):
            set_back()

    def _drain(self) -> None:
        while self._waiting and not self.overflows:
            self._note(self._waiting.pop())
        self._waiting.clear()

    def _note(self, value: Any) -> None:
        kind = type(value)
        if kind in ATOMS or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if isinstance(value, types.FunctionType):
            self._waiting += [value.__defaults__, value.__kwdefaults__, *cells(value)]
        elif isinstance(value, functools.partial):
            self._waiting += [value.func, value.args, value.keywords]
        elif isinstance(value, types.MethodType):
            self._waiting.append(value.__self__)
        elif isinstance(value, (tuple, frozenset)):
            self._waiting += value
        else:
            if not self._container(value):
                self._state(value)
            if self._opened(kind):
                self._attributes(value)

    def _container(self, value: Any) -> bool:
        """Notes what a container holds; tells whether it is one."""
        if not issubclass(type(value), _CONTAINERS):
            value = getattr(value, "__wrapped__", value)  # TensorFlow's proxy of a dict
        content: Any
        if isinstance(value, dict):
            content = dict(value)
            self._waiting += content.values()
            self._waiting += content.keys()
        elif isinstance(value, (list, collections.deque)):
            content = list(value)
            self._waiting += content
            self._waiting.append(getattr(value, "_storage", None))  # of TensorFlow's own list
        elif isinstance(value, set):
            content = set(value)
            self._waiting += content
        elif isinstance(value, bytearray):
            content = bytes(value)
        elif isinstance(value, array.array):
            content = value[:]
        else:
            return False
        self._set_back.append(lambda: _refill(value, content))
        _spare_iterators(value, content)
        return True

    def _state(self, value: Any) -> None:
        """Notes the state of what is no container and no plain object."""
        an_array = is_array(value)
        if an_array and value.flags.writeable and value.nbytes > LARGE:
            value.flags.writeable = False
            self._locked.append(value)
        elif not an_array or value.flags.writeable:
            found = state_of(value)
            if found is not None:
                self._set_back.append(found)
        if an_array and value.dtype.hasobject:
            self._waiting += value.ravel().tolist()

    def _attributes(self, thing: Any) -> None:
        self._classes(type(thing))
        own = getattr(thing, "__dict__", None)
        if isinstance(own, dict):
            before = dict(own)
            self._set_back.append(lambda: _refill(own, before))
            _spare_iterators(own, before)
            self._waiting += before.values()
        slots = {slot: _slot(slot, thing) for slot in slots_of(type(thing))}
        if slots:
            self._set_back.append(lambda: _refill_slots(thing, slots))
            self._waiting += [held[0] for held in slots.values() if held]


def cells(function: Any) -> List[Any]:
    """Returns what a function has from the functions around it."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    return found


def slots_of(cls: type) -> Iterator[Any]:
    """Yields the descriptors of the slots that the classes of an object have."""
    for base in cls.__mro__:
        if "__slots__" in vars(base):
            for found in vars(base).values():
                if isinstance(found, types.MemberDescriptorType):
                    yield found


def _slot(slot: Any, thing: Any) -> Tuple[Any, ...]:
    try:
        return (slot.__get__(thing, type(thing)),)
    except AttributeError:  # nothing in it
        return ()


def _refill_slots(thing: Any, slots: Dict[Any, Tuple[Any, ...]]) -> None:
    for slot, held in slots.items():
        if held:
            slot.__set__(thing, held[0])
        elif _slot(slot, thing):
            slot.__delete__(thing)


def _refill(container: Any, content: Any) -> None:
    """Has a container hold what it held.

    By the methods of the base class: those of a framework's own containers track what is added.
    """
    if isinstance(container, dict):
        base: Any = next(
            kind for kind in (collections.OrderedDict, dict) if isinstance(container, kind)
        )
        base.clear(container)
        for key, value in content.items():
            base.__setitem__(container, key, value)
    elif isinstance(container, list):
        list.__setitem__(container, slice(None), content)
    elif isinstance(container, collections.deque):
        collections.deque.clear(container)
        collections.deque.extend(container, content)
    elif isinstance(container, set):
        set.clear(container)
        set.update(container, content)
    else:
        container[:] = content


def _spare_iterators(container: Any, content: Any) -> None:
    """Puts a copy in the place of each iterator, to be used up instead of the user's own."""
    if isinstance(content, (bytes, set, array.array)):
        return
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        if hasattr(type(value), "__next__"):
            base: Any = dict if isinstance(container, dict) else list
            base = collections.deque if isinstance(container, collections.deque) else base
            base.__setitem__(container, key, copy_of_iterator(value))


def copy_of_iterator(value: Any) -> Any:
    """Returns a copy of an iterator, or the iterator where Python cannot copy it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from Python 3.12 on, on some that it can copy
            return copy.copy(value)
    except Exception:
        return value


def is_array(value: Any) -> bool:
    """Tells whether something is an array of numpy's."""
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def state_of(value: Any) -> Optional[Callable[[], Any]]:
    """Returns what sets an array, a variable or a generator back; None for anything else."""
    if isinstance(value, random.Random):
        return _later(value.setstate, value.getstate())
    if is_array(value):
        return _later(functools.partial(value.__setitem__, Ellipsis), value.copy())
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None and isinstance(value, numpy.RandomState):
        return _later(value.set_state, value.get_state())
    if numpy is not None and isinstance(value, numpy.Generator):
        bits = value.bit_generator
        return _later(functools.partial(setattr, bits, "state"), bits.state)
    torch: Any = sys.modules.get("torch")
    if isinstance(value, getattr(torch, "Generator", ())):
        return _later(value.set_state, value.get_state())
    if isinstance(value, getattr(torch, "Tensor", ())) and value.is_leaf:
        return _later(value.detach().copy_, value.detach().clone())
    if hasattr(type(value), "read_value") and "tensorflow" in sys.modules:
        # A variable shares its memory with what was read of it, until it is assigned.
        return _later(value.assign, value.read_value())
    return None


def _later(function: Callable[[Any], Any], state: Any) -> Callable[[], Any]:
    return lambda: function(state)


def _own(cls: type) -> Dict[str, Any]:
    """Returns the attributes of a class but for those with a meaning in Python itself."""
    return {
        name: value
        for name, value in vars(cls).items()
        if not (name.startswith("__") and name.endswith("__"))
    }


def _redefine(cls: type, before: Dict[str, Any]) -> None:
    now = _own(cls)
    for name in now.keys() - before.keys():
        type.__delattr__(cls, name)
    for name, value in before.items():
        if name not in now or now[name] is not value:
            type.__setattr__(cls, name, value)
