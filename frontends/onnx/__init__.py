"""The ONNX frontend: a file in, the IR out. It knows nothing of DPUs."""

from __future__ import annotations

from vai_inspect.frontends.onnx.capture import capture

__all__ = ["capture"]
