"""The capture strategies, each tried until one gives a trace."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import CaptureError, InputShapeError, ModelError
from vai_inspect.frontends.torch.capture.failures import (
    DataDependentError,
    TooLongError,
    brief,
    needs_values,
    reason,
)
from vai_inspect.frontends.torch.capture.inputs import layout_hint
from vai_inspect.frontends.torch.capture.request import CaptureRequest, Copy
from vai_inspect.frontends.torch.capture.trace_ir import Trace


@dataclass(frozen=True)
class Strategy:
    """How a model can be captured.

    Attributes:
        name: what the report calls it: `fx`, `export` or `eager`.
        run: follows the forward of a copy; raises whatever the user's forward or torch raises.
        values: whether it runs on real tensors, so that a forward may ask for values.
    """

    name: str
    run: Callable[[Copy], Trace]
    values: bool = False


@dataclass(frozen=True)
class Followed:
    """A trace, which strategy gave it, and why those before did not."""

    trace: Trace
    strategy: str
    warnings: Tuple[str, ...]


def capture_strategies() -> Tuple[Strategy, ...]:
    """Returns the strategies in the order in which they are tried."""
    from vai_inspect.frontends.torch.capture import eager, export, fx

    return (
        Strategy("fx", fx.trace),
        Strategy("eager", eager.trace),
        Strategy("export", export.trace),
        Strategy("eager", eager.trace_with_values, values=True),
    )


def first_that_works(request: CaptureRequest) -> Tuple[Followed, Copy]:
    """Returns what the first strategy that works gives, and the copy that it followed.

    Where a forward asks for a value that depends on its inputs, only real tensors have it.

    Raises:
        ModelError: the model cannot be copied.
        InputShapeError: the inputs do not fit the forward's arguments.
        CaptureError: none does; the message gives the user's own error where the forward itself
            fails, else why each strategy failed.
    """
    failures: List[Tuple[str, str]] = []
    errors: List[BaseException] = []
    for strategy in capture_strategies():
        asked_for_values = any(isinstance(error, DataDependentError) for error in errors)
        if strategy.values != asked_for_values and not (
            strategy.values and _values_help(request, errors)
        ):
            continue
        try:
            with warnings.catch_warnings():
                # What the forward warns of is reported when the user runs it.
                warnings.simplefilter("ignore")
                copy = request.with_values() if strategy.values else request.without_values()
                trace = strategy.run(copy)
        except (TooLongError, ModelError, InputShapeError):
            raise
        except (Exception, SystemExit) as error:
            # The user's forward runs here, so anything may be raised.
            failures.append((strategy.name, brief(error)))
            errors.append(error)
            if len(errors) == 1:
                _check_forward(request)
            continue
        before = [f"fell back to {strategy.name}; {name} failed: {why}" for name, why in failures]
        return Followed(trace, strategy.name, (*before, *trace.warnings)), copy
    _check_forward(request, at_last=True)
    reasons = "; ".join(map(": ".join, failures))
    raise CaptureError(
        f"The model's forward cannot be followed ({reasons}); write what it does without the "
        "construct named here, or inspect the part of the model before it."
    ) from errors[0]


def _values_help(request: CaptureRequest, errors: Sequence[BaseException]) -> bool:
    """Returns whether a forward that fails without values may succeed with them."""
    return not errors or request.has_values or any(map(needs_values, errors))


def _check_forward(request: CaptureRequest, at_last: bool = False) -> None:
    """Raises what the forward raises when it is simply run, if it does.

    Args:
        request: the model and its inputs.
        at_last: whether to run it on real tensors, too, where it needs them.

    Raises:
        CaptureError: the forward itself fails.
    """
    copy = request.without_values()
    own = _error_of(copy)
    if own is not None and (request.has_values or (at_last and needs_values(own))):
        # Tensors without values may be the cause; real ones show it.
        if needs_values(own) and not at_last:
            return
        own = _error_of(request.with_values(share=False))
    if own is None or needs_values(own):
        return
    raise CaptureError(
        f"The model's forward fails on the inputs {copy.inputs.described()}: {reason(own)}; give "
        f"inputs that it takes.{layout_hint(copy.inputs)}"
    ) from own


def _error_of(copy: Copy) -> Optional[BaseException]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            copy.run()
        except (Exception, SystemExit) as error:
            return error
    return None
