"""What vai_q_onnx leaves in float is a warning, and no obstacle on the way to a DPU."""

from __future__ import annotations

import pytest

from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.quantizers.onnx import NO_PATH
from vai_inspect.rules.quantizers.sketch import Sketch


def captured(*kinds: str):
    sketch = Sketch("onnx")
    sketch.conv()
    for kind in kinds:
        sketch.call(kind, kind)
    return sketch.captured()


@pytest.mark.parametrize(
    ("kinds", "warning"),
    [
        (("relu", "sigmoid", "softmax", "leaky-relu"), None),
        (("tanh",), "vai_q_onnx 3.5 leaves in float: tanh (1)"),
        (("gelu", "tanh", "gelu"), "vai_q_onnx 3.5 leaves in float: gelu (2), tanh (1)"),
    ],
)
@pytest.mark.parametrize("release", ["2.5", "3.0", "3.5"])
def test_what_stays_in_float_is_counted_by_kind(kinds, warning, release):
    given = captured(*kinds)
    found = quantized(given, release=release)
    assert found.warnings == ((NO_PATH,) if warning is None else (NO_PATH, warning))
    assert found.quantizer is None
    assert found.graph == given.graph
