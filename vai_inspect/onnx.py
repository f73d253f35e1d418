"""The inspector for ONNX models: `from vai_inspect.onnx import Inspector`."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.pipeline import BaseInspector, TargetSpec
from vai_inspect.rules.quantizers import quantized


class Inspector(BaseInspector):
    """Tells which operators of an ONNX model a DPU will run, and why not the others.

    A file is read by its bytes; neither the package onnx nor a framework is needed.

    Examples:
        >>> from vai_inspect.onnx import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect("model.onnx", image_format="png")
    """

    batch_may_be_open = True

    def __init__(
        self, target: TargetSpec, release: Optional[str] = None, convert: bool = True
    ) -> None:
        """Looks the target up.

        Args:
            target: see `BaseInspector`.
            release: see `BaseInspector`.
            convert: as of the other inspectors; vai_q_onnx replaces no operators.

        Raises:
            TargetError: it names no target; the message says what was received, what is valid.
        """
        super().__init__(target, release)
        self.convert = convert

    def _captured(
        self, model: Any, input_args: Any, device: Any, batch: int, trust: bool
    ) -> Captured:
        """Reads an ONNX file, or an onnx.ModelProto, into the IR."""
        from vai_inspect.frontends.onnx import capture

        return quantized(capture(model, input_args, batch), self.convert, self.release)


__all__ = ["Inspector"]
