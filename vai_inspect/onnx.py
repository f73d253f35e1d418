"""The inspector for ONNX models: `from vai_inspect.onnx import Inspector`."""

from __future__ import annotations

from vai_inspect.frameworks import FRAMEWORKS
from vai_inspect.inspector import BaseInspector


class Inspector(BaseInspector):
    """Tells which operators of an ONNX model a DPU will run, and why not the others.

    A file is read by its bytes; neither the package onnx nor a framework is needed.

    Examples:
        >>> from vai_inspect.onnx import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect("model.onnx", image_format="png")
    """

    framework = FRAMEWORKS["onnx"]


__all__ = ["Inspector"]
