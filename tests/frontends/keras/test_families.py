"""The smaller member of every family of keras.applications: nothing crashes, nothing is lost.

No operator is unknown that the facts decide: what is left unknown is listed with the rule.
"""

from __future__ import annotations

from collections import Counter
from typing import Dict

import keras
import pytest

from vai_inspect.keras import Inspector

ON_HOST = {"const": 2, "mul": 1, "add": 1, "softmax": 1}
"""A Rescaling before the network and a softmax behind it."""

FAMILIES: Dict[str, Dict[str, int]] = {
    "ConvNeXtTiny": {},
    "DenseNet121": {"softmax": 1},
    "EfficientNetB0": {},
    "EfficientNetV2B0": {"const": 3, "mul": 2, "add": 1, "softmax": 1},
    "InceptionResNetV2": {},
    "InceptionV3": {"softmax": 1},
    "MobileNet": {"softmax": 1},
    "MobileNetV2": {"softmax": 1},
    "MobileNetV3Small": {**ON_HOST, "hard-swish": 19},
    "NASNetMobile": {},
    "ResNet50": {"softmax": 1},
    "ResNet50V2": {"softmax": 1},
    "VGG16": {"softmax": 1},
    "Xception": {},
}
"""What is on the CPU, by operator type; empty where the rules of the DPU decide on more."""

SUBGRAPHS = {
    # Keras 3 names hard_swish where Keras 2 writes it out, and the quantiser knows no such name.
    "MobileNetV3Small": 20,
}
"""DPU subgraphs, where they are not one."""

UNDECIDED = {
    # A dense layer on a feature map, of which no source tells.
    "ConvNeXtTiny": {"inner-product"},
    # A pool over a map larger than any that is known to be pooled, and what follows from it.
    "EfficientNetB0": {"avgpool2d", "reshape", "squeeze"},
}
"""Operator types that no source decides on."""


def test_every_family_has_its_member_here() -> None:
    module = keras.applications
    families = {
        name
        for name in dir(module)
        if name[0].islower() and hasattr(getattr(module, name), "decode_predictions")
    }
    covered = {getattr(module, name).__module__.split(".")[-1] for name in FAMILIES}
    twins = {"imagenet_utils", "mobilenet_v3", "resnet50", "vgg19"}
    assert sorted(families - covered - twins) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_family(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None)
    shape = (1, 224, 224, 3) if None in model.input_shape[1:] else None
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(
        model, shape, output_dir=None, verbose_level=0
    )
    converts = [one for one in result.warnings if "Keras quantiser replaces" in one]
    assert result.warnings == tuple(converts)
    assert [layer.name for layer in model.layers if not result.find(layer.name)] == []
    on_cpu = [op for op in result.ops if op.device.value == "cpu"]
    assert all(op.findings for op in on_cpu)
    if FAMILIES[name]:
        assert Counter(op.type for op in on_cpu) == FAMILIES[name]
        assert result.summary.dpu_subgraphs == SUBGRAPHS.get(name, 1)
    undecided = {op.type for op in on_cpu if op.verdict.value == "unknown"}
    assert undecided <= UNDECIDED.get(name, set())
    keras.backend.clear_session()
