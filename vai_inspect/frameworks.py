"""Which framework a model is of, and the inspector for it; imports no framework by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Optional

from vai_inspect.core.errors import ModelError
from vai_inspect.core.kinds import is_a

if TYPE_CHECKING:
    from vai_inspect.pipeline import BaseInspector, TargetSpec

_MODELS = (
    ("keras", "keras", "Model"),
    ("keras", "tf_keras", "Model"),
    ("torch", "torch.nn", "Module"),
    ("torch", "torch.export", "ExportedProgram"),
    ("onnx", "onnx", "ModelProto"),
)
"""Framework, module and name of the classes of models."""
ONNX_FILES = (".onnx",)
KERAS_FILES = (".keras", ".h5", ".hdf5")
TORCH_FILES = (".pt2", ".pt", ".pth")


def is_keras_file(model: Any) -> bool:
    """Tells whether a model is given by a file of Keras: a path with its suffix, or a folder."""
    if not is_a(model, (str, os.PathLike)):
        return False
    path = Path(os.fsdecode(model))
    return path.suffix.lower() in KERAS_FILES or os.path.isdir(path)


def is_torch_file(model: Any) -> bool:
    """Tells whether a model is given by a file of PyTorch: a path with its suffix."""
    if not is_a(model, (str, os.PathLike)):
        return False
    return Path(os.fsdecode(model)).suffix.lower() in TORCH_FILES


def is_keras_config(model: Any) -> bool:
    """Tells whether a model is given by what Keras saves of it: a mapping, or its text as JSON."""
    return is_a(model, Mapping) or (is_a(model, str) and model.lstrip()[:1] == "{")


def is_onnx_file(model: Any) -> bool:
    """Tells whether a model is given by an ONNX file: a path with its suffix."""
    if not is_a(model, (str, os.PathLike)):
        return False
    return Path(os.fsdecode(model)).suffix.lower() in ONNX_FILES


def framework_of(model: Any) -> str:
    """Returns `keras`, `torch` or `onnx` for a file or a model of what is loaded, else "".

    Args:
        model: anything.
    """
    if is_keras_config(model) or is_keras_file(model):
        return "keras"
    if is_torch_file(model):
        return "torch"
    if is_onnx_file(model):
        return "onnx"
    for name, module, kind in _MODELS:
        loaded = sys.modules.get(module)
        base = getattr(loaded, kind, None) if loaded is not None else None
        if isinstance(base, type) and is_a(model, base):
            return name
    return ""


def inspector_for(
    model: Any, target: TargetSpec, convert: bool = True, release: Optional[str] = None
) -> BaseInspector:
    """Returns the inspector for a model, whichever framework it is of.

    Args:
        model: the model.
        target: as the inspectors take it.
        convert: whether what the vendor's quantiser replaces is replaced; see the inspectors.
        release: Vitis AI release; see the inspectors.

    Raises:
        TargetError: the target names none.
        ModelError: it is a model of no framework that can be inspected.
    """
    framework = framework_of(model)
    if framework == "torch":
        from vai_inspect.torch import Inspector as TorchInspector

        return TorchInspector(target, release, convert=convert)
    if framework == "onnx":
        from vai_inspect.onnx import Inspector as OnnxInspector

        return OnnxInspector(target, release, convert=convert)
    if not framework and "keras" not in sys.modules:
        raise ModelError(
            "the model is a {}; valid is a built Keras model, a torch.nn.Module, an .onnx file or "
            "an onnx.ModelProto.".format(type(model).__name__)
        )
    from vai_inspect.keras import Inspector

    return Inspector(target, release, convert=convert)
