"""The layers that the vendor's Keras quantiser knows; it leaves all others in float.

Source: layer registries of the 2.5 inspector (vai_utf) and of the 3.5 quantiser
(vitis_pof2s_quantize_strategy.json); README of the TF2 quantiser.
"""

from __future__ import annotations

from typing import Optional

from vai_inspect.core.ir import Op
from vai_inspect.frontends.keras.layer import Layer
from vai_inspect.frontends.keras.whole import OWN_CODE

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
    "GlobalMaxPooling2D": "MaxPooling2D with the map's size",
    "LayerNormalization": "BatchNormalization, which is folded into the convolution before it",
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
    "Transpose": "keras.layers.Permute",
}
"""What the quantiser knows in place of a layer or bare operation."""

PREPARING = frozenset(("Normalization", "Rescaling"))
"""Layers that prepare the input, which the host can do before the network."""

_BESIDE = frozenset(("const", "identity"))


def left_in_float(layer: Layer) -> Optional[str]:
    """Returns why the quantiser leaves a layer in float, or None where it quantises it.

    A class or a Lambda of the user's own is none of its layers either; what it computes is not
    looked into, so nothing is said of it here.
    """
    name = _name(layer)
    if not layer.is_layer:
        return "it knows layers only, and {} is a bare operation".format(layer.class_name)
    if layer.keras_class is None or name in QUANTISED or name in OWN_CODE:
        return None
    return REASONS.get(name, "it does not know the layer {}".format(name))


def instead(layer: Layer) -> Optional[str]:
    """Returns what to do in place of a layer that is left in float, or None where none is known."""
    name = _name(layer)
    if name in PREPARING:
        return "do the same on the host, before the network"
    return "use " + INSTEAD[name] if name in INSTEAD else None


def _name(layer: Layer) -> str:
    return layer.keras_class or layer.class_name


def marked(op: Op, layer: Layer) -> Op:
    """Returns an operator of a layer with why it is left in float, where it is."""
    reason = left_in_float(layer)
    if reason is None or op.float_only is not None or op.kind in _BESIDE:
        return op
    return op.replaced(float_only=reason, float_cure=instead(layer))
