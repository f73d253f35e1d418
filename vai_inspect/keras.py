"""The inspector for Keras models: `from vai_inspect.keras import Inspector`."""

from __future__ import annotations

from typing import Any

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, how_to_install
from vai_inspect.inspector import BaseInspector


class Inspector(BaseInspector):
    """Tells which operators of a Keras model a DPU will run, and why not the others.

    Example:
        >>> from vai_inspect.keras import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect(model, image_format="png")
    """

    def capture(self, model: Any, input_args: Any = None, device: Any = "cpu") -> Captured:
        """Reads a Keras model into the IR by walking the calls of its functional graph."""
        from vai_inspect.frontends.keras import capture

        try:
            return capture(model, input_args)
        except ModuleNotFoundError as error:
            if error.name not in ("keras", "tensorflow"):
                raise
            raise ModelError(
                "Keras models need the module {!r}, which is not in this environment. {}".format(
                    error.name, how_to_install(error.name)
                )
            ) from error


__all__ = ["Inspector"]
