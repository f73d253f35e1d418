"""The inspector for Keras models: `from vai_inspect.keras import Inspector`."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, how_to_install
from vai_inspect.pipeline import BaseInspector, TargetSpec
from vai_inspect.rules.quantizers import quantized
from vai_inspect.vitis import VitisInspector


class Inspector(BaseInspector):
    """Tells which operators of a Keras model a DPU will run, and why not the others.

    Examples:
        >>> from vai_inspect.keras import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect(model, image_format="png")
    """

    batch_may_be_open = True

    def __init__(
        self, target: TargetSpec, release: Optional[str] = None, convert: bool = True
    ) -> None:
        """Looks the target up.

        Args:
            target: see `BaseInspector`.
            release: see `BaseInspector`.
            convert: whether the model is judged as the vendor's Keras quantiser deploys it, with
                sigmoid, swish, the slope 0.1 of a leaky ReLU and more replaced by what the DPU
                has; each replacement is a message on its operator. Where False, it is judged as
                written.

        Raises:
            TargetError: it names no target; the message says what was received, what is valid.
        """
        super().__init__(target, release)
        self.convert = convert

    def _captured(
        self, model: Any, input_args: Any, device: Any, batch: int, trust: bool
    ) -> Captured:
        """Reads a Keras model into the IR by walking the calls of its functional graph."""
        from vai_inspect.frontends.keras import capture

        try:
            captured = capture(model, input_args, batch, trust, self.recorded)
        except ModuleNotFoundError as error:
            if error.name not in ("keras", "tensorflow"):
                raise
            raise ModelError(
                "Keras models need the module {!r}, which is not in this environment. {}".format(
                    error.name, how_to_install(error.name)
                )
            ) from error
        return quantized(captured, self.convert, self.release)


__all__ = ["Inspector", "VitisInspector"]
