"""The layers that the vendor's Keras quantiser knows.

Source: layer registries of the 2.5 inspector (vai_utf) and of the 3.5 quantiser
(vitis_pof2s_quantize_strategy.json); README of the TF2 quantiser.
"""

from __future__ import annotations

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
"""Those of both releases. SeparableConv2D is split first; softmax is quantised by 3.5, but no DPU
engine runs it."""

REASONS = {
    "LayerNormalization": "that of release 2.5 does not know LayerNormalization; that of 3.5 does, "
    "but the inspectors place it on the CPU",
}
"""What is told in place of the common sentence."""

INSTEAD = {
    "Add": "keras.layers.Add",
    "AdaptiveAveragePooling2D": "AveragePooling2D or GlobalAveragePooling2D",
    "AdaptiveMaxPooling2D": "MaxPooling2D",
    "Average": "Add, with the factor in the weights behind it",
    "AveragePool": "keras.layers.AveragePooling2D",
    "Concatenate": "keras.layers.Concatenate",
    "Conv1D": "Conv2D on a map of height 1",
    "GlobalMaxPooling2D": "MaxPooling2D with the map's size",
    "LayerNormalization": "BatchNormalization, which is folded into the convolution before it",
    "LeakyRelu": "keras.layers.LeakyReLU",
    "MaxPool": "keras.layers.MaxPooling2D",
    "Mean": "keras.layers.GlobalAveragePooling2D",
    "Multiply": "keras.layers.Multiply",
    "Pad": "keras.layers.ZeroPadding2D",
    "ReLU": "keras.layers.ReLU",
    "Relu": "keras.layers.ReLU",
    "Relu6": "keras.layers.ReLU(6)",
    "Reshape": "keras.layers.Reshape",
    "Resize": "keras.layers.UpSampling2D",
    "Resizing": "UpSampling2D",
    "Sigmoid": "keras.layers.Activation('sigmoid')",
    "Silu": "keras.layers.Activation('swish')",
    "Square": "keras.layers.Multiply of the tensor and itself",
    "Transpose": "keras.layers.Permute",
}
"""What the quantiser knows in place of a layer or bare operation."""

PREPARING = frozenset(("Normalization", "Rescaling"))
"""Layers that prepare the input, which the host can do before the network."""

REMOVED = frozenset(("Activation", "Dropout", "InputLayer"))
"""Layers that do nothing at inference and that it removes (an Activation where it is linear).

Dropout is matched by the exact name of its class (executed, 2.5 to 3.5).
"""
