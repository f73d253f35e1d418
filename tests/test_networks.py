"""Real networks from end to end: what runs where, and that no layer of the user's is lost."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from vai_inspect.keras import Inspector  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"
SOFTMAX = ["softmax"]
NETWORKS = {
    "ResNet50": SOFTMAX,
    "ResNet50V2": SOFTMAX,
    "VGG16": SOFTMAX,
    "MobileNet": SOFTMAX,
    "MobileNetV2": SOFTMAX,
    "InceptionV3": SOFTMAX,
    "DenseNet121": SOFTMAX,
}
GIGA_MACS = {"ResNet50": 3.858, "VGG16": 15.470, "MobileNetV2": 0.301, "DenseNet121": 2.834}


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def network(request):
    """(name, model, inspection)"""
    model = getattr(keras.applications, request.param)(weights=None)
    result = Inspector(B4096).inspect(model, output_dir=None, verbose_level=0)
    yield request.param, model, result
    keras.backend.clear_session()


def test_all_but_the_softmax_runs_on_the_dpu(network):
    name, _, result = network
    on_cpu = [op for op in result.ops if op.device.value == "cpu"]
    assert [op.type for op in on_cpu] == NETWORKS[name]
    assert all(op.findings and op.findings[0].suggestion for op in on_cpu)
    total = result.summary
    assert (total.dpu_subgraphs, total.cpu_subgraphs, total.crossings) == (1, 1, 1)
    assert total.crossing_bytes == 1000
    assert (total.unknown_ops, total.user_ops, total.fully_on_dpu) == (0, 2, False)
    assert total.dpu_macs == total.macs > 0


def test_every_layer_is_found_again(network):
    _, model, result = network
    assert [layer.name for layer in model.layers if not result.find(layer.name)] == []


def test_batch_norms_are_folded_where_a_convolution_is_before_them(network):
    name, model, result = network
    if name in ("DenseNet121", "ResNet50V2"):  # they normalise before the activation, too
        assert any(op.type == "batchnorm" for op in result.ops)
    else:
        assert not any(op.type == "batchnorm" for op in result.ops)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            (op,) = result.find(layer.name)
            folded = any("folded" in message for message in op.messages)
            rewritten = any("depthwise" in message for message in op.messages)
            assert folded or rewritten


def test_macs_are_those_of_the_usual_tables(network):
    name, _, result = network
    if name in GIGA_MACS:
        assert result.summary.macs / 1e9 == pytest.approx(GIGA_MACS[name], abs=5e-4)


def test_nothing_is_left_of_dropouts_and_paddings_but_their_origin(network):
    _, model, result = network
    types = {op.type for op in result.ops}
    assert "identity" not in types
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            (op,) = result.find(layer.name)
            assert any(layer.name in message for message in op.messages)
