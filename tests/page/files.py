"""Real networks as files: keras.applications as Keras writes it, torchvision as torch.onnx does."""

from __future__ import annotations

import contextlib
import io
import warnings

from tests.hostile.files import archive
from tests.torchvision_models import torchvision_models

STEM = "inspect_DPUCZDX8G_ISA1_B4096"
"""Of the reports for a KV260."""

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


def too_wide(folder):
    """Writes a network whose second convolution has too large a kernel for a DPU."""
    conv = {"strides": [1, 1], "dilation_rate": [1, 1], "groups": 1, "filters": 16}
    conv.update(padding="same", activation="relu", use_bias=True, data_format="channels_last")
    layers = [("InputLayer", {"name": "image", "batch_shape": [None, 32, 32, 3]})]
    for name, size in (("first", 3), ("wide", 17), ("last", 3)):
        layers.append(("Conv2D", {"name": name, "kernel_size": [size, size], **conv}))
    keras = {"module": "keras.layers", "registered_name": None}
    config = [{"class_name": kind, "config": one, **keras} for kind, one in layers]
    whole = {"class_name": "Sequential", "config": {"name": "net", "layers": config}}
    return archive(folder / "wide.keras", whole)
