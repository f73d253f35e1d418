"""Settings of a layer that decide its treatment by a quantiser.

Quantisers and the converters of their files read settings of the layer that its operator may not
have.
"""

from __future__ import annotations

from typing import Any, Dict, Tuple

from vai_inspect.frontends.keras.lower.layer import Layer

SETTINGS: Dict[str, Dict[str, Tuple[Any, ...]]] = {
    "ReLU": {"max_value": (None, 6), "negative_slope": (0, None), "threshold": (0, None)},
    "UpSampling2D": {"interpolation": ("nearest", "bilinear")},
}
"""Settings by class of the layer, with the values that make no difference."""


def kept_settings(layer: Layer, training: bool = False) -> Tuple[Tuple[str, str], ...]:
    """Returns name and value of the settings of a layer that make a difference.

    Args:
        layer: the layer or operation.
        training: whether it is called with training=True.
    """
    found = []
    for name, usual in SETTINGS.get(layer.keras_class or "", {}).items():
        value = getattr(layer, name, None) if layer.is_layer else None
        if value is not None and value not in usual:
            found.append((name, _text(value)))
    if training and layer.keras_class == "Dropout":
        found.append(("training", "True"))
    return tuple(found)


def _text(value: Any) -> str:
    return f"{float(value):g}" if isinstance(value, (int, float)) else str(value)
