"""What a file of `torch.save` holds, told without unpickling it, which would run its code."""

from __future__ import annotations

import pickletools
import tarfile
import zipfile
from enum import Enum
from pathlib import Path
from typing import List, Optional

_MOST = 4 << 20
"""Bytes of a pickle that are looked through; those of tensors stand elsewhere in the archive."""
_EXPORTED = (("archive_format",), ("serialized_exported_program.json",))
"""A file in the archive of an exported program, of new versions of torch and of old ones."""
_OF_WEIGHTS = ("collections OrderedDict", "collections defaultdict", "torch Size", "torch device")
"""What a pickle of tensors in plain containers names, besides parts of torch that rebuild them."""


class Held(Enum):
    """What a file holds."""

    SCRIPT = "TorchScript"
    WEIGHTS = "tensors in plain containers: a state dict, a checkpoint"
    EXPORTED = "a program of torch.export"
    PICKLE = "a pickle of something"
    NOTHING = "nothing that torch.save writes"


def held(path: Path) -> Held:
    """Looks into a file, and runs nothing of it.

    Args:
        path: a file that exists.
    """
    try:
        if zipfile.is_zipfile(str(path)):
            with zipfile.ZipFile(str(path)) as archive:
                return _in_archive(archive)
        with path.open("rb") as file:
            begins_as_pickle = file.read(2)[:1] == b"\x80"  # of protocol 2 or later
        old = begins_as_pickle or tarfile.is_tarfile(str(path))
    except Exception:  # of a damaged archive anything may be raised: zlib.error, LZMAError
        return Held.NOTHING
    return Held.PICKLE if old else Held.NOTHING


def _in_archive(archive: zipfile.ZipFile) -> Held:
    files = {tuple(Path(name).parts[1:]): name for name in archive.namelist()}
    if ("constants.pkl",) in files and any(parts[:1] == ("code",) for parts in files):
        return Held.SCRIPT
    if any(parts[-1:] in _EXPORTED for parts in files):
        return Held.EXPORTED
    if ("data.pkl",) not in files:
        return Held.NOTHING
    with archive.open(files["data.pkl",]) as file:
        names = _named(file.read(_MOST))
    if names is None or not all(_of_tensors(name) for name in names):
        return Held.PICKLE
    return Held.WEIGHTS


def _named(pickle: bytes) -> Optional[List[str]]:
    """Returns the classes and functions that a pickle names, None where it does not tell."""
    names = []
    try:
        for code, argument, _ in pickletools.genops(pickle):
            if code.name == "GLOBAL":
                names.append(str(argument))
            elif code.name in ("STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"):
                return None
    except Exception:  # of a broken pickle anything may be raised
        return None
    return names


def _of_tensors(name: str) -> bool:
    module, _, what = name.partition(" ")
    return (
        name in _OF_WEIGHTS
        or (module == "torch._utils" and what.startswith("_rebuild_"))
        or (module.startswith("torch") and what.endswith(("Storage", "int8", "float16")))
    )
