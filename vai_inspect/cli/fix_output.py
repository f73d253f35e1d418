"""Where the command `fix` writes the new model."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

from vai_inspect.core.errors import ReportError
from vai_inspect.core.fixed import Fixed

EXPORTED, PICKLED, KERAS = (".pt2",), (".pt", ".pth"), (".keras",)


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
    if not pickle and ending not in (*EXPORTED, *KERAS):
        hint = "; give --pickle, too, to pickle the module" if ending in PICKLED else ""
        raise ReportError(
            f"--output {path}: the file's ending is .keras for a Keras model and .pt2 for a "
            f"PyTorch module{hint}."
        )
    if not path.parent.is_dir():
        raise ReportError(f"--output {path}: there is no folder {path.parent}.")


def check_framework(path: Optional[Path], framework: str) -> None:
    """Checks that a file's ending is one of the model's framework.

    Args:
        path: the file, or None.
        framework: `keras` or `torch`; any other is refused later.

    Raises:
        ReportError: it is one of the other framework's.
    """
    endings = {"keras": KERAS, "torch": (*EXPORTED, *PICKLED)}
    valid = endings.get(framework)
    if path is not None and valid is not None and path.suffix.lower() not in valid:
        wanted = ".keras for a Keras model" if framework == "keras" else ".pt2 for a PyTorch module"
        raise ReportError(f"--output {path}: the file's ending is {wanted}.")


def save(fixed: Fixed, path: Path, pickle: bool) -> Tuple[str, ...]:
    """Writes the new model; returns what else is to be known of the file.

    Raises:
        ReportError: it cannot be written.
    """
    if fixed.before.model.framework == "keras":
        from vai_inspect.fixing_keras import save as save_keras

        save_keras(fixed, path)
        return ()
    from vai_inspect.fixing_torch import save as save_torch

    return save_torch(fixed, path, pickle)
