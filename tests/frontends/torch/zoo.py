"""The model definitions of torchvision and timm, without weights, on the meta device."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")


def torchvision() -> Any:
    """torchvision, whose C operators may be missing: its models then need their names only."""
    try:
        torch.ops.torchvision.nms  # noqa: B018
    except (AttributeError, RuntimeError):
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            text = "{}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            library.define(text.format(name))
        _ALIVE.append(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pytest.importorskip("torchvision", exc_type=ImportError)
    regnet = found.models.regnet.BlockParams
    if "from_init_params" not in _PATCHED:  # it computes with values while a model is built
        _PATCHED["from_init_params"] = regnet.from_init_params
        regnet.from_init_params = classmethod(lambda cls, **kwargs: _off_meta(**kwargs))
    return found


def _off_meta(**kwargs: Any) -> Any:
    with torch.device("cpu"):
        return _PATCHED["from_init_params"](**kwargs)


_ALIVE: Any = []
_PATCHED: Any = {}


def build(make: Any, **kwargs: Any) -> Any:
    """A model on the meta device, or off it where its constructor cannot do that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.device("meta"):
                return make(**kwargs)
        except (NotImplementedError, RuntimeError, TypeError):
            return make(**kwargs)
