"""Calls that do nothing at inference: dropout, copies, moves between devices."""

from __future__ import annotations

from vai_inspect.core.ir.attrs import CastAttrs
from vai_inspect.frontends.torch.lower.call import Call


def passed_through(call: Call) -> None:
    """A module or function that only works in training, or only copies."""
    if call.output.shape != call.x.shape:
        call.unknown(call.step.operation)
    else:
        call.emit("identity")


def dropout(call: Call) -> None:
    """A dropout; one that is called in training mode is treated as at inference."""
    passed_through(call)
    given = call.step.kwargs.get("training", call.step.kwargs.get("train"))
    given = call.step.args[2] if given is None and len(call.step.args) > 2 else given
    if call.module is None and given is True:
        call.note("called with training=True; read as it is at inference, where it does nothing")


def cast(call: Call) -> None:
    """`to`, `float`, `half` and the like: a cast if the element type changes."""
    if call.output.dtype == call.x.dtype:
        call.emit("identity")
    else:
        call.emit("cast", CastAttrs(call.output.dtype.upper()))


_MODULES = (
    "AlphaDropout",
    "DeQuantStub",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "Identity",
    "QuantStub",
)
_DROPOUTS = (
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    "feature_dropout",
)
_COPIES = (
    "alias",
    "clone",
    "contiguous",
    "cpu",
    "cuda",
    "data",
    "detach",
    "drop_path",
    "requires_grad",
    "stochastic_depth",
)
_CASTS = (
    "bfloat16",
    "bool",
    "byte",
    "double",
    "float",
    "half",
    "int",
    "long",
    "short",
    "to",
    "type",
    "type_as",
)

MODULES = dict.fromkeys(_MODULES, passed_through)
FUNCTIONS = {
    **dict.fromkeys(_DROPOUTS, dropout),
    **dict.fromkeys(_COPIES, passed_through),
    **dict.fromkeys(_CASTS, cast),
    "_to_copy": cast,
}
