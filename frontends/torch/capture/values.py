"""Values of small tensors that depend on no input, beside copies that hold none.

The copy's tensors are on the meta device. What the forward does with constants alone is done a
second time, on the values of the user's tensors, so that it can ask for them.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import torch

from vai_inspect.frontends.torch.capture.device_policy import SMALL, DevicePolicy
from vai_inspect.frontends.torch.capture.failures import DataDependentError, needs_values
from vai_inspect.frontends.torch.capture.nested import mapped


class _Beside(DevicePolicy):
    """Where the values are."""

    def __init__(self, values: "Values") -> None:
        self.device = "cpu"
        self._values = values

    def moved(self, tensor: Any) -> Any:
        """Returns what stands for a tensor here.

        Raises:
            DataDependentError: its values are not known.
        """
        found = self._values.of(tensor)
        if found is None:
            raise DataDependentError("none is known")
        return found


class Values:
    """The values of tensors of a copy."""

    def __init__(self, originals: Mapping[int, Any], policy: DevicePolicy) -> None:
        """Begins with those that the user's model holds.

        Args:
            originals: the user's tensor for each of the copy's, by identity.
            policy: where the copy is.
        """
        self._originals = originals
        self._policy = policy
        self._beside = _Beside(self)
        self._known: Dict[int, Tuple[Any, Optional[Any]]] = {}
        self._lost: List[int] = []

    def of(self, tensor: Any) -> Optional[Any]:
        """Returns the values of a tensor of the copy's; None where they are not known."""
        if id(tensor) not in self._known:
            original = self._originals.get(id(tensor), tensor)
            kept = original.device.type != "meta" and original.numel() <= SMALL
            found = original.detach().to("cpu", copy=True) if kept else None
            self._known[id(tensor)] = (tensor, found)
        found = self._known[id(tensor)][1]
        return None if found is not None and _memory(found) in self._lost else found

    def known(self, value: Any) -> bool:
        """Returns whether the values of all tensors in nested arguments are known."""
        return self._given(value, {}) is not None

    def answer(self, function: Callable[..., Any], args: Any, kwargs: Any, how: str) -> Any:
        """Returns what a call gives that asks for values.

        Args:
            function: what is called.
            args: positional arguments.
            kwargs: keyword arguments.
            how: what it asks for, for the error.

        Raises:
            DataDependentError: they are not known.
        """
        given = self._given(args, kwargs)
        if given is None:
            raise DataDependentError(how)
        return self._on_values(function, given)

    def run(
        self, function: Callable[..., Any], args: Any, kwargs: Any, writes: bool, blind: bool
    ) -> Any:
        """Runs a call that depends on no input, also on the values where they are known.

        Args:
            function: what is called.
            args: positional arguments that the call depends on, or that lend their shape.
            kwargs: keyword arguments, likewise.
            writes: whether it changes its first argument in place.
            blind: whether its values cannot be known: it gives others in each run, or computes with
                more than its arguments.
        """
        try:
            here = self._policy.brought_here(args, kwargs)
            result = function(*here[0], **here[1])
        except Exception as error:
            # What asks for values within torch has none on the meta device.
            given = self._given(args, kwargs)
            if given is None or writes or blind or not needs_values(error):
                raise
            return self._standing_for(self._on_values(function, given))
        if not writes and (blind or not _is_small(result)):
            return result
        given = None if blind else self._given(args, kwargs)
        if given is not None:
            self._pair(result, self._on_values(function, given))
        elif writes:
            self._forget(args[0])
        return result

    def settled(self, name: str, args: Any, kwargs: Any, how: str) -> Tuple[Any, Any]:
        """Returns the arguments of a call with what decides over its sizes in another form.

        Args:
            name: `getitem` or `repeat_interleave`; any other call stays as it is.
            args: positional arguments.
            kwargs: keyword arguments.
            how: what it asks for, for the error.

        Raises:
            DataDependentError: the values are not known.
        """
        if name == "getitem":
            return (args[0], self._indices(args[1], how), *args[2:]), kwargs
        if name == "repeat_interleave":
            repeats = self._value(kwargs.get("repeats", args[1] if len(args) > 1 else None), how)
            return args, {**kwargs, "output_size": int(repeats.sum())}
        return args, kwargs

    def _indices(self, key: Any, how: str) -> Any:
        """Returns a key with the places of the truth values in a mask in its place."""
        if isinstance(key, tuple):
            items = [self._indices(one, how) for one in key]
            opened = [one if isinstance(one, tuple) else (one,) for one in items]
            return tuple(one for item in opened for one in item)
        if isinstance(key, torch.Tensor) and key.dtype in (torch.bool, torch.uint8):
            places = self._value(key, how).nonzero(as_tuple=True)
            return tuple(self._standing_for(one) for one in places)
        return key

    def _value(self, tensor: Any, how: str) -> Any:
        found = self.of(tensor)
        if found is None:
            raise DataDependentError(how)
        return found

    def numbers(self, value: Any) -> Any:
        """Returns nested arguments with numbers in the place of constants of no axes."""

        def number(leaf: Any) -> Any:
            scalar = isinstance(leaf, torch.Tensor) and leaf.dim() == 0
            found = self.of(leaf) if scalar else None
            return leaf if found is None else found.item()

        return mapped(value, number)

    def lend(self, tensor: Any) -> None:
        """Has a tensor that depends on an input stand for its shape and type."""
        stand = torch.zeros((), dtype=tensor.dtype).expand(tuple(tensor.shape))
        self._known[id(tensor)] = (tensor, stand)

    def _on_values(self, function: Callable[..., Any], given: Tuple[Any, Any]) -> Any:
        with torch.device("cpu"):
            return function(*given[0], **given[1])

    def _given(self, args: Any, kwargs: Any) -> Optional[Tuple[Any, Any]]:
        try:
            return self._beside.brought_here(args, kwargs)
        except DataDependentError:
            return None

    def _pair(self, result: Any, real: Any) -> None:
        """Keeps the values of what a call gave."""
        if isinstance(result, torch.Tensor):
            same = isinstance(real, torch.Tensor) and real.shape == result.shape
            self._known[id(result)] = (result, real if same else None)
        elif isinstance(result, (list, tuple)):
            for one, other in zip(result, real):
                self._pair(one, other)

    def _standing_for(self, real: Any) -> Any:
        """Returns tensors without values for what a call gives of values."""
        if isinstance(real, torch.Tensor):
            made = self._policy.empty(tuple(real.shape), real.dtype)
            self._known[id(made)] = (made, real)
            return made
        if isinstance(real, (list, tuple)):
            items = [self._standing_for(one) for one in real]
            return type(real)(*items) if hasattr(real, "_fields") else type(real)(items)
        return real

    def _forget(self, tensor: Any) -> None:
        """Forgets the values of a tensor, and of all that share its memory."""
        found = self.of(tensor) if isinstance(tensor, torch.Tensor) else None
        if found is not None:
            self._lost.append(_memory(found))


def _memory(tensor: Any) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _is_small(value: Any) -> bool:
    """Returns whether a result is made of tensors whose values are kept."""
    if isinstance(value, torch.Tensor):
        return bool(value.numel() <= SMALL)
    return isinstance(value, (list, tuple)) and bool(value) and all(map(_is_small, value))
