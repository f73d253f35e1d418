"""Normalisations."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    BatchNormAttrs,
    GroupNormAttrs,
    InstanceNormAttrs,
    L2NormalizeAttrs,
)
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.tensors import UnreadableError

_OF_THE_BATCH = (
    "in training mode: it normalises by the statistics of the batch and cannot be folded; export "
    "the model in eval mode"
)


def _batch_norm(call: Call) -> None:
    """Over axis 1; each parameter is [c].

    In training mode it returns the statistics too. Before opset 14 these outputs are all that
    tells the mode.
    """
    if call.x.rank < 2:
        raise UnreadableError(f"its input {call.x.shape} has no channels")
    size = (call.x.shape[1],)
    statistics = call.node.outputs[1:]
    if call.integer("training_mode") if call.opset >= 14 else any(statistics):
        call.unknown([call.x.shape, *[size] * len(statistics)], message=_OF_THE_BATCH)
        return
    if any(call.constant(at).shape != size for at in range(1, 5)):
        raise UnreadableError(f"its parameters are not one per channel ({size[0]} channels)")
    roles = ("gamma", "beta", "moving_mean", "moving_var")
    params = [(role, size) for role in roles]
    call.emit("batchnorm", BatchNormAttrs(1, _epsilon(call)), params=params)


def _affine(channels: int) -> List[Tuple[str, Sequence[int]]]:
    return [("weight", (channels,)), ("bias", (channels,))]


def _instance_norm(call: Call) -> None:
    if call.x.rank < 3:
        raise UnreadableError(f"its input {call.x.shape} has no spatial axes")
    attrs = InstanceNormAttrs(_epsilon(call), True)
    call.emit("instancenorm", attrs, params=_affine(call.x.shape[1]))


def _group_norm(call: Call) -> None:
    if call.x.rank < 2:
        raise UnreadableError(f"its input {call.x.shape} has no channels")
    channels = call.x.shape[1]
    attrs = GroupNormAttrs(call.integer("num_groups"), channels, _epsilon(call), True)
    call.emit("groupnorm", attrs, params=_affine(channels))


def _l2_norm(call: Call) -> None:
    """LpNormalization; XIR supports only the Euclidean norm."""
    axis = call.integer("axis", -1)
    if call.integer("p", 2) != 2:
        call.unknown([call.x.shape], message="with a norm other than the Euclidean")
    else:
        call.emit("l2_normalize", L2NormalizeAttrs((axis % call.x.rank,), 0.0))


def _epsilon(call: Call) -> float:
    return float(f"{call.number('epsilon', 1e-5):.7g}")


def _layer_norm(call: Call) -> None:
    """Over the axes from `axis` on; the other outputs are their mean and inverse deviation."""
    axis = call.integer("axis", -1) % call.x.rank
    statistics = (*call.x.shape[:axis], *[1] * (call.x.rank - axis))
    call.unknown([call.x.shape, *[statistics] * len(call.node.outputs[1:])])


def _without_equivalent(call: Call) -> None:
    call.unknown([call.x.shape])


_NONE = ("LRN", "MeanVarianceNormalization", "RMSNormalization")
LOWERINGS: Dict[str, Lowering] = {
    **dict.fromkeys(_NONE, _without_equivalent),
    "BatchNormalization": _batch_norm,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LpNormalization": _l2_norm,
}
