"""Holds files of Keras' own export to ONNX against the models that they were exported from.

    python -m benchmarks.keras_onnx_exports                     # every model
    python -m benchmarks.keras_onnx_exports MobileNetV2 unet

Operators, shapes, devices and reasons are compared, not names. What the Keras quantiser does is
left out. Needs TensorFlow, Keras 3 and tf2onnx. Statistics and biases are drawn at random: as a
model is built they are zeros, and TensorFlow leaves a sum with zeros out of the file. A model takes
1 to 40 seconds and up to 4 GB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Tuple

from benchmarks.onnx_exports import Difference, report, rows

APPLICATIONS = (
    ("ResNet50", "ResNet50V2", "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large")
    + ("InceptionV3", "Xception", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0")
    + ("NASNetMobile",)
)
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def _unet(layers: Any) -> Tuple[Any, Any]:
    image = x = layers.Input((64, 64, 3))
    kept = []
    for filters in (8, 16, 32):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    for filters, other in zip((32, 16, 8), kept[::-1]):
        x = layers.Conv2DTranspose(filters, 2, 2, padding="same")(x)
        x = layers.Concatenate()([x, other])
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return image, layers.Conv2D(4, 1, activation="softmax")(x)


def _pyramid(layers: Any) -> Tuple[Any, Any]:
    image = x = layers.Input((64, 64, 3))
    levels = []
    for filters in (8, 16, 32):
        x = layers.BatchNormalization()(layers.Conv2D(filters, 3, 2, padding="same")(x))
        x = layers.LeakyReLU(negative_slope=0.1)(x)
        levels.append(x)
    y = layers.Conv2D(16, 1)(levels[-1])
    outputs = [y]
    for level in levels[-2::-1]:
        y = layers.Add()([layers.UpSampling2D(2)(y), layers.Conv2D(16, 1)(level)])
        outputs.append(y)
    return image, [layers.Conv2D(18, 3, padding="same")(one) for one in outputs]


def _deeplab(layers: Any) -> Tuple[Any, Any]:
    image = layers.Input((64, 64, 3))
    x = layers.Conv2D(16, 3, 2, padding="same", activation="relu")(image)
    x = layers.BatchNormalization()(layers.SeparableConv2D(32, 3, 2, padding="same")(x))
    x = layers.ReLU(6.0)(x)
    parts = [layers.Conv2D(16, 1, activation="relu")(x)]
    for rate in (2, 4):
        conv = layers.Conv2D(16, 3, padding="same", dilation_rate=rate, activation="relu")
        parts.append(conv(x))
    whole = layers.GlobalAveragePooling2D(keepdims=True)(x)
    whole = layers.Conv2D(16, 1, activation="relu")(whole)
    parts.append(layers.UpSampling2D((16, 16), interpolation="bilinear")(whole))
    x = layers.Conv2D(5, 1)(layers.Concatenate()(parts))
    return image, layers.UpSampling2D(4, interpolation="bilinear")(x)


def _lenet(layers: Any) -> Tuple[Any, Any]:
    image = x = layers.Input((28, 28, 1))
    for filters, padding in ((6, "same"), (16, "valid")):
        x = layers.Conv2D(filters, 5, padding=padding, activation="tanh")(x)
        x = layers.AveragePooling2D(2)(x)
    x = layers.Dense(120, activation="tanh")(layers.Flatten()(x))
    return image, layers.Dense(10, activation="softmax")(layers.Dropout(0.5)(x))


def _squeezenet(layers: Any) -> Tuple[Any, Any]:
    def fire(x: Any, narrow: int, wide: int) -> Any:
        x = layers.Conv2D(narrow, 1, activation="relu")(x)
        parts = [layers.Conv2D(wide, n, padding="same", activation="relu")(x) for n in (1, 3)]
        return layers.Concatenate()(parts)

    image = layers.Input((64, 64, 3))
    x = layers.MaxPooling2D(3, 2)(layers.Conv2D(16, 3, 2, activation="relu")(image))
    x = layers.MaxPooling2D(3, 2)(fire(fire(x, 8, 16), 8, 16))
    x = layers.Conv2D(10, 1, activation="relu")(fire(x, 16, 32))
    return image, layers.Softmax()(layers.GlobalAveragePooling2D()(x))


def _shuffle(layers: Any) -> Tuple[Any, Any]:
    image = layers.Input((32, 32, 8))
    x = layers.BatchNormalization()(layers.Conv2D(16, 1, use_bias=False)(image))
    x = layers.Reshape((32, 32, 2, 8))(layers.ReLU()(x))
    x = layers.Reshape((32, 32, 16))(layers.Permute((1, 2, 4, 3))(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    return image, layers.GlobalMaxPooling2D()(layers.BatchNormalization()(x))


def _yolo(layers: Any) -> Tuple[Any, Any]:
    image = x = layers.Input((64, 64, 3))
    for filters in (8, 16, 32):
        x = layers.ZeroPadding2D(((1, 0), (1, 0)))(x)
        x = layers.BatchNormalization()(layers.Conv2D(filters, 3, 2, use_bias=False)(x))
        x = layers.Activation("swish")(x)
    x = layers.Concatenate()([x, layers.MaxPooling2D(5, 1, padding="same")(x)])
    return image, layers.Reshape((192, 6))(layers.Conv2D(18, 1)(x))


def _autoencoder(layers: Any) -> Tuple[Any, Any]:
    image = layers.Input((32, 32, 3))
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(16, 3, 2, padding="same")(image))
    x = layers.Conv2D(8, 3, 2, padding="same", activation="elu")(x)
    x = layers.Conv2DTranspose(16, 3, 2, padding="same", activation="hard_sigmoid")(x)
    x = layers.BatchNormalization()(layers.Conv2DTranspose(3, 3, 2, padding="same")(x))
    return image, layers.Activation("sigmoid")(x)


def _perceptron(layers: Any) -> Tuple[Any, Any]:
    image = layers.Input((28, 28, 1))
    x = layers.Dense(32, use_bias=False)(layers.Flatten()(image))
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return image, layers.Dense(4)(layers.BatchNormalization()(layers.Dense(8)(x)))


def _mixer(layers: Any) -> Tuple[Any, Any]:
    image = layers.Input((32, 32, 3))
    x = layers.Reshape((16, 16))(layers.Conv2D(16, 8, 8)(image))
    y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
    y = layers.Permute((2, 1))(layers.Dense(16)(layers.Dense(32, activation="swish")(y)))
    x = layers.Add()([x, y])
    y = layers.Dense(32, activation="relu")(layers.LayerNormalization(epsilon=1e-6)(x))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(16)(y)]))
    return image, layers.Dense(4)(layers.GlobalAveragePooling1D()(x))


OWN: Dict[str, Callable[[Any], Tuple[Any, Any]]] = {
    "unet": _unet,
    "pyramid": _pyramid,
    "deeplab": _deeplab,
    "lenet": _lenet,
    "squeezenet": _squeezenet,
    "shuffle": _shuffle,
    "yolo": _yolo,
    "autoencoder": _autoencoder,
    "perceptron": _perceptron,
    "mixer": _mixer,
}
"""Small networks, which return their input and outputs."""


def built(name: str) -> Any:
    """Returns a Keras model whose statistics and biases are not those that it begins with."""
    import keras
    import numpy

    if name in OWN:
        model = keras.Model(*OWN[name](keras.layers))
    else:
        model = getattr(keras.applications, name)(weights=None, input_shape=(224, 224, 3))
    numbers = numpy.random.default_rng(0)
    for weight in model.weights:
        if weight.path.split("/")[-1] not in KERNELS and weight.shape and "float" in weight.dtype:
            weight.assign(numbers.uniform(0.5, 1.5, weight.shape))
    return model


def difference(model: Any) -> Difference:
    """Exports a Keras model and compares the two reports."""
    import numpy

    from vai_inspect.frontends.keras import capture
    from vai_inspect.frontends.onnx import capture as read_onnx

    direct = rows(capture(model))
    model(numpy.zeros((1, *model.inputs[0].shape[1:]), "float32"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(str(path), format="onnx", verbose=False)
        exported = rows(read_onnx(path))
    return Difference(direct - exported, exported - direct, sum(direct.values()))


def _difference(name: str) -> Difference:
    return difference(built(name))


def _found(names: Any) -> Iterator[Tuple[str, Callable[[], Difference]]]:
    import keras

    for name in names or [*OWN, *APPLICATIONS]:
        yield name, partial(_difference, name)
        keras.backend.clear_session()


def main() -> None:
    """Prints a line for each model, and those operators that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    report(_found(parser.parse_args().models))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
