"""Where the command `fix` writes the new model."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from vai_inspect.core.errors import ReportError
from vai_inspect.core.fixed import Fixed

EXPORTED, PICKLED = (".pt2",), (".pt", ".pth")


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
    if not pickle and ending not in EXPORTED:
        hint = "; give --pickle, too, to pickle the module" if ending in PICKLED else ""
        raise ReportError(f"--output {path}: the file's ending is .pt2{hint}.")
    if not path.parent.is_dir():
        raise ReportError(f"--output {path}: there is no folder {path.parent}.")


def save(fixed: Fixed, path: Path, pickle: bool) -> None:
    """Writes the new model.

    Raises:
        ReportError: it cannot be written.
    """
    from vai_inspect.fixing_torch import save as save_torch

    save_torch(fixed, path, pickle)
