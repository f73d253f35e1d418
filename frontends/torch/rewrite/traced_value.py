"""What stands for the values of a forward while its graph is written."""

from __future__ import annotations

import copy
import operator
from typing import Any, Callable, Iterator

import torch
import torch.fx

from vai_inspect.frontends.torch.capture.failures import DataDependentError
from vai_inspect.frontends.torch.capture.frames import at_users_line
from vai_inspect.frontends.torch.capture.nested import fields_of, mapped
from vai_inspect.frontends.torch.capture.proxy import TensorProxy, is_proxy


class TracedValue(TensorProxy):
    """Stands for what a call gave: a tensor, a batch, or a container of them."""

    def __getattr__(self, name: str) -> Any:
        if name in ("value", "node", "tracer"):
            raise AttributeError(name)
        if name == "shape" and isinstance(self.value, torch.Tensor):
            return self.tracer.sizes(self)
        found = getattr(self.value, name)
        if isinstance(found, torch.Tensor):
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return torch.fx.proxy.Attribute(self, name) if callable(found) else found

    def __setitem__(self, key: Any, item: Any) -> None:
        self.tracer.create_proxy("call_function", operator.setitem, (self, key, item), {})

    def __iter__(self) -> Iterator[Any]:
        return iter([self[at] for at in range(len(self))])

    def __len__(self) -> int:
        if isinstance(self.value, torch.Tensor):
            self.tracer.check_values(self)
        return len(self.value)

    def _asks(self, how: str) -> Any:
        if isinstance(self.value, torch.Tensor):
            if not self.tracer.depends(self):
                return self.value  # of a weight, which is as it is
            raise DataDependentError(at_users_line(how))
        self.tracer.check_values(self)
        self.tracer.fix_batch()
        return self.value

    def __bool__(self) -> bool:
        return bool(self._asks("bool()"))

    def __int__(self) -> int:
        return int(self._asks("int()"))

    def __float__(self) -> float:
        return float(self._asks("float()"))

    def __index__(self) -> int:
        return operator.index(self._asks("an index"))

    def __contains__(self, item: Any) -> bool:
        return item in self._asks("in")

    def __hash__(self) -> int:
        return id(self)


class Sizes(tuple):  # type: ignore[type-arg]
    """Sizes of a tensor, as torch.Size."""

    def numel(self) -> Any:
        """Returns the number of elements."""
        count: Any = 1
        for size in self:
            count = count * size
        return count


def values_of(value: Any) -> Any:
    """Returns nested arguments with the value of each proxy in its place."""
    return mapped(value, lambda leaf: leaf.value if is_proxy(leaf) else _record(leaf, values_of))


def nodes_of(value: Any) -> Any:
    """Returns nested arguments with the node of each proxy in its place."""
    return mapped(value, lambda leaf: leaf.node if is_proxy(leaf) else _record(leaf, nodes_of))


def _record(leaf: Any, change: Callable[[Any], Any]) -> Any:
    """Returns a copy of a dataclass with each field changed, and anything else as it is."""
    names = fields_of(leaf)
    if not names:
        return leaf
    made = copy.copy(leaf)
    for name in names:
        object.__setattr__(made, name, change(getattr(leaf, name)))
    return made
