"""Caches and variables of the modules that the user's classes stand in.

A forward may leave there what it is followed with: tensors without values, proxies. They would
reach the user's own next call. Whatever else changes there is none of the model's, and stays.
"""

from __future__ import annotations

import collections
import functools
import sys
from typing import Any, Callable, Dict, Iterator, List, Tuple

from vai_inspect.frontends.objects import FRAMEWORKS, root_of

Cache: Any = type(functools.lru_cache()(len))
_KINDS = (dict, list, set, collections.deque)
_TENSORS = frozenset(("Tensor", "TensorBase", "KerasTensor", "Proxy"))
_MOST = 10_000
"""Entries of a container that is looked into."""


def cache_kept(cache: Any) -> Callable[[], Any]:
    """Returns what empties a cache of functools, if something was put into it since."""
    before = cache.cache_info().misses
    return lambda: cache.cache_clear() if cache.cache_info().misses != before else None


def module_kept(name: str) -> List[Callable[[], Any]]:
    """Returns what takes tensors away that were put into the variables of a module since.

    Args:
        name: the module's name. Of the other modules of its package only the caches are kept.
    """
    found = []
    root = root_of(name)
    for other, module in list(sys.modules.items()):
        if f"{other}.".startswith(root + ".") and hasattr(module, "__dict__"):
            variables = vars(module)
            held = list(variables.values())
            found += [cache_kept(one) for one in held if type(one) is Cache]
            if other == name:
                found += list(_containers([variables, *held], 0))
    return found


def _containers(held: List[Any], depth: int) -> Iterator[Callable[[], Any]]:
    for one in held:
        if not isinstance(one, _KINDS) or len(one) > _MOST:
            continue
        before = dict(_items(one))
        yield functools.partial(_without_tensors, one, before)
        if depth < 2:
            yield from _containers(list(before.values()), depth + 1)


def _items(container: Any) -> Iterator[Tuple[Any, Any]]:
    if isinstance(container, dict):
        return iter(list(container.items()))
    if isinstance(container, set):
        return ((id(one), one) for one in list(container))
    return enumerate(list(container))


def _without_tensors(container: Any, before: Dict[Any, Any]) -> None:
    new = [
        (key, one)
        for key, one in _items(container)
        if (key not in before or before[key] is not one) and _is_tensor(one)
    ]
    for key, one in reversed(new):
        if isinstance(container, set):
            container.discard(one)
        elif key in before:
            container[key] = before[key]
        else:
            del container[key]


def _is_tensor(value: Any) -> bool:
    """Returns whether something is a tensor of a framework's, a proxy, or holds one directly."""
    if isinstance(value, (tuple, list)):
        return any(map(_is_tensor, value))
    bases = type(value).__mro__
    own = [base.__name__ for base in bases if root_of(base.__module__) in FRAMEWORKS]
    return not _TENSORS.isdisjoint(own)
