"""Multiply-accumulates against counts that know nothing of the IR."""

from __future__ import annotations

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

    Shapes are (1, h, w, c), kernels Keras's own: (kh, kw, ic, oc), depthwise (kh, kw, c, m).
    """
    kind = type(layer).__name__
    if kind == "SeparableConv2D":
        weights = _elements(layer.depthwise_kernel.shape) + _elements(layer.pointwise_kernel.shape)
    elif kind in ("Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "Dense"):
        weights = _elements(layer.kernel.shape)
    else:
        return 0
    used_at = layer.input if kind == "Conv2DTranspose" else layer.output
    return weights * _elements(used_at.shape[1:-1])


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


KERAS = {
    "layers": _keras_layers,
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
    for layer in model.layers:
        own = [op for op in result.find(layer.name) if op.op.layer == layer.name]
        counted = sum(op.macs or 0 for op in own)
        if counted != _keras_count(layer):
            wrong[layer.name] = (counted, _keras_count(layer))
    assert wrong == {}
    assert result.summary.macs == sum(_keras_count(layer) for layer in model.layers) > 0


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


TORCH = {
    "layers": (_torch_layers, (1, 16, 32, 32)),
    "resnet18": ("resnet18", (1, 3, 224, 224)),
    "mobilenet_v2": ("mobilenet_v2", (1, 3, 224, 224)),
    "densenet121": ("densenet121", (1, 3, 224, 224)),
    "efficientnet_b0": ("efficientnet_b0", (1, 3, 224, 224)),
    "inception_v3": ("inception_v3", (1, 3, 299, 299)),
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
            model = getattr(torchvision_models(), made)(weights=None, **options).eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            model(torch.zeros(shape))
    result = Inspector(B4096).inspect(model, shape, output_dir=None, verbose_level=0)
    assert 2 * result.summary.macs == counter.get_total_flops() > 0


def test_a_share_says_what_it_leaves_out():
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector
    from vai_inspect.reports import text

    image = keras.Input((8, 4))
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.LSTM(4)(image)))
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, output_dir=None, verbose_level=0)
    assert result.summary.macs_untold_ops == 1
    assert result.summary.macs == 8
    assert "those of 1 operator cannot be told" in text.render(result)
