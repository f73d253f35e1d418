"""The third rung: one real run of the forward, of which every call is noted.

First on tensors without values, as the other rungs do. A forward whose course depends on values
runs on real ones, with the user's own weights; then what it did for one input is what is shown.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

import torch

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.asking import TAKEN_OUT, asked
from vai_inspect.frontends.torch.aten import INDEXING, index_of
from vai_inspect.frontends.torch.devices import brought_here, moving
from vai_inspect.frontends.torch.failures import DataDependentError, brief, needs_values
from vai_inspect.frontends.torch.form import Tensor, Trace
from vai_inspect.frontends.torch.frames import short, user_frames
from vai_inspect.frontends.torch.leaves import is_leaf
from vai_inspect.frontends.torch.modes import all_seen
from vai_inspect.frontends.torch.noting import Noting, factories_on, run_users_forward
from vai_inspect.frontends.torch.real import RealPlace, address
from vai_inspect.frontends.torch.recorder import operation_name
from vai_inspect.frontends.torch.subject import Copy, Subject


class WrittenWeightError(Exception):
    """The forward is about to write into a parameter of the user's."""


def trace(subject: Subject) -> Trace:
    """Runs the model's forward once and notes what it calls.

    Args:
        subject: the model and its inputs.

    Raises:
        Exception: whatever the user's forward raises, and what torch raises where it has no
            hook on what runs.
    """
    try:
        return _followed(subject.without_values(), [])
    except Exception as error:
        # Anything may be raised here, as the user's forward runs.
        if not (needs_values(error) or subject.has_values):
            raise
        first = error
    asks: List[str] = []
    place = RealPlace(subject.device)
    try:
        found = _followed(subject.copied(place), asks)
    except WrittenWeightError:
        place, asks = RealPlace(subject.device, share=False), []
        found = _followed(subject.copied(place), asks)
    warnings = [*found.warnings, *_told(asks, first)]
    if _taken_out(asks):
        warnings.append(
            "what is made of values taken out of torch is not seen: " + _taken_out(asks)
        )
    if place.made_up:
        warnings.append("the model's weights have no values (device meta); made-up ones were used")
    return replace(found, warnings=tuple(warnings), reads=tuple(asks))


def _taken_out(asks: Sequence[str]) -> str:
    """Returns what hands values to other libraries first, with its line; empty for nothing."""
    return next((ask for ask in asks if ask.startswith(TAKEN_OUT)), "")


def _told(asks: Sequence[str], first: Exception) -> List[str]:
    if not asks:
        return ["run on real tensors, as without values: {}".format(brief(first))]
    named = list(dict.fromkeys(asks))
    listed = ", ".join(named[:4])
    if len(named) > 4:
        listed += " and {} more".format(len(named) - 4)
    return [
        "what the forward does depends on the data ({}); followed for one input only, another "
        "may take other branches or give other sizes".format(listed)
    ]


def _followed(copy: Copy, asks: List[str]) -> Trace:
    following = _Following(Noting(copy.shadow, copy.place), asks)
    recorder = following.noting.recorder

    def entered(name: str, tensor: Any) -> Any:
        recorder.input(name, tensor)
        return tensor

    args, kwargs = copy.inputs.filled(entered)
    seen = all_seen(following.function, following.operator, following.module)
    with torch.no_grad(), _same_random_numbers(copy), factories_on(copy.place), seen:
        result = run_users_forward(copy.shadow.model, args, kwargs)
    found = recorder.trace(result)
    if found.inputs and not any(isinstance(one, Tensor) for one in found.outputs):
        # torch 1.13 shows nothing of what a scripted function does.
        out = _taken_out(asks)
        raise CaptureError(
            "nothing was seen of how what the forward returns comes from its inputs"
            + (", as it takes values out of torch ({})".format(out) if out else "")
        )
    return found


@contextmanager
def _same_random_numbers(copy: Copy) -> Iterator[None]:
    """Leaves torch's random numbers as they were."""
    device = torch.device(copy.place.device)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices, enabled=copy.place.values):
        yield


