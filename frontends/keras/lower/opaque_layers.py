"""Layers that become a single operator without XIR equivalent, and GroupNormalization."""

from __future__ import annotations

from typing import Dict, Tuple

from vai_inspect.core.ir.attrs import GroupNormAttrs
from vai_inspect.frontends.keras.lower.call import Call, Lowering

OPAQUE: Dict[str, Tuple[str, ...]] = {
    "attention, as one operator": (
        "AdditiveAttention",
        "Attention",
        "GroupedQueryAttention",
    ),
    "a recurrent layer, as one operator": ("AbstractRNNCell",),
    "a table that is looked up": (
        "DenseFeatures",
        "Embedding",
        "HashedCrossing",
        "Hashing",
        "IntegerLookup",
        "ReversibleEmbedding",
        "StringLookup",
        "TextVectorization",
    ),
    "a wrapper, as one operator": ("SpectralNormalization",),
    "preparation of the input": (
        "AutoContrast",
        "CategoryEncoding",
        "CenterCrop",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "Discretization",
        "Equalization",
        "MaxNumBoundingBoxes",
        "MelSpectrogram",
        "Pipeline",
        "RandomCrop",
        "STFTSpectrogram",
        "Solarization",
    ),
    "a product over several axes": ("Dot",),
    "a convolution whose weights differ from place to place": (
        "LocallyConnected1D",
        "LocallyConnected2D",
    ),
    "": (
        "AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling3D",
        "AdaptiveMaxPooling1D",
        "AdaptiveMaxPooling3D",
        "AveragePooling1D",
        "AveragePooling3D",
        "Conv1DTranspose",
        "LayerNormalization",
        "Masking",
        "MaxPooling3D",
        "RMSNormalization",
        "RepeatVector",
        "ThresholdedReLU",
        "UpSampling1D",
    ),
}
"""Class names by message; the message is empty if the name suffices."""

OWN_CODE = (
    "FlaxLayer",
    "JaxLayer",
    "Lambda",
    "Layer",
    "TFSMLayer",
    "TorchModuleWrapper",
    "Wrapper",
)
"""Layers that wrap user code, which is not inspected."""


def _opaque(message: str) -> Lowering:
    def lowering(call: Call) -> None:
        call.unknown(call.operation.class_name, message)

    return lowering


def group_normalization(call: Call) -> None:
    """GroupNormalization over the channels; -1 groups are one for each channel."""
    layer, channels = call.operation, call.types[0].channels
    if int(layer.axis) % call.types[0].rank != call.types[0].rank - 1:
        call.unknown("GroupNormalization", "over another axis than the channels")
        return
    groups = channels if layer.groups == -1 else int(layer.groups)
    affine = bool(layer.scale or layer.center)
    attrs = GroupNormAttrs(groups, channels, float(layer.epsilon), affine)
    present = (("weight", layer.scale), ("bias", layer.center))
    params = [(role, (channels,)) for role, has in present if has]
    call.emit("groupnorm", attrs, params=params)


LAYERS = {
    **{name: _opaque(message) for message, names in OPAQUE.items() for name in names},
    **{name: _opaque("code of your own") for name in OWN_CODE},
    "GroupNormalization": group_normalization,
}
