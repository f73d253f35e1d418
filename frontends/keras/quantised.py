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
    "LayerNormalization": "the 2.5 Keras quantiser does not know LayerNormalization; 3.5 does, but "
    "the inspectors place it on the CPU; use BatchNormalization, which is folded",
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
    "MaxPool": "keras.layers.MaxPooling2D",
    "Mean": "keras.layers.GlobalAveragePooling2D",
    "Multiply": "keras.layers.Multiply",
    "Normalization": "the same before the network, on the host",
    "Pad": "keras.layers.ZeroPadding2D",
    "Relu": "keras.layers.ReLU",
    "Relu6": "keras.layers.ReLU(6)",
    "Rescaling": "the same before the network, on the host",
    "Reshape": "keras.layers.Reshape",
    "Resize": "keras.layers.UpSampling2D",
    "Resizing": "UpSampling2D",
    "Sigmoid": "keras.layers.Activation('sigmoid')",
    "Silu": "keras.layers.Activation('swish')",
    "Transpose": "keras.layers.Permute",
}
"""What the quantiser knows in place of a layer or bare operation."""

_BESIDE = frozenset(("const", "identity"))


def left_in_float(layer: Layer) -> Optional[str]:
    """Returns why the quantiser leaves a layer in float, or None where it quantises it.

    A class or a Lambda of the user's own is none of its layers either; what it computes is not
    looked into, so nothing is said of it here.
    """
    name = layer.keras_class or layer.class_name
    if not layer.is_layer:
        reason = "{} is a bare operation, and the Keras quantiser knows layers only".format(
            layer.class_name
        )
    elif layer.keras_class is None or name in QUANTISED or name in OWN_CODE:
        return None
    elif name in REASONS:
        return REASONS[name]
    else:
        reason = "{} is not in the list of layers of the Keras quantiser".format(name)
    cure = INSTEAD.get(name)
    return reason + ("; use {}".format(cure) if cure else "")


def marked(op: Op, reason: Optional[str]) -> Op:
    """Returns the operator with the reason why it is left in float, where there is one."""
    if reason is None or op.float_only is not None or op.kind in _BESIDE:
        return op
    return op.replaced(float_only=reason)
