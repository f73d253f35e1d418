"""Multiply-accumulates against counts that know nothing of the IR."""

from __future__ import annotations

from json import loads
from operator import attrgetter

import pytest

from tests.placing import built_on

B4096 = "DPUCZDX8G_ISA1_B4096"


def _elements(shape):
    count = 1
    for size in shape:
        count *= int(size)
    return count


def _keras_count(layer):
    """Weights of a built Keras layer times the positions at which each of them is used.

    Shapes are (1, h, w, c), kernels Keras's own: (kh, kw, ic, oc), depthwise (kh, kw, c, m). Of
    a product of two tensors, each element of the result takes as many as there are terms.
    """
    kind = type(layer).__name__
    if kind == "Matmul":
        first, _ = layer._inbound_nodes[0].input_tensors
        return _elements(layer.output.shape[1:]) * first.shape[-1]
    if kind.startswith("SeparableConv"):
        weights = _elements(layer.depthwise_kernel.shape) + _elements(layer.pointwise_kernel.shape)
    elif kind == "Dense" or "Conv" in kind:
        weights = _elements(layer.kernel.shape)
    else:
        return 0
    used_at = layer.input if kind.endswith("Transpose") else layer.output
    return weights * _elements(used_at.shape[1:-1])


def _placed(model, prefix=""):
    """Yields path and layer of all layers and operations, those of nested models, too."""
    for layer in getattr(model, "operations", None) or model.layers:
        if hasattr(layer, "layers"):
            yield from _placed(layer, prefix + layer.name + "/")
        else:
            yield prefix + layer.name, layer


def _keras_layers():
    import keras
    from keras import layers

    given = keras.Input((32, 32, 16), batch_size=1)
    x = layers.Conv2D(24, (3, 5), strides=(2, 1), padding="same", name="strided")(given)
    x = layers.Conv2D(24, 3, dilation_rate=2, name="dilated")(x)
    x = layers.Conv2D(32, 3, groups=4, name="grouped")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.SeparableConv2D(16, 3, name="separable")(x)
    x = layers.Conv2DTranspose(8, 4, strides=2, padding="same", name="up")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3)(x)
    x = layers.Dense(12, name="along_channels")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(10, activation="softmax", name="last")(x)
    return keras.Model(given, x, name="layers")


def _keras_sequences():
    import keras
    from keras import layers

    given = keras.Input((64, 8), batch_size=1)
    x = layers.Conv1D(12, 5, strides=2, groups=4, name="grouped")(given)
    x = layers.DepthwiseConv1D(3, depth_multiplier=2, name="depthwise")(x)
    x = layers.SeparableConv1D(16, 3, name="separable")(x)
    query, key = layers.Dense(6, name="query")(x), layers.Dense(6, name="key")(x)
    scores = keras.ops.matmul(query, keras.ops.transpose(key, (0, 2, 1)))
    x = keras.ops.matmul(scores, key)
    return keras.Model(given, x, name="sequences")


def _keras_volumes():
    import keras
    from keras import layers

    given = keras.Input((6, 16, 20, 4), batch_size=1)
    x = layers.Conv3D(8, (1, 3, 5), strides=(1, 2, 1), padding="same", name="strided")(given)
    x = layers.Conv3D(8, 3, groups=4, name="grouped")(x)
    x = layers.Conv3DTranspose(6, 3, strides=2, padding="same", name="up")(x)
    x = layers.Dense(3, name="along_channels")(layers.ReLU()(x))
    return keras.Model(given, x, name="volumes")


KERAS = {
    "layers": _keras_layers,
    "sequences": _keras_sequences,
    "volumes": _keras_volumes,
    "NASNetMobile": "NASNetMobile",
    "ConvNeXtTiny": "ConvNeXtTiny",
    "MobileNetV2": "MobileNetV2",
    "ResNet50": "ResNet50",
    "DenseNet121": "DenseNet121",
    "EfficientNetB0": "EfficientNetB0",
    "Xception": "Xception",
}


@pytest.mark.parametrize("name", sorted(KERAS))
def test_keras_layers_count_what_their_weights_and_positions_say(name):
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    made = KERAS[name]
    model = made() if callable(made) else getattr(keras.applications, made)(weights=None)
    result = Inspector(B4096).inspect(model, output_dir=None, verbose_level=0)
    wrong = {}
    layers = dict(_placed(model))
    for path, layer in layers.items():
        counted = sum(op.macs or 0 for op in result.ops if op.op.layer == path)
        if counted != _keras_count(layer):
            wrong[path] = (counted, _keras_count(layer))
    assert wrong == {}
    assert result.summary.macs == sum(map(_keras_count, layers.values())) > 0


def _torch_layers():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(16, 24, (3, 5), stride=(2, 1), padding=1),
        nn.Conv2d(24, 24, 3, dilation=2),
        nn.Conv2d(24, 32, 3, groups=4),
        nn.Conv2d(32, 64, 3, groups=32),
        nn.BatchNorm2d(64),
        nn.ConvTranspose2d(64, 8, 4, stride=2, padding=1),
        nn.MaxPool2d(3),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 10),
        nn.Softmax(1),
    )


