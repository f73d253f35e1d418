"""Hooks on what runs: every module, function and method, and every operator beneath them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Tuple

import torch

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.device_policy import meta_works
from vai_inspect.frontends.torch.capture.isolation import here

Seen = Callable[[Any, Tuple[Any, ...], Dict[str, Any]], Any]
"""Takes a callable of torch's with its arguments, runs it, and returns what it returns."""


def can_record() -> bool:
    """Returns whether this torch has hooks on what runs; in 1.12 they are of another form."""
    return hasattr(getattr(torch.overrides, "TorchFunctionMode", None), "__enter__")


def can_see_functions() -> bool:
    """Returns whether functions of constants are seen; before torch 2.0 the copy is not on meta."""
    return can_record() and meta_works()


@contextmanager
def functions_seen(function: Seen) -> Iterator[None]:
    """Hands over functions, methods and properties that are called meanwhile, where that works.

    Args:
        function: see `all_seen`.
    """
    if not can_see_functions():
        yield
        return
    with _functions(function):
        yield


def _functions(function: Seen) -> Any:
    base: Any = torch.overrides.TorchFunctionMode

    class Functions(base):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            return function(func, tuple(args), kwargs or {})

    return Functions()


@contextmanager
def all_seen(function: Seen, operator: Seen, module: Callable[..., Any]) -> Iterator[None]:
    """Hands over whatever torch is asked to do meanwhile.

    Args:
        function: gets functions of torch and torch.nn.functional, methods and properties of
            tensors. Calls within it are not handed over.
        operator: gets ATen's operators, those that run inside a function too; the rest is what
            no function of Python's asks for, such as the body of a `torch.jit.script` function.
        module: gets the modules that are called, as (module, original, args, kwargs).

    Raises:
        CaptureError: this release of torch has no such hooks.
    """
    if not can_record():
        raise CaptureError(
            f"torch {torch.__version__} has no TorchFunctionMode, which torch has from 1.13 on"
        )
    from torch.utils._python_dispatch import TorchDispatchMode

    class Operators(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            return operator(func, tuple(args), kwargs or {})

    with Operators(), _functions(function), _modules_seen(module):
        yield


@contextmanager
def _modules_seen(call: Callable[..., Any]) -> Iterator[None]:
    """Hands over whatever module this thread calls meanwhile; fx does it in the same way."""
    module: Any = torch.nn.Module
    original = module.__call__
    mine = here()

    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(self, original, args, kwargs) if mine() else original(self, *args, **kwargs)

    module.__call__ = called
    try:
        yield
    finally:
        module.__call__ = original
