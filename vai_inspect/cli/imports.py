"""Imports the module or runs the file that the command line names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Optional, Set

from vai_inspect.cli.told import one_line, where
from vai_inspect.core.errors import ModelError, did_you_mean, how_to_install, message_of

_MAY_DEFINE_MORE = re.compile(
    r"import\s*\*|__getattr__|__dict__|__all__\s*\+=|sys\.modules|\bglobal\b|globals|\bvars\b"
    r"|\blocals\b|setattr|\bexec\b|\beval\b"
)
"""Words of a source that may give it names which its own statements do not show."""


def module_of(source: str, name: str, spec: str) -> ModuleType:
    """Returns a module by its name or its file; only what the user names here is run.

    A name that it plainly lacks is told before anything is imported, which can take long.

    Args:
        source: `package.module` or `file.py`.
        name: what is wanted of it.
        spec: the whole text that the user gave, for messages.

    Raises:
        ModelError: there is no such module or file, it fails, or it plainly lacks the name.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    path = Path(source)
    if path.suffix == ".py":
        if not os.path.isfile(path):
            raise ModelError("MODEL {!r}: there is no file {}.".format(spec, path))
        _check_name(path, path.stem, name, spec)
        return _run(path, name, spec)
    importable_here()
    found = _file_of(source)
    if found is not None:
        _check_name(found, source, name, spec)
    return _import(source, spec)


def importable_here() -> None:
    """Lets modules of the working folder be imported, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def lacks(module: str, part: str, candidates: Set[str], spec: str) -> ModelError:
    """Returns the error that a module has no such name."""
    names = sorted(name for name in candidates if not name.startswith("_"))
    return ModelError(
        "MODEL {!r}: {} has no {!r}.{}".format(spec, module, part, did_you_mean(part, names))
    )


def _check_name(path: Path, module: str, name: str, spec: str) -> None:
    names = defined_in(path)
    first = name.split(".")[0]
    if names is not None and first not in names:
        raise lacks(module, first, names, spec)


def defined_in(path: Path) -> Optional[Set[str]]:
    """Returns the names that a file of Python defines, read without running it.

    Returns:
        The names; None where its statements do not tell, or it is no such file.
    """
    import symtable

    try:
        source = path.read_text(encoding="utf-8")
        if _MAY_DEFINE_MORE.search(source):
            return None
        table = symtable.symtable(source, str(path), "exec")
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    names = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_assigned() or one.is_imported() or one.is_namespace()
    }
    if path.name == "__init__.py":  # the modules in a package become its attributes
        names |= {one.stem for one in path.parent.iterdir()}
    return names


def _file_of(module: str) -> Optional[Path]:
    """Returns the file of a module that is found without importing its packages, or None."""
    places, origin, whole = None, None, ""
    for part in module.split("."):
        whole = whole + "." + part if whole else part
        try:
            found = PathFinder.find_spec(whole, places)
        except (ImportError, ValueError, OSError):
            return None
        if found is None:
            return None
        places, origin = found.submodule_search_locations, found.origin
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def _import(source: str, spec: str) -> ModuleType:
    try:
        return importlib.import_module(source)
    except ModuleNotFoundError as error:
        missing = error.name or source
        package, _, part = missing.rpartition(".")
        if package in sys.modules:
            names = {name for name in dir(sys.modules[package]) if not name.startswith("_")}
            raise ModelError(
                "MODEL {!r}: {} has no module {!r}.{}".format(
                    spec, package, part, did_you_mean(part, sorted(names))
                )
            ) from error
        raise ModelError(
            "MODEL {!r}: there is no module {!r} in this environment ({}). {}".format(
                spec, missing, sys.prefix, how_to_install(missing)
            )
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ModelError(
            "MODEL {!r}: importing {!r} failed: {}{}.".format(
                spec, source, one_line(error), where(error)
            )
        ) from error


def _run(path: Path, name: str, spec: str) -> ModuleType:
    wanted = importlib.util.spec_from_file_location(path.stem, path)
    if wanted is None or wanted.loader is None:
        raise ModelError("MODEL {!r}: {} cannot be read as Python.".format(spec, path))
    module = importlib.util.module_from_spec(wanted)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        wanted.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise ModelError(
            "MODEL {!r}: {} needs the module {!r}, which is not in this environment ({}). "
            "{}".format(spec, path, error.name, sys.prefix, how_to_install(error.name or ""))
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if "attempted relative import" in message_of(error):
            raise ModelError(_in_package(path, name, spec)) from error
        raise ModelError(
            "MODEL {!r}: running {} failed: {}{}.".format(spec, path, one_line(error), where(error))
        ) from error
    return module


def _in_package(path: Path, name: str, spec: str) -> str:
    """Returns what to do with a file that imports from the package it stands in."""
    whole = path.resolve()
    parts, folder = [whole.stem], whole.parent
    while os.path.isfile(folder / "__init__.py") or len(parts) == 1:
        parts.insert(0, folder.name)
        folder = folder.parent
    here = folder == Path.cwd()
    return (
        "MODEL {!r}: {} imports from the package that it is part of (relative imports); give it "
        "as a module of it: {}:{}{}.".format(
            spec,
            path,
            ".".join(parts),
            name,
            "" if here else ", in the folder {}".format(os.path.relpath(str(folder))),
        )
    )
