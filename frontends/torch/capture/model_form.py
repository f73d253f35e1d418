"""How a module is built and called, beyond its operators."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

from vai_inspect.core.model_form import ModelForm
from vai_inspect.frontends.torch.capture.inputs import Inputs
from vai_inspect.frontends.torch.capture.trace_ir import Trace


def form_of(model: Any, inputs: Inputs, trace: Trace) -> ModelForm:
    """Returns the form of a module.

    Args:
        model: what the user gave, with whatever is around the module.
        inputs: what its forward is called with.
        trace: what the forward does.
    """
    import torch

    cls, wrapper = type(model), ""
    if cls.__name__ in ("DataParallel", "DistributedDataParallel"):
        wrapper, model = cls.__name__, model.module
        cls = type(model)
    kind = "Module"
    if issubclass(cls, torch.jit.ScriptModule):
        traced = hasattr(torch.jit, "TopLevelTracedModule")
        kind = "TracedModule" if traced and cls.__name__.startswith("TopLevel") else "ScriptModule"
    elif issubclass(cls, torch.nn.Sequential):
        kind = "Sequential"
    named = [*zip(inputs.names, inputs.args), *inputs.kwargs.items()]
    return ModelForm(
        kind=kind,
        wrapper=wrapper,
        inputs=tuple((name, what) for name, one in named for what in _what(one)),
        outputs=trace.returned,
        computed_weights=tuple(_computed_weights(model)),
        reads=tuple(dict.fromkeys(trace.reads)),
    )


def _computed_weights(model: Any) -> Iterator[Tuple[str, str]]:
    """Yields modules under weight_norm, spectral_norm or another parametrization."""
    for path, module in model.named_modules():
        hooks = getattr(module, "_forward_pre_hooks", {}).values()
        names = [type(hook).__name__ for hook in hooks]
        names = [name for name in names if name in ("WeightNorm", "SpectralNorm")]
        parametrizations = vars(module).get("_modules", {}).get("parametrizations")
        for listed in parametrizations.values() if parametrizations is not None else ():
            names += [type(one).__name__.strip("_") for one in listed]
        if names:
            yield path, ", ".join(names)


def _what(value: Any) -> Iterator[str]:
    """Yields what an argument is, where it is no tensor."""
    if value is None:
        yield "None"
    elif isinstance(value, dict):
        yield "dict"
    elif isinstance(value, (list, tuple)):
        yield "list"
    elif isinstance(value, bool):
        yield "bool"
