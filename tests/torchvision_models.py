"""torchvision's models, also where its C operators were not built for this torch."""

from __future__ import annotations

import functools
import importlib
import warnings

import pytest

_BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@functools.lru_cache(maxsize=None)
def torchvision_models():
    """Returns `torchvision.models`; a test that asks is skipped where there is none."""
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        # torchvision warns of operators that were not built; its models need none.
        warnings.simplefilter("ignore")
        try:
            found = pytest.importorskip("torchvision")
        except RuntimeError:
            library = torch.library.Library("torchvision", "DEF")
            library.define("nms" + _BOXES)
            library.define("qnms" + _BOXES)
            _KEPT.append(library)
            found = importlib.import_module("torchvision")
    return found.models


_KEPT = []
"""A library that is collected takes its operators with it."""
