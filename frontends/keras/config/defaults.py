"""Settings that a saved operation of `keras.ops` leaves out where the user gave none.

Keras 3 saves the arguments that an operation was made with, and no defaults; these are the
defaults of its constructors (Keras 3.0 to 3.15, `keras/src/ops`).
"""

from __future__ import annotations

from typing import Any, Dict

_REDUCTION: Dict[str, Any] = {"axis": None, "keepdims": False, "initial": None}
_POOL: Dict[str, Any] = {"strides": None, "padding": "valid", "data_format": None}

OPERATION_DEFAULTS: Dict[str, Dict[str, Any]] = {
    **dict.fromkeys(("All", "Any", "Argmax", "Argmin", "Logsumexp", "Max", "Mean"), _REDUCTION),
    **dict.fromkeys(("Median", "Min", "Prod", "Ptp", "Std", "Sum", "Var"), _REDUCTION),
    **dict.fromkeys(("AveragePool", "MaxPool"), _POOL),
    **dict.fromkeys(("Celu", "Elu"), {"alpha": 1.0}),
    **dict.fromkeys(("Concatenate", "Stack", "Split"), {"axis": 0}),
    **dict.fromkeys(("LogSoftmax", "Softmax", "Normalize", "Sort", "Argsort"), {"axis": -1}),
    "Gelu": {"approximate": True},
    "HardShrink": {"threshold": 0.5},
    "LeakyRelu": {"negative_slope": 0.2},
    "Pad": {"mode": "constant"},
    "ReLU": {"negative_slope": 0.0, "max_value": None, "threshold": 0.0},
    "Resize": {"interpolation": "bilinear", "data_format": None},
    "SoftShrink": {"threshold": 0.5},
    "Squeeze": {"axis": None},
    "Transpose": {"axes": None},
    "Unstack": {"num": None, "axis": 0},
}
