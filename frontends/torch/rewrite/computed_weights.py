"""Weights that torch computes in each forward, held as parameters of a copy."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Set, Tuple

import torch

from vai_inspect.frontends.torch.capture.wrappers import is_parametrised, set_by_hooks, unwrapped

_SUFFIXES = ("_g", "_v", "_orig", "_u", "_mask")
"""What follows a weight's name in those of the tensors that a hook computes it from."""


def settle_computed(model: Any, copy: Any) -> Dict[int, bool]:
    """Has a copy hold what hooks of weight_norm, spectral_norm and pruning compute.

    Parametrised weights are parameters of the copy already.

    Args:
        model: the user's, with the hooks.
        copy: its copy in evaluation mode, without them.

    Returns:
        Whether each computed weight trains, by the identity of the copy's parameter.
    """
    trains: Dict[int, bool] = {}
    for module, twin in _pairs(model, copy, set()):
        if is_parametrised(module):
            for name, one in module.parametrizations.items():
                weight = twin._parameters.get(name)
                trains[id(weight)] = any(part.requires_grad for part in one.parameters())
        if set_by_hooks(module):
            for hook in module._forward_pre_hooks.values():
                name = _name(hook)
                if name:
                    parts = [module._parameters.get(name + suffix) for suffix in _SUFFIXES]
                    weight = _settled(hook, name, twin)
                    trains[id(weight)] = any(one is not None and one.requires_grad for one in parts)
    return trains


def _pairs(module: Any, twin: Any, seen: Set[int]) -> Iterator[Tuple[Any, Any]]:
    """Yields each module with its copy."""
    module = unwrapped(module)
    if id(twin) in seen:
        return
    seen.add(id(twin))
    yield module, twin
    for name, child in module._modules.items():
        if child is not None and name in twin._modules:
            yield from _pairs(child, twin._modules[name], seen)


def _name(hook: Any) -> str:
    """Returns the name of the weight that a hook of torch's computes, or ""."""
    if not type(hook).__module__.startswith("torch.nn.utils."):
        return ""
    return getattr(hook, "name", None) or getattr(hook, "_tensor_name", None) or ""


def _settled(hook: Any, name: str, twin: Any) -> Any:
    """Has a module hold what a hook computes; returns the parameter."""
    with torch.no_grad():
        if hasattr(hook, "apply_mask"):
            found = hook.apply_mask(twin)
        elif type(hook).__name__ == "SpectralNorm":
            found = hook.compute_weight(twin, do_power_iteration=False)
        else:
            found = hook.compute_weight(twin)
    weight = torch.nn.Parameter(found.detach().clone(), requires_grad=False)
    for known in (name, *(name + suffix for suffix in _SUFFIXES)):
        for holder in (vars(twin), twin._parameters, twin._buffers):
            holder.pop(known, None)
    twin.register_parameter(name, weight)
    return weight
