"""Modules around modules, and weights that are computed in each forward: read as at inference."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from vai_inspect.core.errors import ModelError

COMPUTED = "_vai_inspect_computed"
"""Attribute of a copied module with the names of its weights that are computed in each forward."""
_PARALLEL = ("DataParallel", "DistributedDataParallel")
_QUANTISED_TORCH = ("nn.quantized.", "nn.qat.", "nn.intrinsic.qat.", "nn.intrinsic.quantized.") + (
    "quantization.fake_quantize",
    "quantization.observer",
)
_QUANTISED = (
    *("torch.ao." + part for part in _QUANTISED_TORCH),
    *("torch." + part for part in _QUANTISED_TORCH),
    *("torchao.", "pytorch_nndct.nn.quantization", "pytorch_nndct.nn.qat"),
)
"""Where the classes of quantised modules, and of what observes values for that, are defined."""
_FLOAT = ("FXFloatFunctional", "FloatFunctional")
"""Float modules among them, in models that are written to be quantised."""


def outermost(model: Any) -> Any:
    """Returns the module within wrappers that call it and do nothing else."""
    import torch

    while True:
        inner = _compiled(model)
        if inner is None and type(model).__name__ in _PARALLEL:
            inner = getattr(model, "module", None)
        if not isinstance(inner, torch.nn.Module):
            return model
        model = inner


def unwrapped(module: Any) -> Any:
    """Returns the module that torch.compile was given; any other as it is."""
    inner = _compiled(module)
    return module if inner is None else unwrapped(inner)


def _compiled(module: Any) -> Optional[Any]:
    if type(module).__name__ != "OptimizedModule":
        return None
    return (vars(module).get("_modules") or {}).get("_orig_mod")


def check_float(model: Any) -> None:
    """Refuses a model that is quantised, or prepared for that.

    Args:
        model: the user's module.

    Raises:
        ModelError: a module of it is.
    """
    for path, module in model.named_modules():
        for cls in type(module).__mro__:
            if cls.__module__.startswith(_QUANTISED) and cls.__name__ not in _FLOAT:
                raise quantised_error(f"module {path!r} is a {_full(cls)}")


def quantised_error(why: str) -> ModelError:
    """Returns the error for a model that is no float model any more."""
    return ModelError(
        f"This model was quantised already ({why}); inspect the float model that it was made from."
    )


def _full(cls: type) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def settle_weights(copy: Any) -> Tuple[str, ...]:
    """Makes plain parameters of a copied module's parametrised weights; returns their names.

    Args:
        copy: the copy of a module of torch.nn.utils.parametrize, its tensors in place.
    """
    import torch

    parametrizations = copy._modules["parametrizations"]
    names = tuple(parametrizations)
    for module in parametrizations.modules():
        vars(module)["training"] = False
    with torch.no_grad():
        weights = {name: getattr(copy, name) for name in names}
    del copy._modules["parametrizations"]
    object.__setattr__(copy, "__class__", type(copy).__bases__[0])
    for name, weight in weights.items():
        copy._parameters[name] = torch.nn.Parameter(weight.detach(), requires_grad=False)
    return names


def is_parametrised(module: Any) -> bool:
    """Returns whether torch.nn.utils.parametrize computes weights of a module."""
    inner = (vars(module).get("_modules") or {}).get("parametrizations")
    return type(inner).__name__ == "ModuleDict" and type(module).__name__.startswith("Parametrized")


def set_by_hooks(module: Any) -> Tuple[str, ...]:
    """Returns the weights that torch's own hooks compute: weight_norm, spectral_norm, pruning."""
    hooks = vars(module).get("_forward_pre_hooks") or {}
    found = []
    for hook in hooks.values():
        if type(hook).__module__.startswith("torch.nn.utils."):
            name = getattr(hook, "name", None) or getattr(hook, "_tensor_name", None)
            found += [str(name)] if name else []
    return tuple(found)
