"""Calls that change a tensor in place, in a graph."""

from __future__ import annotations

import operator
from typing import Any

import torch.fx

from vai_inspect.frontends.torch.capture.recorder import IN_PLACE


def written(node: Any) -> Any:
    """Returns the node whose tensor a call changes in place and gives back, or None."""
    first = node.args[0] if node.args else None
    if not isinstance(first, torch.fx.Node) or node.op not in ("call_method", "call_function"):
        return None
    if node.op == "call_method":
        changes = node.target.endswith("_") and not node.target.endswith("__")
    else:
        name = getattr(node.target, "__name__", "")
        changes = name in IN_PLACE or (name.endswith("_") and not name.startswith("_"))
    return first if changes or node.kwargs.get("inplace") else None


def writes(node: Any) -> bool:
    """Tells whether a node changes a tensor, so that it counts though nothing reads it."""
    stores = node.op == "call_function" and node.target is operator.setitem
    return written(node) is not None or stores or node.kwargs.get("out") is not None


def redirect_readers(model: Any, graph: Any) -> None:
    """Has later readers of a tensor that a module changes in place read the module's result."""
    for node in list(graph.nodes):
        if node.op == "call_module" and node.args and isinstance(node.args[0], torch.fx.Node):
            module = model.get_submodule(node.target)
            if not getattr(module, "inplace", False):
                continue
        elif written(node) is None:
            continue
        order = {one: at for at, one in enumerate(graph.nodes)}
        for reader in list(node.args[0].users):
            if order[reader] > order[node]:
                reader.replace_input_with(node.args[0], node)
    for module in model.modules():
        if getattr(module, "inplace", None) is True:
            module.inplace = False
