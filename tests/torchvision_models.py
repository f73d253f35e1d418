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
            library.impl("nms", _nms, "CompositeExplicitAutograd")
            _KEPT.append(library)
            found = importlib.import_module("torchvision")
            for module in ("extension", "ops.boxes", "ops.roi_align"):
                importlib.import_module("torchvision." + module)._assert_has_ops = lambda: None
    return found.models


def _nms(dets, scores, iou_threshold):
    """Keeps the best boxes, overlapping or not: which ones are kept changes no operator."""
    return scores.sort(descending=True)[1][:20]


_KEPT = []
"""A library that is collected takes its operators with it."""
