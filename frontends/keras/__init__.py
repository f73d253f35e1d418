"""The Keras frontend: a live model in, the IR in XIR's words out. It knows nothing of DPUs."""

from __future__ import annotations

from vai_inspect.frontends.keras.live.capture import capture

__all__ = ["capture"]
