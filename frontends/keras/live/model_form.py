"""How a Keras model is built, beyond its operators."""

from __future__ import annotations

from typing import Any

from vai_inspect.core.model_form import ModelForm
from vai_inspect.frontends.keras.live.model_kind import inner_function, is_class


def form_of(model: Any) -> ModelForm:
    """Returns the form of a live model.

    Args:
        model: the given model.
    """
    cls = type(model)
    kind = "subclassed"
    if is_class(cls, "Sequential"):
        kind = "Sequential"
    elif inner_function(model) is not None:
        kind = "Functional"
    layers = () if kind == "subclassed" else getattr(model, "layers", ())
    nested = tuple(str(one.name) for one in layers if inner_function(one) is not None)
    return ModelForm(kind, nested=nested)
