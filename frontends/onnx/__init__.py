"""The ONNX frontend: a file in, the IR in XIR's words out. It knows nothing of DPUs."""

from __future__ import annotations

from vai_inspect.frontends.onnx.capture import capture

__all__ = ["capture"]
