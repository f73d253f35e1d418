"""Hooks of the user's on the modules of a copy: they run there, rebuilt against the copy."""

from __future__ import annotations

import functools
import types
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Tuple

from vai_inspect.frontends.held import Held

_FORWARD = ("_forward_hooks", "_forward_pre_hooks")
_FLAGS = (
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
)
ALL = (*_FORWARD, *_FLAGS, "_backward_hooks", "_backward_pre_hooks")
"""Attributes of a module that hold its hooks, or flags of them by their keys."""
Rebuild = Callable[[Any], Any]
"""Returns the copy of anything that a hook reaches."""


def copy_hooks(module: Any, copy: Any, rebuild: Rebuild, held: Held) -> bool:
    """Gives a module's copy the hooks of the user's that can be rebuilt; says whether all can.

    Hooks of torch's own set weights or check inputs, and change no shape; those run backward are
    never called. Both are left out.

    Args:
        module: the user's.
        copy: its copy, which has none.
        rebuild: see `Rebuild`.
        held: gets what is outside the model and not copied, so that it is set back.
    """
    every = True
    kept = set()
    for name in _FORWARD:
        made: "OrderedDict[Any, Any]" = OrderedDict()
        for key, hook in _items(vars(module).get(name)):
            if _is_torchs(hook):
                continue
            new = rebuild(hook)
            if not _is_rebuilt(hook, new):
                every = False
                continue
            for function in _functions(new):
                held.keep_globals(function)
            made[key] = new
        kept |= set(made)
        if name in vars(module):
            vars(copy)[name] = made
    for name in _FLAGS:
        if name in vars(module):
            flags = [(key, one) for key, one in _items(vars(module)[name]) if key in kept]
            vars(copy)[name] = OrderedDict(flags)
    return every


def _items(hooks: Any) -> List[Tuple[Any, Any]]:
    return list(hooks.items()) if isinstance(hooks, dict) else []


def _is_torchs(hook: Any) -> bool:
    module = getattr(hook, "__module__", None) or type(hook).__module__
    return str(module).startswith("torch.")


def _is_rebuilt(hook: Any, new: Any) -> bool:
    """Returns whether what a hook changes is the copy's, or is set back."""
    if isinstance(hook, functools.partial):
        return _is_rebuilt(hook.func, new.func)
    return new is not hook or isinstance(hook, types.FunctionType)


def _functions(hook: Any) -> Iterator[types.FunctionType]:
    """Yields the functions that a hook runs first."""
    if isinstance(hook, functools.partial):
        yield from _functions(hook.func)
    elif isinstance(hook, types.MethodType):
        yield from _functions(hook.__func__)
    elif isinstance(hook, types.FunctionType):
        yield hook
    else:
        for cls in type(hook).__mro__[:-1]:
            if isinstance(vars(cls).get("__call__"), types.FunctionType):
                yield vars(cls)["__call__"]


def has_hooks(module: Any) -> bool:
    """Returns whether a module's copy has hooks that run."""
    return any(vars(module).get(name) for name in _FORWARD)


@contextmanager
def forward_replaced(module: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """Has a call of a module's copy run its hooks around another forward."""
    own = vars(module)
    before = own.get("forward")
    own["forward"] = forward
    try:
        yield
    finally:
        if before is None:
            del own["forward"]
        else:
            own["forward"] = before
