"""The PyTorch frontend: a live module in, the IR in XIR's words out. It knows nothing of DPUs."""

from __future__ import annotations

from vai_inspect.frontends.torch.capture.capture import capture
from vai_inspect.frontends.torch.files.exported_program import capture_file

__all__ = ["capture", "capture_file"]
