"""Proxies that know their tensor: sizes are numbers, and structure can be asked for."""

from __future__ import annotations

import builtins
import operator
from contextlib import contextmanager
from typing import Any, Iterator, List

from vai_inspect.frontends.torch.capture.failures import DataDependentError
from vai_inspect.frontends.torch.capture.nested import leaves, mapped
from vai_inspect.frontends.torch.capture.recorder import IN_PLACE

import torch.fx  # isort: skip


class TensorProxy(torch.fx.Proxy):
    """Stands for a tensor in the user's forward.

    Attributes:
        value: its tensor without values.
    """

    def __init__(self, node: Any, tracer: Any, value: Any) -> None:
        super().__init__(node, tracer)
        self.value = value

    def __getattr__(self, name: str) -> Any:
        if name in ("value", "node", "tracer"):
            raise AttributeError(name)
        found = getattr(self.value, name)
        if isinstance(found, torch.Tensor):
            return self.tracer.create_proxy("call_function", _Property(name), (self,), {})
        return torch.fx.proxy.Attribute(self, name) if callable(found) else found

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.unbind(0))

    def __contains__(self, item: Any) -> Any:
        return self._asks("in")

    def __bool__(self) -> Any:
        return self._asks("bool()")

    def __int__(self) -> Any:
        return self._asks("int()")

    def __float__(self) -> Any:
        return self._asks("float()")

    def __index__(self) -> Any:
        return self._asks("an index")

    def __setitem__(self, key: Any, item: Any) -> None:
        self.tracer.create_proxy("call_function", setitem, (self, key, item), {})

    def _asks(self, how: str) -> Any:
        raise DataDependentError(how)


def _in_place(function: Any) -> Any:
    def method(self: TensorProxy, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", function, (self, other), {})

    return method


for _name in IN_PLACE:  # fx has no `x += y`, and makes a new tensor of it
    setattr(TensorProxy, f"__{_name}__", _in_place(getattr(operator, _name)))


class _Property:
    """A tensor's property that is a tensor, such as `T`, as a function."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, tensor: Any) -> Any:
        return getattr(tensor, self.__name__)


def setitem(tensor: Any, key: Any, item: Any) -> None:
    """Writes a part of a tensor."""
    tensor[key] = item


@contextmanager
def proxies_are_tensors() -> Iterator[None]:
    """Makes `isinstance` in Python code answer for a proxy as for its tensor.

    Not through `__class__`: C++ code believes that, too, and reads memory that is not there.
    """
    original = isinstance

    def is_instance(value: Any, kind: Any) -> bool:
        if original(value, kind):
            return True
        return issubclass(type(value), TensorProxy) and original(value.value, kind)

    builtins.isinstance = is_instance
    try:
        yield
    finally:
        builtins.isinstance = original


def is_proxy(value: Any) -> bool:
    """Returns whether something is a proxy, whatever it says of itself."""
    return issubclass(type(value), torch.fx.Proxy)


def proxies_in(value: Any) -> List[Any]:
    """Returns the proxies in nested arguments."""
    return [leaf for leaf in leaves(value) if is_proxy(leaf)]


def replaced(value: Any) -> Any:
    """Returns nested arguments with the tensor of each proxy in its place."""
    return mapped(value, _tensor)


def _tensor(leaf: Any) -> Any:
    if is_proxy(leaf):
        return leaf.value if issubclass(type(leaf), TensorProxy) else leaf.node
    if hasattr(leaf, "__dict__") and not isinstance(leaf, (type, torch.nn.Module)):
        # What an object holds where it holds proxies, such as a dataclass of outputs.
        held = dict(vars(leaf))
        return replaced(held) if proxies_in(held) else leaf
    return leaf