class _Following:
    """Gets what runs, and notes it.

    Attributes:
        noting: notes each call.
        asks: what asked for values so far, with its line.
    """

    def __init__(self, noting: Noting, asks: List[str]) -> None:
        self.noting = noting
        self.asks = asks

    def module(
        self, module: Any, original: Callable[..., Any], args: Tuple[Any, ...], kwargs: Any
    ) -> Any:
        """Notes a leaf module as one step and follows the forward of any other."""
        noting = self.noting
        if noting.within:
            return original(module, *args, **kwargs)
        if is_leaf(module) and self._depends(args, kwargs):
            name, ran = type(module).__name__, partial(original, module)
            return noting.run(module.forward, name, args, kwargs, module, ran)
        with noting.inside(module):
            return original(module, *args, **kwargs)

    def function(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Notes a function, method or property."""
        if self.noting.within:
            return function(*args, **kwargs)
        raw = _raw_name(function)
        name = operation_name(raw if raw in _DUNDER else function)
        if raw != getattr(function, "__name__", raw):
            name = raw  # a property
        depends = self._depends(args, kwargs)
        self._check(name, raw, args, kwargs, depends)
        ran = moving(name, self.noting.place)
        if raw in _REFLECTED and len(args) == 2:
            name, args, ran = _REFLECTED[raw], args[::-1], _turned(function)
        if depends:
            return self.noting.run(function, name, args, kwargs, None, ran)
        return self._constant(ran or function, args, kwargs)

    def operator(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Notes an operator that runs by itself, such as one of a scripted function."""
        self._protect(function, args, kwargs)
        if self.noting.within:
            return function(*args, **kwargs)
        name = operation_name(function)
        depends = self._depends(args, kwargs)
        self._check(name, name, args, kwargs, depends)
        if not depends:
            return self._constant(function, args, kwargs)
        if name in INDEXING[:2] and not kwargs:  # torch before 2.2 hands over no `x[...]`
            key = index_of(args[0].dim(), [(name, args[1:])])
            index = key[0] if key is not None and len(key) == 1 else key
            return self.noting.run(
                function, "getitem", (args[0], index), {}, None, lambda *_: function(*args)
            )
        return self.noting.run(function, name, args, kwargs)

    def _depends(self, args: Any, kwargs: Any) -> bool:
        with self.noting.as_a_whole():
            return self.noting.recorder.depends((args, kwargs))

    def _constant(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        with self.noting.as_a_whole():
            here = brought_here(args, self.noting.place), brought_here(kwargs, self.noting.place)
            return function(*here[0], **here[1])

    def _check(self, name: str, raw: str, args: Any, kwargs: Any, depends: bool) -> None:
        """Stops at what asks for values where there are none; else keeps it in mind."""
        how = asked(name, raw, args, kwargs)
        if not how:
            return
        if not self.noting.place.values:
            raise DataDependentError(how)
        if depends:
            lines = user_frames()
            where = " at {}".format(short(lines[-1])) if lines else ""
            self.asks.append(how + where)

    def _protect(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        """Stops at what would write into a weight of the user's."""
        shared = getattr(self.noting.place, "shared", None)
        schema = getattr(function, "_schema", None)
        if not shared or schema is None:
            return
        for index, one in enumerate(schema.arguments):
            if one.alias_info is None or not one.alias_info.is_write:
                continue
            given = args[index] if index < len(args) else kwargs.get(one.name)
            for tensor in given if isinstance(given, (list, tuple)) else [given]:
                if isinstance(tensor, torch.Tensor) and address(tensor) in shared:
                    raise WrittenWeightError(shared[address(tensor)])


_REFLECTED = {
    "__radd__": "add",
    "__rdiv__": "div",
    "__rfloordiv__": "floordiv",
    "__rmatmul__": "matmul",
    "__rmod__": "mod",
    "__rmul__": "mul",
    "__rpow__": "pow",
    "__rsub__": "sub",
    "__rtruediv__": "div",
}
"""Operators whose tensor stands on the right, as torch calls them, and what they do."""

_DUNDER = frozenset(("__getitem__", "__setitem__"))


def _turned(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda left, right: function(right, left)


def _raw_name(function: Any) -> str:
    """Returns a function's name as torch has it; of a property's getter that of the property."""
    name = str(getattr(function, "__name__", function))
    owner = getattr(function, "__self__", None)
    return str(getattr(owner, "__name__", name)) if name == "__get__" else name
