"""The ladder of captures: each rung is tried until one gives a trace."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.failures import (
    DataDependentError,
    TooLongError,
    brief,
    needs_values,
    reason,
)
from vai_inspect.frontends.torch.capture.inputs import layout_hint
from vai_inspect.frontends.torch.capture.request import Copy, Subject
from vai_inspect.frontends.torch.capture.trace_ir import Trace


@dataclass(frozen=True)
class Rung:
    """One way to capture a model.

    Attributes:
        name: what the report calls it: `fx`, `export` or `eager`.
        run: returns the trace, or raises whatever the user's forward or torch raises.
        values: whether it runs on real tensors, so that a forward may ask for values.
    """

    name: str
    run: Callable[[Subject], Trace]
    values: bool = False


@dataclass(frozen=True)
class Climbed:
    """A trace, which rung gave it, and why those before did not."""

    trace: Trace
    rung: str
    warnings: Tuple[str, ...]


def rungs() -> Tuple[Rung, ...]:
    """Returns the rungs in the order in which they are tried."""
    from vai_inspect.frontends.torch.capture import eager, export, fx

    return (
        Rung("fx", fx.trace),
        Rung("eager", eager.trace),
        Rung("export", export.trace),
        Rung("eager", eager.trace_with_values, values=True),
    )


def climb(subject: Subject) -> Climbed:
    """Returns what the first rung that succeeds gives.

    Where a forward asks for a value that depends on its inputs, only real tensors have it.

    Raises:
        CaptureError: none does; the message tells the user's own error where the forward itself
            fails, else why each rung failed.
    """
    failures: List[str] = []
    errors: List[BaseException] = []
    for rung in rungs():
        asking = any(isinstance(error, DataDependentError) for error in errors)
        if rung.values != asking and not (rung.values and _values_help(subject, errors)):
            continue
        try:
            with warnings.catch_warnings():
                # What the forward warns of is reported when the user runs it.
                warnings.simplefilter("ignore")
                trace = rung.run(subject)
        except TooLongError:
            raise
        except (Exception, SystemExit) as error:
            # The user's forward runs here, so anything may be raised.
            failures.append("{}: {}".format(rung.name, brief(error)))
            errors.append(error)
            if len(errors) == 1:
                _check_forward(subject)
            continue
        told = tuple("captured with {}, as {}".format(rung.name, failure) for failure in failures)
        return Climbed(trace, rung.name, told + trace.warnings)
    _check_forward(subject, at_last=True)
    raise CaptureError(
        "The model's forward cannot be followed ({}); write what it does without the construct "
        "named here, or inspect the part of the model before it.".format("; ".join(failures))
    ) from errors[0]


def _values_help(subject: Subject, errors: Sequence[BaseException]) -> bool:
    """Returns whether a forward that fails without values may succeed with them."""
    return not errors or subject.has_values or any(map(needs_values, errors))


def _check_forward(subject: Subject, at_last: bool = False) -> None:
    """Raises what the forward raises when it is simply run, if it does.

    Args:
        subject: the model and its inputs.
        at_last: whether to run it on real tensors, too, where it needs them.

    Raises:
        CaptureError: the forward itself fails.
    """
    from vai_inspect.frontends.torch.capture.real_tensors import RealPlace

    copy = subject.without_values()
    own = _error_of(copy)
    if own is not None and (subject.has_values or (at_last and needs_values(own))):
        # Tensors without values may be to blame; real ones tell.
        if needs_values(own) and not at_last:
            return
        own = _error_of(subject.copied(RealPlace(subject.device, share=False)))
    if own is None or needs_values(own):
        return
    raise CaptureError(
        "The model's forward fails on the inputs {}: {}; give inputs that it takes.{}".format(
            copy.inputs.described(), reason(own), layout_hint(copy.inputs)
        )
    ) from own


def _error_of(copy: Copy) -> Optional[BaseException]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            copy.run()
        except (Exception, SystemExit) as error:
            return error
    return None
