"""Layers and operations that keep the shape of their input, by Keras class name."""

from __future__ import annotations

from vai_inspect.frontends.keras.lower.identity import AUGMENTATION, REGULARIZATION

LAYERS = frozenset(
    (*REGULARIZATION, *AUGMENTATION, "Masking")
    # activations
    + ("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU")
    # normalisations and scales
    + ("BatchNormalization", "GroupNormalization", "LayerNormalization", "LayerScale")
    + ("Normalization", "RMSNormalization", "Rescaling", "UnitNormalization")
    # InceptionResNetV2's sum with a scaled branch of the same shape
    + ("CustomScaleLayer",)
    # deterministic preparation of images
    + ("AutoContrast", "Equalization", "Solarization")
)
OPERATIONS = frozenset(
    ("Abs", "Absolute", "Cast", "Ceil", "Celu", "Clip", "Copy", "Cos", "Elu", "Erf", "Exp")
    + ("Expm1", "Floor", "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh")
    + ("LeakyRelu", "Log", "Log10", "Log1p", "Log2", "LogSigmoid", "LogSoftmax", "LogicalNot")
    + ("Negative", "Normalize", "Reciprocal", "ReLU", "Relu", "Relu6", "Round", "Rsqrt")
    + ("Selu", "Sigmoid", "Sign", "Silu", "Sin", "SoftShrink", "Softmax", "Softplus", "Softsign")
    + ("Sqrt", "Square", "StopGradient", "Tan", "Tanh", "TanhShrink")
)
BROADCASTING = frozenset(
    ("Arctan2", "Equal", "FloorDivide", "Greater", "GreaterEqual", "Less", "LessEqual")
    + ("LogicalAnd", "LogicalOr", "Mod", "NotEqual", "Power")
)
"""Operations of two tensors without a lowering; their output has the broadcast shape."""
