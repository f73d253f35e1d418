"""The inspector for Keras models: `from vai_inspect.keras import Inspector`."""

from __future__ import annotations

from vai_inspect.frameworks import FRAMEWORKS
from vai_inspect.inspector import BaseInspector
from vai_inspect.vitis import VitisInspector


class Inspector(BaseInspector):
    """Tells which operators of a Keras model a DPU will run, and why not the others.

    Examples:
        >>> from vai_inspect.keras import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect(model, image_format="png")
    """

    framework = FRAMEWORKS["keras"]


__all__ = ["Inspector", "VitisInspector"]
