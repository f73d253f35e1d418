"""Runs of the forward of which every call is noted: on tensors without values, and on real ones.

A forward whose course depends on values runs on real ones, with the user's own weights; then what
it did for one input is what is shown.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

import torch

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.aten import INDEXING, index_of
from vai_inspect.frontends.torch.capture.call_tracer import (
    CallTracer,
    factories_on,
    raw_name,
    run_users_forward,
)
from vai_inspect.frontends.torch.capture.data_dependence import MEMORY, TAKEN_OUT
from vai_inspect.frontends.torch.capture.modes import all_seen
from vai_inspect.frontends.torch.capture.real_tensors import address
from vai_inspect.frontends.torch.capture.recorder import operation_name
from vai_inspect.frontends.torch.capture.request import Copy
from vai_inspect.frontends.torch.capture.trace_ir import Trace


class WrittenWeightError(Exception):
    """The forward is about to write into a parameter of the user's."""


def trace(copy: Copy) -> Trace:
    """Runs the model's forward once on tensors without values, and notes what it calls.

    Args:
        copy: of the model, without values.

    Raises:
        Exception: whatever the user's forward raises, and what torch raises where it has no
            hook on what runs.
    """
    return _followed(copy)[0]


def trace_with_values(copy: Copy) -> Trace:
    """Runs it once on real tensors.

    Args:
        copy: of the model, with values; it may share its parameters with the user's.

    Raises:
        Exception: as of `trace`.
    """
    try:
        found, asks = _followed(copy)
    except WrittenWeightError:
        copy = copy.request.with_values(share=False)
        found, asks = _followed(copy)
    warnings = [*found.warnings, *_value_warnings(asks)]
    if _taken_out(asks):
        warnings.append("operations on values that leave torch are not seen: " + _taken_out(asks))
    if getattr(copy.policy, "made_up", False):
        warnings.append("the model's weights have no values (device meta); made-up ones were used")
    return replace(found, warnings=tuple(warnings), reads=tuple(asks))


def _taken_out(asks: Sequence[str]) -> str:
    """Returns what hands values to other libraries first, with its line; empty for nothing."""
    return next((ask for ask in asks if ask.startswith(TAKEN_OUT)), "")


def _value_warnings(asks: Sequence[str]) -> List[str]:
    if not asks:
        return ["run on real tensors"]
    named = list(dict.fromkeys(asks))
    listed = ", ".join(named[:4])
    if len(named) > 4:
        listed += f" and {len(named) - 4} more"
    return [
        f"control flow depends on tensor values ({listed}); one input was followed, and another "
        "may take other branches or have other sizes"
    ]


def _followed(copy: Copy) -> Tuple[Trace, List[str]]:
    """Returns the trace, and what asked for values, with its line."""
    call_tracer = CallTracer(copy.meta_copy, copy.policy)
    following, recorder = _Following(call_tracer), call_tracer.recorder

    def entered(name: str, tensor: Any) -> Any:
        recorder.input(name, tensor)
        return tensor

    args, kwargs = copy.inputs.filled(entered)
    seen = all_seen(following.function, following.operator, following.module)
    with torch.no_grad(), _same_random_numbers(copy), factories_on(copy.policy), seen:
        result = run_users_forward(copy.meta_copy.model, args, kwargs)
    found = recorder.trace(result)
    if found.inputs and all(one.constant for one in found.outputs):
        # torch 1.13 shows nothing of what a scripted function does.
        out = _taken_out(call_tracer.asks)
        raise CaptureError(
            "no path from the inputs to the returned tensors was seen"
            + (f", as it takes values out of torch ({out})" if out else "")
        )
    return found, call_tracer.asks


@contextmanager
def _same_random_numbers(copy: Copy) -> Iterator[None]:
    """Leaves torch's random numbers as they were."""
    device = torch.device(copy.policy.device)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices, enabled=copy.policy.values):
        yield


class _Following:
    """Gets what runs, and has it noted."""

    def __init__(self, call_tracer: CallTracer) -> None:
        self._call_tracer = call_tracer

    def module(
        self, module: Any, original: Callable[..., Any], args: Tuple[Any, ...], kwargs: Any
    ) -> Any:
        """Notes a leaf module as one step and follows the forward of any other."""
        call, tracer = partial(original, module), self._call_tracer
        return tracer.module(module, call, args, kwargs, tracer.run)

    def function(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Notes a function, method or property."""
        if raw_name(function) in MEMORY:
            self._check_not_shared(args)
        if self._call_tracer.within:
            return function(*args, **kwargs)
        return self._call_tracer.function(function, args, kwargs)

    def operator(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Notes an operator that runs on its own, such as one of a scripted function."""
        self._protect(function, args, kwargs)
        if self._call_tracer.within:
            return function(*args, **kwargs)
        name = operation_name(function)
        if name in INDEXING[:2] and not kwargs:  # torch before 2.2 hands over no `x[...]`
            key = index_of(args[0].dim(), [(name, args[1:])])
            index = key[0] if key is not None and len(key) == 1 else key
            return self._call_tracer.run(
                function, "getitem", (args[0], index), {}, ran=lambda *_: function(*args)
            )
        return self._call_tracer.run(function, name, args, kwargs)

    def _protect(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        """Stops at what would write into a weight of the user's."""
        shared = getattr(self._call_tracer.policy, "shared", None)
        schema = getattr(function, "_schema", None)
        if not shared or schema is None:
            return
        for index, one in enumerate(schema.arguments):
            if one.alias_info is None or not one.alias_info.is_write:
                continue
            given = args[index] if index < len(args) else kwargs.get(one.name)
            self._check_not_shared(given if isinstance(given, (list, tuple)) else [given])

    def _check_not_shared(self, values: Sequence[Any]) -> None:
        """Stops where one of the values is a weight of the user's."""
        shared: Mapping[Any, str] = getattr(self._call_tracer.policy, "shared", None) or {}
        for tensor in values if shared else ():
            if isinstance(tensor, torch.Tensor) and address(tensor) in shared:
                raise WrittenWeightError(shared[address(tensor)])
