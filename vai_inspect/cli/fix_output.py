"""Where the command `fix` writes the new model."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

from vai_inspect.core.errors import ReportError
from vai_inspect.core.fixed import Fixed

EXPORTED, PICKLED, KERAS, ONNX = (".pt2",), (".pt", ".pth"), (".keras",), (".onnx",)
VALID = {
    "keras": (KERAS, ".keras for a Keras model"),
    "torch": ((*EXPORTED, *PICKLED), ".pt2 for a PyTorch module"),
    "onnx": (ONNX, ".onnx for an ONNX model"),
}
"""The endings of a framework's files, and how they are written in messages."""


def check_output(path: Optional[Path], pickle: bool) -> None:
    """Checks the options before any work is done.

    Raises:
        ReportError: they do not go together, or the folder is not there.
    """
    if path is None:
        if pickle:
            raise ReportError("--pickle is for --output FILE.pt, which was not given.")
        return
    ending = path.suffix.lower()
    if pickle and ending not in PICKLED:
        raise ReportError(f"--output {path}: with --pickle the file's ending is .pt or .pth.")
    if not pickle and ending not in (*EXPORTED, *KERAS, *ONNX):
        hint = "; give --pickle, too, to pickle the module" if ending in PICKLED else ""
        raise ReportError(
            f"--output {path}: the file's ending is .keras for a Keras model, .onnx for an ONNX "
            f"model and .pt2 for a PyTorch module{hint}."
        )
    if not path.parent.is_dir():
        raise ReportError(f"--output {path}: there is no folder {path.parent}.")


def check_framework(path: Optional[Path], framework: str) -> None:
    """Checks that a file's ending is one of the model's framework.

    Args:
        path: the file, or None.
        framework: `keras`, `torch` or `onnx`; any other is refused later.

    Raises:
        ReportError: it is one of another framework's.
    """
    endings, wanted = VALID.get(framework, ((), ""))
    if path is not None and endings and path.suffix.lower() not in endings:
        raise ReportError(f"--output {path}: the file's ending is {wanted}.")


def save(fixed: Fixed, path: Path, pickle: bool) -> Tuple[str, ...]:
    """Writes the new model; returns what else is to be known of the file.

    Raises:
        ReportError: it cannot be written.
    """
    if fixed.before.model.framework == "keras":
        from vai_inspect.fixing.keras import save as save_keras

        save_keras(fixed, path)
        return ()
    if fixed.before.model.framework == "onnx":
        from vai_inspect.fixing.onnx import save as save_onnx

        save_onnx(fixed, path)
        return ()
    from vai_inspect.fixing.torch import save as save_torch

    return save_torch(fixed, path, pickle)
