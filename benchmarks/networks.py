"""The networks, in both frameworks."""

from __future__ import annotations

from typing import Any, List, Tuple

TORCH = (
    "resnet18",
    "resnet50",
    "inception_v3",
    "densenet121",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "vit_b_16",
)
KERAS = (
    "ResNet50",
    "InceptionV3",
    "DenseNet121",
    "MobileNetV2",
    "MobileNetV3Large",
    "EfficientNetB0",
)
"""Those of the above that keras.applications has."""


def torch_model(name: str, device: str = "meta") -> Tuple[Any, Tuple[int, ...]]:
    """Returns a network of torchvision and its input shape, NCHW.

    Args:
        name: its name.
        device: where its weights are; there are none on `meta`.
    """
    import torch

    models = torchvision_models()
    size = 299 if name == "inception_v3" else 224
    more = {"init_weights": False} if name == "inception_v3" else {}
    with torch.device(device):
        return getattr(models, name)(weights=None, **more).eval(), (1, 3, size, size)


def keras_model(name: str, width: int = 1) -> Any:
    """Returns a network of keras.applications with weights made up.

    Args:
        name: its name.
        width: how many times as many filters its convolutions have.
    """
    import keras

    size = 299 if name == "InceptionV3" else 224
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    if width == 1:
        return model
    config = model.get_config()
    for layer in config["layers"]:
        layer.pop("build_config", None)  # it has the shapes of the narrow one
        if "filters" in layer["config"]:
            layer["config"]["filters"] *= width
    keras.backend.clear_session()
    return keras.Model.from_config(config)


def torchvision_models() -> Any:
    """Returns torchvision's models; a build without the operators of detectors will do."""
    import torch

    try:
        import torchvision
    except RuntimeError:
        # Kept: a library that is collected takes its operators with it.
        library = torch.library.Library("torchvision", "DEF")
        _KEPT.append(library)
        for name in ("nms", "qnms"):
            library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    return torchvision.models


_KEPT: List[Any] = []
