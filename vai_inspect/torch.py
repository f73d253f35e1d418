"""The inspector for PyTorch modules: `from vai_inspect.torch import Inspector`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, how_to_install
from vai_inspect.core.kinds import is_a
from vai_inspect.pipeline import BaseInspector, TargetSpec
from vai_inspect.rules.quantizers import quantized


class Inspector(BaseInspector):
    """Tells which operators of a PyTorch module a DPU will run, and why not the others.

    A script for the vendor's PyTorch inspector runs with its import line changed.

    Examples:
        >>> from vai_inspect.torch import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect(model, torch.randn(1, 3, 224, 224), image_format="png")
    """

    def __init__(
        self,
        target: TargetSpec,
        release: Optional[str] = None,
        trust: bool = False,
        convert: bool = True,
    ) -> None:
        """Looks the target up.

        Args:
            target: see `BaseInspector`.
            release: see `BaseInspector`.
            trust: as `trust` of `inspect`, for every model.
            convert: whether the model is judged as the vendor's PyTorch quantiser deploys it, with
                nn.ReLU6 and the slope of a leaky ReLU replaced by what the DPU has; each
                replacement is a message on its operator. Where False, it is judged as written.
        """
        super().__init__(target, release)
        self.trust = trust
        self.convert = convert

    def _captured(
        self, model: Any, input_args: Any, device: Any, batch: int, trust: bool
    ) -> Captured:
        """Reads a PyTorch module into the IR by following its forward on a copy without values."""
        try:
            from vai_inspect.frontends.torch import capture, capture_file

            if is_a(model, (str, os.PathLike)):
                path = Path(os.fspath(model))
                captured = capture_file(path, input_args, trust or self.trust)
            else:
                captured = capture(model, input_args, device)
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise ModelError(
                "PyTorch models need the module 'torch', which is not in this environment. "
                + how_to_install("torch")
            ) from error
        return quantized(captured, self.convert, self.release)


__all__ = ["Inspector"]
