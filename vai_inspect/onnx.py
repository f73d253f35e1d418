"""The inspector for ONNX models: `from vai_inspect.onnx import Inspector`."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.errors import ModelError, how_to_install
from vai_inspect.core.fixed import Fixed
from vai_inspect.frameworks import FRAMEWORKS
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import TargetSpec


class Inspector(BaseInspector):
    """Finds which operators of an ONNX model a DPU runs, and why not the others.

    A file is read by its bytes; neither the package onnx nor a framework is needed.

    Examples:
        >>> from vai_inspect.onnx import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect("model.onnx", image_format="png")
    """

    framework = FRAMEWORKS["onnx"]


def fix(
    model: Any,
    target: TargetSpec,
    input_args: Any = None,
    release: Optional[str] = None,
) -> Fixed:
    """Returns a new model with the plan's exact rewrites done; the given one is untouched.

    Weights are read, which inspecting needs not; nothing of the file is run. Each change is
    checked by running the nodes that it changed, before and after it; one that does not hold is
    taken back. Rewrites that change the function, and cuts, are left to you.

    Args:
        model: the path of an .onnx file, or an `onnx.ModelProto`.
        target: see `BaseInspector`.
        input_args: see `BaseInspector.inspect`.
        release: see `BaseInspector`.

    Returns:
        The new `onnx.ModelProto`, what was done, what is left and why, and both inspections.

    Raises:
        VaiInspectError: as of `BaseInspector.inspect`; and a `ModelError` where the package onnx
            or the weights are not there.

    Examples:
        >>> from vai_inspect.onnx import fix
        >>> fixed = fix("model.onnx", "DPUCZDX8G_ISA1_B4096")
        >>> fixed.changes, fixed.left
        >>> onnx.save(fixed.model, "fixed.onnx")
    """
    inspector = Inspector(target, release)
    try:
        import onnx  # noqa: F401

        from vai_inspect.fixing.onnx import fix_onnx
    except ModuleNotFoundError as error:
        if error.name not in ("onnx", "numpy"):
            raise
        raise ModelError(
            "fix needs the module 'onnx' for ONNX models, which is not in this environment. "
            + how_to_install("onnx")
        ) from error
    return fix_onnx(model, inspector, input_args)


__all__ = ["Inspector", "fix"]
