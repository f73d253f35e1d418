"""Real networks as files: keras.applications as Keras writes it, torchvision as torch.onnx does."""

from __future__ import annotations

import contextlib
import io
import warnings

from tests.torchvision_models import torchvision_models

KERAS = {
    "mobilenet.keras": ("MobileNet", {"alpha": 0.25}),
    "mobilenet_v2.h5": ("MobileNetV2", {"alpha": 0.35}),
    "mobilenet_v3.keras": ("MobileNetV3Small", {"input_shape": (224, 224, 3)}),
    "efficientnet.keras": ("EfficientNetB0", {}),
    "nasnet.keras": ("NASNetMobile", {}),
}
ONNX = {
    "squeezenet.onnx": "squeezenet1_1",
    "mobilenet_v3.onnx": "mobilenet_v3_small",
    "shufflenet.onnx": "shufflenet_v2_x0_5",
    "mnasnet.onnx": "mnasnet0_5",
    "resnet.onnx": "resnet18",
}


def write_keras(folder):
    """Writes the files of Keras."""
    import keras

    for name, (network, arguments) in KERAS.items():
        model = getattr(keras.applications, network)(weights=None, **arguments)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it calls .h5 old
            model.save(folder / name)


def write_onnx(folder):
    """Writes the files of torch.onnx."""
    import torch

    for name, network in ONNX.items():
        model = getattr(torchvision_models(), network)(weights=None).eval()
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            inputs = torch.zeros(1, 3, 224, 224)
            torch.onnx.export(model, inputs, str(folder / name), dynamo=False)
