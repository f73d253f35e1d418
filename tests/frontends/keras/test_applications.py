"""Real networks: no operator unknown, no layer lost, every weight accounted for."""

from __future__ import annotations

import time
from typing import Any

import keras
import pytest

from tests.frontends.keras.reading import fingerprint
from vai_inspect.frontends.keras import capture

NETWORKS = {
    "ResNet50": ("conv2d", 53),
    "ResNet50V2": ("conv2d", 53),
    "VGG16": ("conv2d", 13),
    "MobileNet": ("depthwise-conv2d", 13),
    "MobileNetV2": ("depthwise-conv2d", 17),
    "InceptionV3": ("concat", 15),
    "DenseNet121": ("concat", 58),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None)
    nodes = [(len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in model._operations]
    graph = capture(model).graph
    assert [op.name for op in graph if op.kind == "unknown"] == []
    assert [op.messages for op in graph if op.messages] == []
    kind, count = NETWORKS[name]
    assert sum(op.kind == kind for op in graph) == count
    assert sum(p.type.elements for op in graph for p in op.params) == model.count_params()
    last = {op.origin.layers[0]: op for op in graph if op.kind != "return"}
    for layer in model.layers:
        want = tuple(1 if size is None else size for size in layer.output.shape)
        assert last[layer.name].output.shape == want, layer.name
    assert nodes == [
        (len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in model._operations
    ]


@pytest.fixture(scope="module")
def resnet() -> Any:
    return keras.applications.ResNet50(weights=None)


def test_resnet_is_read_in_a_moment(resnet: Any) -> None:
    capture(resnet)
    spent = []
    for _ in range(5):
        start = time.process_time()
        capture(resnet)
        spent.append(time.process_time() - start)
    # 20 ms on an idle core; the bound leaves room for a busy one.
    assert min(spent) < 0.1


def test_resnet_of_another_size(resnet: Any) -> None:
    before = fingerprint(resnet)
    graph = capture(resnet, (1, 320, 320, 3)).graph
    assert graph["avg_pool"].attributes()["kernel"] == [10, 10]
    assert graph["conv1_conv"].output.shape == (1, 160, 160, 64)
    assert fingerprint(resnet) == before
