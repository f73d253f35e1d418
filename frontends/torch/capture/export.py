"""The second strategy: torch.export without strict mode, and its program of ATen operators."""

from __future__ import annotations

import inspect
from typing import Any, List, Optional, Tuple

import torch

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.call_tracer import factories_on
from vai_inspect.frontends.torch.capture.isolation import silence
from vai_inspect.frontends.torch.capture.leaf_modules import torch_class
from vai_inspect.frontends.torch.capture.program import Program
from vai_inspect.frontends.torch.capture.request import Copy
from vai_inspect.frontends.torch.capture.trace_ir import Trace


def trace(copy: Copy) -> Trace:
    """Exports the model and follows the program.

    Args:
        copy: of the model, without values.

    Raises:
        CaptureError: this torch cannot export a module without strict mode.
        Exception: whatever torch.export raises where it does not succeed.
    """
    with silence():
        program = _exported(copy)
    modules = dict(copy.meta_copy.model.named_modules(remove_duplicate=False))

    def leaf(path: str) -> Optional[Any]:
        module = modules.get(path)
        return module if module is not None and torch_class(module) else None

    first = {path: str(copy.meta_copy.paths.get(id(one), path)) for path, one in modules.items()}
    following = Program(program, copy.policy, leaf, first)
    return following.trace(_flat(copy))


def can_export() -> bool:
    """Returns whether this torch can export a module without strict mode."""
    export = getattr(getattr(torch, "export", None), "export", None)
    return export is not None and "strict" in inspect.signature(export).parameters


def _exported(copy: Copy) -> Any:
    if not can_export():
        raise CaptureError(f"torch {torch.__version__} has no torch.export without strict mode")
    args, kwargs = copy.inputs.filled(lambda name, one: one)
    with torch.no_grad(), factories_on(copy.policy):
        return torch.export.export(copy.meta_copy.model, args, kwargs, strict=False)


def _flat(copy: Copy) -> List[Tuple[str, Any]]:
    """Returns name and value of each input, as the program flattens them."""
    from torch.utils import _pytree

    names = {}

    def named(name: str, one: Any) -> Any:
        names[id(one)] = name
        return one

    leaves, _ = _pytree.tree_flatten(copy.inputs.filled(named))
    return [(names.get(id(one), ""), one) for one in leaves]
