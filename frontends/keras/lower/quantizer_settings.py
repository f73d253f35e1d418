"""Settings of a layer that decide what a quantiser makes of it, kept as they were given.

A quantiser and the converter of its file look at a layer's own settings, where the operator that it
becomes may not show them any more.
"""

from __future__ import annotations

from typing import Any, Dict, Tuple

from vai_inspect.frontends.keras.lower.layer import Layer

SETTINGS: Dict[str, Dict[str, Tuple[Any, ...]]] = {
    "ReLU": {"max_value": (None, 6), "negative_slope": (0, None), "threshold": (0, None)},
    "UpSampling2D": {"interpolation": ("nearest", "bilinear")},
}
"""Settings by the class of the layer, with the values that are nothing of note."""


def kept_settings(layer: Layer) -> Tuple[Tuple[str, str], ...]:
    """Returns name and value of the settings of a layer that are kept.

    Args:
        layer: the layer or operation.
    """
    found = []
    for name, usual in SETTINGS.get(layer.keras_class or "", {}).items():
        value = getattr(layer, name, None) if layer.is_layer else None
        if value is not None and value not in usual:
            found.append((name, _text(value)))
    return tuple(found)


def _text(value: Any) -> str:
    return f"{float(value):g}" if isinstance(value, (int, float)) else str(value)
