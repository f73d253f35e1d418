"""The layers that the vendor's Keras quantiser supports.

Source: layer registries of the 2.5 inspector (vai_utf) and of the 3.5 quantiser
(vitis_pof2s_quantize_strategy.json); README of the TF2 quantiser.
"""

from __future__ import annotations

from typing import Dict

from vai_inspect.core.findings import Remedy, approximate, exact

QUANTISED = frozenset(
    (
        "Activation",
        "Add",
        "AveragePooling2D",
        "BatchNormalization",
        "Concatenate",
        "Conv2D",
        "Conv2DTranspose",
        "Dense",
        "DepthwiseConv2D",
        "Flatten",
        "GlobalAveragePooling2D",
        "LeakyReLU",
        "MaxPooling2D",
        "Multiply",
        "PReLU",
        "Permute",
        "ReLU",
        "Reshape",
        "SeparableConv2D",
        "Softmax",
        "UpSampling2D",
        "ZeroPadding2D",
    )
)
"""Layers of both releases. SeparableConv2D is split first; 3.5 quantises softmax, but no DPU engine
runs it."""

REASONS = {
    "LayerNormalization": "release 2.5 does not support LayerNormalization; 3.5 does, but the "
    "inspectors place it on the CPU",
}
"""Reasons that replace the common sentence."""

FORM = "quantised-form"
"""The rewrite into layers that the quantiser knows."""
INSTEAD: Dict[str, Remedy] = {
    "Add": exact("use keras.layers.Add", "add-layer"),
    "AdaptiveAveragePooling2D": Remedy("use AveragePooling2D or GlobalAveragePooling2D"),
    "AdaptiveMaxPooling2D": Remedy("use MaxPooling2D"),
    "Average": exact("use Add, with the factor in the weights after it", FORM),
    "AveragePool": exact("use keras.layers.AveragePooling2D", FORM),
    "Concatenate": exact("use keras.layers.Concatenate", FORM),
    "Conv1D": exact("use Conv2D on a map of height 1", "one-d-to-two-d"),
    "CustomScaleLayer": exact(
        "use Add, with the factor in the weights of the convolution before it", FORM
    ),
    "GlobalMaxPooling2D": exact("use MaxPooling2D with the map's size", FORM),
    "LayerNormalization": approximate(
        "use BatchNormalization, which is folded into the convolution before it"
    ),
    "LeakyRelu": exact("use keras.layers.LeakyReLU", FORM),
    "MaxPool": exact("use keras.layers.MaxPooling2D", FORM),
    "Mean": exact("use keras.layers.GlobalAveragePooling2D", "mean-to-pool"),
    "Multiply": exact("use keras.layers.Multiply", FORM),
    "Pad": exact("use keras.layers.ZeroPadding2D", "keras-pad"),
    "ReLU": exact("use keras.layers.ReLU", FORM),
    "Relu": exact("use keras.layers.ReLU", FORM),
    "Relu6": exact("use keras.layers.ReLU(6)", FORM),
    "Reshape": exact("use keras.layers.Reshape", FORM),
    "Resize": Remedy("use keras.layers.UpSampling2D"),
    "Resizing": Remedy("use UpSampling2D"),
    "Sigmoid": approximate(
        "use keras.layers.Activation('sigmoid'), which it converts to a hard-sigmoid"
    ),
    "Silu": approximate("use keras.layers.Activation('swish'), which it converts to a hard-swish"),
    "Square": exact("use keras.layers.Multiply of the tensor and itself", "square"),
    "Transpose": exact("use keras.layers.Permute", FORM),
}
"""Supported replacements of layers and bare operations."""

PREPARING = frozenset(("Normalization", "Rescaling"))
"""Preprocessing layers, which can run on the host before the network."""

REMOVED = frozenset(("Activation", "Dropout", "InputLayer"))
"""Layers that do nothing at inference and that it removes (an Activation if it is linear).

Dropout is matched by the exact name of its class (executed, 2.5 to 3.5).
"""
