"""Functional calls whose weights are constants, as the modules of torch.nn that they stand for."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.edit import Edit, Node, call_name, carried


def as_module(edit: Edit, node: Any) -> Any:
    """Has a module compute a functional convolution or batch norm.

    Returns:
        The call of the module; any other node as it is.
    """
    if not isinstance(node, Node) or node.op != "call_function":
        return node
    make = _MODULES.get(call_name(node))
    module = None if make is None else make(edit, node)
    return node if module is None else edit.to_module(node, module, "module")


def folded(edit: Edit, node: Any) -> Optional[Any]:
    """Returns the tensor that a node gives whatever the inputs are, or None."""
    if not isinstance(node, Node):
        return None
    if node.op == "get_attr":
        return edit.constant(node)
    if node.op not in ("call_function", "call_method") or not node.all_input_nodes:
        return None
    known = {one: folded(edit, one) for one in node.all_input_nodes}
    if any(one is None for one in known.values()):
        return None
    args = torch.fx.node.map_arg(node.args, lambda one: known[one])
    kwargs = torch.fx.node.map_arg(node.kwargs, lambda one: known[one])
    with torch.no_grad():
        if node.op == "call_method":
            found = getattr(args[0], node.target)(*args[1:], **kwargs)
        else:
            found = node.target(*args, **kwargs)
    return carried(found, *known.values()) if isinstance(found, torch.Tensor) else None


def filled(module: Any, weight: Any, bias: Any) -> Any:
    """Returns a convolution, a norm or a linear layer after its weights are set.

    They train where the tensors that they are set from do (see `carried`); constants do not.
    """
    for own, given in ((module.weight, weight), (module.bias, bias)):
        if own is not None and given is not None:
            with torch.no_grad():
                own.copy_(given)
            own.requires_grad_(given.requires_grad)
    return module


def _convolution(edit: Edit, node: Any) -> Optional[Any]:
    weight, bias = (folded(edit, edit.argument(node, at, name)) for at, name in _WEIGHTS)
    if weight is None or (bias is None and edit.argument(node, 2, "bias") is not None):
        return None
    groups = edit.argument(node, 6, "groups", 1)
    kind = {3: nn.Conv1d, 4: nn.Conv2d, 5: nn.Conv3d}[weight.dim()]
    made = kind(
        weight.shape[1] * groups,
        weight.shape[0],
        tuple(weight.shape[2:]),
        stride=edit.argument(node, 3, "stride", 1),
        padding=edit.argument(node, 4, "padding", 0),
        dilation=edit.argument(node, 5, "dilation", 1),
        groups=groups,
        bias=bias is not None,
        dtype=weight.dtype,
        device=weight.device,
    )
    return filled(made, weight, bias)


def _batch_norm(edit: Edit, node: Any) -> Optional[Any]:
    names = ("running_mean", "running_var", "weight", "bias")
    given = [edit.argument(node, at, name) for at, name in enumerate(names, 1)]
    mean, variance, weight, bias = (folded(edit, one) for one in given)
    training = edit.argument(node, 5, "training", False)
    if training or mean is None or variance is None or (weight is None) != (bias is None):
        return None
    if weight is None and given[2:] != [None, None]:
        return None
    kind = {4: nn.BatchNorm2d, 5: nn.BatchNorm3d}.get(len(edit.shape(node)), nn.BatchNorm1d)
    eps, affine = edit.argument(node, 7, "eps", 1e-5), weight is not None
    made = kind(mean.numel(), eps, affine=affine, dtype=mean.dtype, device=mean.device)
    made.running_mean.copy_(mean)
    made.running_var.copy_(variance)
    return filled(made, weight, bias)


_WEIGHTS = ((1, "weight"), (2, "bias"))
_MODULES: Dict[str, Callable[[Edit, Any], Optional[Any]]] = {
    "batch_norm": _batch_norm,
    **{f"conv{rank}d": _convolution for rank in (1, 2, 3)},
}
