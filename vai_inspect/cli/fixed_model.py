"""`fix` for a model of whichever framework."""

from __future__ import annotations

from typing import Any

from vai_inspect.core.errors import ModelError
from vai_inspect.core.fixed import Fixed
from vai_inspect.frameworks import framework_of
from vai_inspect.pipeline import TargetSpec


def fixed_model(
    model: Any, target: TargetSpec, input_args: Any, approximate: bool, trust: bool
) -> Fixed:
    """Returns what `fix` makes of a model, whichever framework it is of.

    Args:
        model: the model.
        target: as the inspectors take it.
        input_args: as of `fix`.
        approximate: as of `fix`.
        trust: as of `fix`.

    Raises:
        VaiInspectError: as of `fix`; or there is none for the model's framework.
    """
    name = framework_of(model)
    if name == "torch":
        from vai_inspect.torch import fix as fix_torch

        return fix_torch(model, target, input_args, approximate, trust=trust)
    if name == "keras":
        from vai_inspect.keras import fix as fix_keras

        return fix_keras(model, target, input_args, approximate, trust=trust)
    if name == "onnx":
        if approximate:
            raise ModelError(
                "--approximate is for Keras models and PyTorch modules, which can be trained "
                "again; fix does the exact rewrites of an ONNX model alone: leave it out."
            )
        from vai_inspect.onnx import fix as fix_onnx

        return fix_onnx(model, target, input_args)
    raise ModelError(
        "fix changes Keras models, PyTorch modules and ONNX models, and received a "
        f"{type(model).__name__}; the command plan says what to do by hand."
    )
