"""The ladder of captures: each rung is tried until one gives a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Tuple

from vai_inspect.core.errors import CaptureError, VaiInspectError
from vai_inspect.frontends.torch.form import Trace
from vai_inspect.frontends.torch.frames import user_line
from vai_inspect.frontends.torch.inputs import Inputs
from vai_inspect.frontends.torch.shadow import Place, Shadow


@dataclass(frozen=True)
class Rung:
    """One way to capture a model.

    Attributes:
        name: what the report calls it: `fx`, `export` or `eager`.
        run: returns the trace, or raises whatever the user's forward or torch raises.
    """

    name: str
    run: Callable[[Shadow, Inputs, Place], Trace]


@dataclass(frozen=True)
class Climbed:
    """A trace, which rung gave it, and why those before did not."""

    trace: Trace
    rung: str
    warnings: Tuple[str, ...]


def rungs() -> Tuple[Rung, ...]:
    """Returns the rungs in the order in which they are tried."""
    from vai_inspect.frontends.torch import fx

    return (Rung("fx", fx.trace),)


def climb(shadow: Shadow, inputs: Inputs, place: Place) -> Climbed:
    """Returns what the first rung that succeeds gives.

    Raises:
        CaptureError: none does; the message tells the user's own error where the forward itself
            fails, else why each rung failed.
    """
    failures: List[str] = []
    errors: List[Exception] = []
    for rung in rungs():
        try:
            trace = rung.run(shadow, inputs, place)
        except Exception as error:
            # The user's forward runs here, so anything may be raised.
            failures.append("{}: {}".format(rung.name, reason(error)))
            errors.append(error)
            continue
        warnings = tuple(
            "captured with {}, as {}".format(rung.name, failure) for failure in failures
        )
        return Climbed(trace, rung.name, warnings + trace.warnings)
    own = _users_own_error(shadow, inputs)
    if own is not None:
        raise CaptureError(
            "The model's forward fails on the inputs {}: {}; give inputs that it takes.".format(
                inputs.described(), reason(own)
            )
        ) from own
    raise CaptureError(
        "The model's forward cannot be followed ({}); write what it does without the construct "
        "named here, or inspect the part of the model before it.".format("; ".join(failures))
    ) from errors[0]


_DATA_DEPENDENT = ("nonzero", "item()", "_local_scalar_dense", "unique", "masked_select", "nms")
"""What torch's messages name where the size or course of what follows depends on values."""


def reason(error: BaseException) -> str:
    """Returns an error on one line of bounded length, with the user's line that it came from."""
    text = " ".join(str(error).split())
    asked = [name for name in _DATA_DEPENDENT if name in text]
    if isinstance(error, (NotImplementedError, RuntimeError)) and asked:
        text = "the forward asks for the value of a tensor ({})".format(asked[0])
        return text + user_line(error)
    if not isinstance(error, VaiInspectError):
        text = "{}: {}".format(type(error).__name__, text) if text else type(error).__name__
    return (text if len(text) <= 300 else text[:297] + "...").rstrip(".;") + user_line(error)


def _users_own_error(shadow: Shadow, inputs: Inputs) -> "Any":
    """Returns what the forward raises when it is simply run on the copy, or None."""
    import torch

    args, kwargs = inputs.filled(lambda name, one: one)
    try:
        with torch.no_grad():
            shadow.model(*args, **kwargs)
    except NotImplementedError:
        return None  # an operator without a kernel for tensors without values
    except Exception as error:
        text = str(error)
        return None if "meta" in text.lower() or "item()" in text else error
    return None
