"""Which framework a model is of, and what reads it; imports no framework on its own."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, how_to_install
from vai_inspect.core.safe_isinstance import is_a

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
_FILES = {"keras": KERAS_FILES, "torch": (".pt2", ".pt", ".pth"), "onnx": ONNX_FILES}
"""Suffixes of the files of each framework."""


@dataclass(frozen=True)
class CaptureOptions:
    """How a model is read.

    Attributes:
        input_args: the inputs, or their shapes; see `BaseInspector.inspect`.
        device: where PyTorch runs real tensors when it must.
        trust: whether code in a model file may run.
        convert: whether operators that the vendor's quantiser replaces by other functions are
            replaced.
        release: the Vitis AI release whose quantiser is used; None for that of 3.5.
        recorded_shapes: whether the shapes that a Keras model recorded of itself are taken, where
            the inputs are its own but for the batch, in place of asking each layer.
    """

    input_args: Any = None
    device: Any = "cpu"
    trust: bool = False
    convert: bool = True
    release: Optional[str] = None
    recorded_shapes: bool = False


AS_IT_IS = CaptureOptions()
"""A model with its own inputs, as the vendor's quantiser of release 3.5 deploys it."""


@dataclass(frozen=True)
class Framework:
    """A framework that models come from.

    Attributes:
        title: its name as its users write it.
        read: reads a model with a batch for the inputs that leave theirs open.
        needs: modules without which no model of it is read.
    """

    title: str
    read: Callable[[Any, CaptureOptions, int], Captured]
    needs: Tuple[str, ...] = ()


def _read_keras(model: Any, options: CaptureOptions, batch: int) -> Captured:
    from vai_inspect.frontends.keras import capture

    return capture(model, options.input_args, batch, options.trust, options.recorded_shapes)


def _read_torch(model: Any, options: CaptureOptions, batch: int) -> Captured:
    from vai_inspect.frontends.torch import capture, capture_file

    if is_a(model, (str, os.PathLike)):
        return capture_file(Path(os.fspath(model)), options.input_args, options.trust, batch)
    return capture(model, options.input_args, options.device, batch)


def _read_onnx(model: Any, options: CaptureOptions, batch: int) -> Captured:
    from vai_inspect.frontends.onnx import capture

    return capture(model, options.input_args, batch)


FRAMEWORKS: Dict[str, Framework] = {
    "keras": Framework("Keras", _read_keras, needs=("keras", "numpy", "tensorflow")),
    "torch": Framework("PyTorch", _read_torch, needs=("torch",)),
    "onnx": Framework("ONNX", _read_onnx),
}


def read(framework: Framework, model: Any, options: CaptureOptions, batch: int) -> Captured:
    """Reads a model into the IR.

    Args:
        framework: the model's framework.
        model: the model.
        options: how it is read.
        batch: the batch of inputs that leave theirs open.

    Raises:
        ModelError: the framework is not installed.
        VaiInspectError: the model cannot be read.
    """
    with modules_of(framework):
        return framework.read(model, options, batch)


@contextmanager
def modules_of(framework: Framework) -> Iterator[None]:
    """Turns the absence of a module that a framework needs into an error that says so.

    Args:
        framework: the framework.

    Raises:
        ModelError: such a module is imported and not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in framework.needs:
            raise
        raise ModelError(
            f"{framework.title} models need the module {error.name!r}, which is not in this "
            f"environment. {how_to_install(error.name)}"
        ) from error


def framework_of_file(model: Any) -> str:
    """Returns `keras`, `torch` or `onnx` for the path of a file or a Keras folder, else ""."""
    if not is_a(model, (str, os.PathLike)):
        return ""
    path = Path(os.fsdecode(model))
    if os.path.isdir(path):
        return "keras"
    suffix = path.suffix.lower()
    return next((name for name, suffixes in _FILES.items() if suffix in suffixes), "")


def is_keras_config(model: Any) -> bool:
    """Returns whether a model is given by its Keras config: a mapping, or its text as JSON."""
    return is_a(model, Mapping) or (is_a(model, str) and model.lstrip()[:1] == "{")


def framework_of(model: Any) -> str:
    """Returns `keras`, `torch` or `onnx` for a file or a model of what is loaded, else "".

    Args:
        model: anything.
    """
    if is_keras_config(model):
        return "keras"
    name = framework_of_file(model)
    if name:
        return name
    for name, module, kind in _MODELS:
        loaded = sys.modules.get(module)
        base = getattr(loaded, kind, None) if loaded is not None else None
        if isinstance(base, type) and is_a(model, base):
            return name
    return ""


def framework_for(model: Any) -> Framework:
    """Returns the framework that a model is read with.

    Args:
        model: the model.

    Raises:
        ModelError: it is a model of no framework that is known.
    """
    name = framework_of(model)
    if not name and "keras" not in sys.modules:
        raise ModelError(
            f"the model is a {type(model).__name__}; valid is a built Keras model, a "
            "torch.nn.Module, an .onnx file or an onnx.ModelProto."
        )
    return FRAMEWORKS[name or "keras"]
