"""The one pass from a framework's channels-first order of axes to the DPU's NHWC."""

from __future__ import annotations

from vai_inspect.frontends.layout.to_nhwc import Assembled, channels_last

__all__ = ["Assembled", "channels_last"]
