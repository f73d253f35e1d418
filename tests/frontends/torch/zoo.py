"""The model definitions of torchvision and timm, without weights, on the meta device."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tests.placing import built_on  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402


def torchvision() -> Any:
    """torchvision, with its models made fit for the meta device."""
    models = torchvision_models()
    regnet = models.regnet.BlockParams
    if "from_init_params" not in _PATCHED:  # it computes with values while a model is built
        _PATCHED["from_init_params"] = regnet.from_init_params
        regnet.from_init_params = classmethod(lambda cls, **kwargs: _off_meta(**kwargs))
    import torchvision as found

    return found


def _off_meta(**kwargs: Any) -> Any:
    with built_on("cpu"):
        return _PATCHED["from_init_params"](**kwargs)


_PATCHED: Any = {}


def build(make: Any, **kwargs: Any) -> Any:
    """A model on the meta device, or off it where its constructor cannot do that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with built_on("meta"):
                return make(**kwargs)
        except (NotImplementedError, RuntimeError, TypeError):
            return make(**kwargs)
