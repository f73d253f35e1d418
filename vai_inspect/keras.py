"""The inspector for Keras models: `from vai_inspect.keras import Inspector`."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.fixed import Fixed
from vai_inspect.frameworks import FRAMEWORKS, modules_of
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import TargetSpec
from vai_inspect.vitis import VitisInspector


class Inspector(BaseInspector):
    """Finds which operators of a Keras model a DPU runs, and why not the others.

    Examples:
        >>> from vai_inspect.keras import Inspector
        >>> inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect(model, image_format="png")
    """

    framework = FRAMEWORKS["keras"]


def fix(
    model: Any,
    target: TargetSpec,
    input_args: Any = None,
    approximate: bool = False,
    release: Optional[str] = None,
    convert: bool = True,
    trust: bool = False,
) -> Fixed:
    """Does the rewrites of the plan on a copy of a Keras model, each one checked.

    The functional graph is made again with other layers at the calls to change; weights are
    carried over. An exact change is kept where the outputs differ by at most 1e-5 of their range,
    in float64 on random inputs with random weights and statistics, and any change only where the
    inspection becomes no worse. Cuts are left to you.

    Args:
        model: a live model, which stays as it is, or a file of one.
        target: see `Inspector`.
        input_args: see `Inspector.inspect`.
        approximate: whether rewrites that change the function are done, too; train the new model
            again afterwards, or at least evaluate it.
        release: see `Inspector`.
        convert: see `Inspector`.
        trust: whether Keras may load the file, which can run code.

    Returns:
        The new model, what was done, what is left and why, and both inspections.

    Raises:
        VaiInspectError: as of `Inspector.inspect`; or a layer cannot be made again from its
            config, or the model is a file and `trust` is False.

    Examples:
        >>> from vai_inspect.keras import fix
        >>> fixed = fix(model, "DPUCZDX8G_ISA1_B4096")
        >>> fixed.model.save("fixed.keras")
    """
    inspector = Inspector(target, release, convert)
    with modules_of(FRAMEWORKS["keras"]):
        from vai_inspect.fixing.keras import fix_keras
    return fix_keras(model, inspector, input_args, approximate, trust)


__all__ = ["Inspector", "VitisInspector", "fix"]