def _torch_transposed():
    from torch import nn

    return nn.Sequential(
        nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1, groups=8),
        nn.ConvTranspose2d(8, 16, 3, stride=2, groups=2, dilation=2, output_padding=1),
    )


def _torch_volumes():
    from torch import nn

    return nn.Sequential(
        nn.Conv3d(4, 8, 3, stride=(1, 2, 2), padding=1),
        nn.Conv3d(8, 16, (1, 3, 3), groups=8),
        nn.Conv3d(16, 16, 3, groups=2, dilation=(1, 2, 2)),
        nn.ConvTranspose3d(16, 8, 4, stride=2, padding=1),
        nn.ConvTranspose3d(8, 8, 2, groups=8),
    )


def _torch_products():
    import torch
    from torch import nn

    class Products(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(16, 24, 5, stride=2, groups=4)
            self.query, self.key = nn.Linear(30, 12), nn.Linear(30, 12)

        def forward(self, x):
            x = self.conv(x)
            query, key = self.query(x), self.key(x)
            scores = torch.matmul(query, key.transpose(1, 2))
            return torch.bmm(scores, key) @ key.transpose(1, 2)

    return Products()


TORCH = {
    "layers": (_torch_layers, (1, 16, 32, 32)),
    "transposed": (_torch_transposed, (1, 8, 8, 8)),
    "volumes": (_torch_volumes, (1, 4, 8, 16, 16)),
    "products": (_torch_products, (1, 16, 64)),
    "shufflenet_v2_x1_0": ("shufflenet_v2_x1_0", (1, 3, 224, 224)),
    "resnext50_32x4d": ("resnext50_32x4d", (1, 3, 224, 224)),
    "deeplabv3": ("segmentation.deeplabv3_mobilenet_v3_large", (1, 3, 64, 64)),
    "r3d_18": ("video.r3d_18", (1, 3, 8, 32, 32)),
    "resnet18": ("resnet18", (1, 3, 224, 224)),
    "mobilenet_v2": ("mobilenet_v2", (1, 3, 224, 224)),
    "densenet121": ("densenet121", (1, 3, 224, 224)),
    "efficientnet_b0": ("efficientnet_b0", (1, 3, 224, 224)),
    "inception_v3": ("inception_v3", (1, 3, 299, 299)),
    "swin_t": ("swin_t", (1, 3, 224, 224)),
    "convnext_tiny": ("convnext_tiny", (1, 3, 224, 224)),
}


@pytest.mark.parametrize("name", sorted(TORCH))
def test_torch_counts_twice_as_many_floating_point_operations(name):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from tests.torchvision_models import torchvision_models
    from vai_inspect.torch import Inspector

    made, shape = TORCH[name]
    with built_on("meta"):
        if callable(made):
            model = made().eval()
        else:
            options = {"init_weights": False} if made == "inception_v3" else {}
            if made.startswith("segmentation."):
                options = {"weights_backbone": None}
            model = attrgetter(made)(torchvision_models())(weights=None, **options).eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            model(torch.zeros(shape))
    result = Inspector(B4096).inspect(model, shape, output_dir=None, verbose_level=0)
    assert 2 * result.summary.macs == counter.get_total_flops() > 0


@pytest.mark.parametrize("name", ["maxvit_t", "vit_b_16"])
def test_attention_counts_as_torch_counts_it(name):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from tests.torchvision_models import torchvision_models
    from vai_inspect.torch import Inspector

    with built_on("meta"):
        model = getattr(torchvision_models(), name)(weights=None).eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            model(torch.zeros(1, 3, 224, 224))
    result = Inspector(B4096).inspect(model, (1, 3, 224, 224), output_dir=None, verbose_level=0)
    assert result.summary.macs_unknown_ops == 0
    assert 2 * result.summary.macs == counter.get_total_flops() > 0


def test_a_figure_that_cannot_be_given_is_unavailable_with_the_reason(capsys):
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector
    from vai_inspect.reports import json
    from vai_inspect.reports.console import console
    from vai_inspect.reports.text import text

    class Opaque(keras.layers.Layer):
        def call(self, x):
            return x if float(x[0, 0]) > 0 else -x  # asks for values, so that it is not walked

        def compute_output_shape(self, shape):
            return shape

    image = keras.Input((4,))
    model = keras.Model(image, keras.layers.Dense(2)(Opaque(name="own")(image)))
    result = Inspector(B4096).inspect(model, output_dir=None, verbose_level=0)
    (op,) = [op for op in result.ops if op.macs is None]
    assert op.macs_unknown == "what it computes is not known"
    assert (result.summary.macs_unknown_ops, result.summary.macs) == (1, 8)
    console.show(result, 2)
    for report in (text.render(result), capsys.readouterr().out):
        told = " ".join(report.replace("\u2502", " ").split())
        assert "those of 1 operator are unknown and not counted" in told
        assert "unknown for own: what it computes is not known" in told
    written = loads(json.render(result))
    (row,) = [row for row in written["ops"] if row["macs"] is None]
    assert (row["name"], row["macs_unknown"]) == ("own", op.macs_unknown)
    assert written["summary"]["macs_unknown_ops"] == 1
