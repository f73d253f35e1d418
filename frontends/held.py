"""What objects hold, noted so that it can be set back after code of the user's ran on them.

Attributes are set back to what they were, and what is changed in place (containers, arrays,
generators of random numbers, objects within) to what it held.
"""

from __future__ import annotations

import array
import collections
import functools
import types
from typing import Any, Callable, Dict, Iterator, List, Set, Tuple

from vai_inspect.frontends.objects import (
    ATOMS,
    LARGE,
    cells,
    copy_of_iterator,
    is_array,
    is_users,
    slot,
    slots_of,
    state_of,
)
from vai_inspect.frontends.surroundings import Cache, cache_kept, module_kept

MOST = 1_000_000
"""Objects that are noted; what is beyond is not set back."""
_CONTAINERS = (dict, list, set, collections.deque, bytearray, array.array)


class Held:
    """Objects, and what they held when they were noted."""

    def __init__(self, opened: Callable[[type], bool] = is_users) -> None:
        """Begins with none.

        Args:
            opened: returns whether the attributes of a class's objects are noted where these are
                found in another object.
        """
        self._opened = opened
        self._seen: Dict[int, Any] = {}
        self._waiting: List[Any] = []
        self._set_back: List[Callable[[], Any]] = []
        self._locked: List[Any] = []
        self._modules: Set[str] = set()
        self._spared: List[Tuple[Any, Any]] = []

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: Any) -> None:
        self._spared.clear()
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

    def note(self, *values: Any) -> None:
        """Notes what values hold that are no objects of the user's, or are."""
        self._waiting += values
        self._drain()

    def keep_class(self, cls: type) -> None:
        """Notes what is defined in a class of the user's, and in those that it extends."""
        self._classes(cls)
        self._drain()

    def keep_globals(self, function: types.FunctionType) -> None:
        """Notes the variables of its module that a function names, and what they hold."""
        space = function.__globals__
        names = set(_names(function.__code__))
        before = {name: space[name] for name in names if name in space}
        self._set_back.append(functools.partial(_reset, space, before, names - set(before)))
        self._waiting += before.values()
        self._drain()

    def _classes(self, cls: type) -> None:
        for base in cls.__mro__:
            if id(base) in self._seen:
                continue
            self._seen[id(base)] = base
            if is_users(base):
                before = _own(base)
                self._set_back.append(functools.partial(_redefine, base, before))
                self._waiting += before.values()
                if base.__module__ not in self._modules:
                    self._modules.add(base.__module__)
                    self._set_back += module_kept(base.__module__)

    def restore(self) -> None:
        """Sets everything back; it may be called again."""
        for set_back in reversed(self._set_back):
            set_back()
        for container, content in self._spared:
            _spare_iterators(container, content)

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
        elif kind is Cache:
            self._set_back.append(cache_kept(value))
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
        """Notes what a container holds; says whether it is one."""
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
        self._spare(value, content)
        return True

    def _spare(self, container: Any, content: Any) -> None:
        if _spare_iterators(container, content):
            self._spared.append((container, content))

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
            self._spare(own, before)
            self._waiting += before.values()
        slots = {one: slot(one, thing) for one in slots_of(type(thing))}
        if slots:
            self._set_back.append(lambda: _refill_slots(thing, slots))
            self._waiting += [held[0] for held in slots.values() if held]


def _refill_slots(thing: Any, slots: Dict[Any, Tuple[Any, ...]]) -> None:
    for descriptor, held in slots.items():
        if held:
            descriptor.__set__(thing, held[0])
        elif slot(descriptor, thing):
            descriptor.__delete__(thing)


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


def _spare_iterators(container: Any, content: Any) -> bool:
    """Puts a copy in the place of each iterator, to be used up instead of the user's own."""
    found = False
    if isinstance(content, (bytes, set, array.array)):
        return found
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        if hasattr(type(value), "__next__") and not is_users(type(value)):
            base: Any = dict if isinstance(container, dict) else list
            base = collections.deque if isinstance(container, collections.deque) else base
            base.__setitem__(container, key, copy_of_iterator(value))
            found = True
    return found


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


def _names(code: types.CodeType) -> Iterator[str]:
    """Yields the names that code reads or sets, and that of the functions in it."""
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _names(one)


def _reset(space: Dict[str, Any], before: Dict[str, Any], new: Set[str]) -> None:
    """Sets variables of a module back to what they were."""
    for name, value in before.items():
        if space.get(name) is not value:
            space[name] = value
    for name in new:
        space.pop(name, None)
