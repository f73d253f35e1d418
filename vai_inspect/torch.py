"""The inspector for PyTorch modules: `from vai_inspect.torch import Inspector`."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.fixed import Fixed
from vai_inspect.frameworks import FRAMEWORKS, modules_of
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import TargetSpec


class Inspector(BaseInspector):
    """Finds which operators of a PyTorch module a DPU runs, and why not the others.

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


def fix(
    model: Any,
    target: TargetSpec,
    input_args: Any = None,
    approximate: bool = False,
    release: Optional[str] = None,
    device: Any = "cpu",
    trust: bool = False,
) -> Fixed:
    """Returns a new module with the plan's rewrites done; the given one is untouched.

    The new module is a torch.fx.GraphModule in evaluation mode, with the leaf modules of the
    given one under their paths, and weights of its own. Each change is checked by running both
    before and after it; one that does not hold is taken back. Cuts of the plan are left to you.

    Args:
        model: a torch.nn.Module, or the path of a `.pt` or `.pth` file of one.
        target: see `BaseInspector`.
        input_args: what its forward is called with; see `BaseInspector.inspect`.
        approximate: whether rewrites that change the function are done, too: the module must then
            be trained again, or at least evaluated.
        release: see `BaseInspector`.
        device: where the copies run.
        trust: whether code in a model file may run; a file needs it.

    Returns:
        The new module, what was done, what is left and why, and both inspections.

    Raises:
        VaiInspectError: as of `BaseInspector.inspect`; and a `CaptureError` where the forward
            cannot be written as a graph of calls.

    Examples:
        >>> from vai_inspect.torch import fix
        >>> fixed = fix(model, "DPUCZDX8G_ISA1_B4096", torch.randn(1, 3, 224, 224))
        >>> fixed.changes, fixed.left
        >>> print(fixed.difference.better)
    """
    inspector = Inspector(target, release)
    with modules_of(FRAMEWORKS["torch"]):
        from vai_inspect.fixing.torch import fix_torch
    return fix_torch(model, inspector, input_args, approximate, device, trust)


__all__ = ["Inspector", "fix"]
