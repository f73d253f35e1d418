"""The inspector for PyTorch modules: `from vai_inspect.torch import Inspector`."""

from __future__ import annotations

from typing import Optional

from vai_inspect.frameworks import FRAMEWORKS
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import TargetSpec


class Inspector(BaseInspector):
    """Tells which operators of a PyTorch module a DPU will run, and why not the others.

    A script for the vendor's PyTorch inspector runs with its import line changed.

    Examples:
        >>> from vai_inspect.torch import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect(model, torch.randn(1, 3, 224, 224), image_format="png")
    """

    framework = FRAMEWORKS["torch"]

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
            convert: see `BaseInspector`.
        """
        super().__init__(target, release, convert)
        self.trust = trust


__all__ = ["Inspector"]
