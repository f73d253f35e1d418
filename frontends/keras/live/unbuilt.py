"""Prepares unbuilt models, which must be built to be read."""

from __future__ import annotations

import copy
from typing import Any, List

from vai_inspect.frontends.keras.live.model_kind import is_keras_2


def within(model: Any) -> List[Any]:
    """Returns all layers in a model, at any depth."""
    return [layer for layer in model._flatten_layers() if layer is not model]


def to_build(model: Any) -> Any:
    """Returns a model that may be built.

    For Keras 2 it is a copy. Models of Keras 3 cannot be copied before they are built, so it is
    the user's model, whose state `state_kept` restores.

    Args:
        model: a model that is not built.
    """
    return copy.deepcopy(model) if is_keras_2(type(model)) else model
