"""Normalisations with an XIR equivalent."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    BatchNormAttrs,
    GroupNormAttrs,
    InstanceNormAttrs,
    L2NormalizeAttrs,
)
from vai_inspect.frontends.torch.lower.call import Call

Params = List[Tuple[str, Sequence[int]]]


def batch_norm(call: Call, affine: bool, statistics: bool, epsilon: float) -> None:
    """Emits a batch normalisation over axis 1; each parameter is [c]."""
    if not statistics:
        call.unknown(
            call.step.operation, "without running statistics: it normalises by those of the batch"
        )
        return
    roles = ["gamma", "beta"] if affine else []
    size = (call.x.shape[1],)
    params: Params = [(role, size) for role in [*roles, "moving_mean", "moving_var"]]
    call.emit("batchnorm", BatchNormAttrs(1, float(epsilon)), params=params)


def _batch_norm_module(call: Call) -> None:
    layer = call.module
    batch_norm(call, layer.weight is not None, layer.running_mean is not None, layer.eps)


def _batch_norm_function(call: Call) -> None:
    """torch.nn.functional's; `torch.batch_norm` and ATen's have the weight first."""
    given = call.given(
        "input",
        "running_mean",
        "running_var",
        weight=None,
        bias=None,
        training=False,
        momentum=0.1,
        eps=1e-5,
        cudnn_enabled=True,
    )
    if len(call.step.args) == 9 or isinstance(given.momentum, bool):
        given = call.given(
            "input",
            "weight",
            "bias",
            "running_mean",
            "running_var",
            "training",
            "momentum",
            "eps",
            "cudnn_enabled",
        )
    statistics = given.running_mean is not None and not given.training
    batch_norm(call, given.weight is not None, statistics, given.eps)


def _instance_norm(call: Call) -> None:
    layer = call.module
    if layer.running_mean is not None or call.x.rank < 3:
        call.unknown(call.step.operation, "with running statistics, or without a batch axis")
        return
    attrs = InstanceNormAttrs(float(layer.eps), layer.weight is not None)
    call.emit("instancenorm", attrs, params=_affine(layer.weight))


def _group_norm(call: Call) -> None:
    given = call.settings("input", "num_groups", weight=None, bias=None, eps=1e-5)
    channels, affine = call.x.shape[1], given.weight is not None
    attrs = GroupNormAttrs(int(given.num_groups), channels, float(given.eps), affine)
    call.emit("groupnorm", attrs, params=_affine(given.weight))


def _affine(weight: Any) -> Params:
    """Returns the parameters of a scale and a shift of each channel, where there are any."""
    return [] if weight is None else [(role, tuple(weight.shape)) for role in ("weight", "bias")]


def _normalize(call: Call) -> None:
    """`torch.nn.functional.normalize` with the Euclidean norm."""
    given = call.given("input", p=2.0, dim=1, eps=1e-12, out=None)
    if given.p != 2 or not isinstance(given.dim, int):
        call.unknown(call.step.operation, "with another norm than the Euclidean")
        return
    call.emit("l2_normalize", L2NormalizeAttrs((given.dim % call.x.rank,), float(given.eps)))


_BATCH_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
MODULES = {
    **dict.fromkeys(_BATCH_NORMS, _batch_norm_module),
    **{f"InstanceNorm{rank}d": _instance_norm for rank in (1, 2, 3)},
    "GroupNorm": _group_norm,
}
FUNCTIONS = {
    "batch_norm": _batch_norm_function,
    "group_norm": _group_norm,
    "normalize": _normalize,
}
