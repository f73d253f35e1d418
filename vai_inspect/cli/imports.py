"""Imports the module or runs the file that the command line names."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
import traceback
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import List, Optional, Sequence, Set

from vai_inspect.cli.error_text import one_line, where
from vai_inspect.core.errors import ModelError, did_you_mean, how_to_install, message_of

_MAY_DEFINE_MORE = re.compile(
    r"import\s*\*|__getattr__|__dict__|__all__\s*\+=|sys\.modules|\bglobal\b|globals|\bvars\b"
    r"|\blocals\b|setattr|\bexec\b|\beval\b"
)
"""Words of a source that may give it names which its own statements do not show."""


def module_of(source: str, name: str, spec: str) -> ModuleType:
    """Returns a module by its name or its file; only what the user names here is run.

    A name that it plainly lacks is reported before anything is imported, which can take long.

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
            raise ModelError(f"MODEL {spec!r}: there is no file {path}.")
        _check_name(path, path.stem, name, spec)
        return _run(path, name, spec)
    importable_here()
    found = _file_of(source)
    if found is not None:
        _check_name(found, source, name, spec)
    return _import(source, spec)


def callables_in(path: Path) -> List[str]:
    """Returns the public classes, functions and called results of a file of Python, in order.

    It is read without being run; nothing is returned where that cannot be done.
    """
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    names: List[str] = []
    for one in body:
        if isinstance(one, (ast.ClassDef, ast.FunctionDef)):
            names.append(one.name)
        elif isinstance(one, ast.Assign) and isinstance(one.value, ast.Call):
            names += [target.id for target in one.targets if isinstance(target, ast.Name)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def listed(names: Sequence[str]) -> str:
    """Returns names as they are listed in a message."""
    text = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return text + (f" and {more} more" if more > 0 else "")


_MOST_NAMES = 12


def importable_here() -> None:
    """Lets modules of the working folder be imported, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def lacks(module: str, part: str, candidates: Set[str], spec: str) -> ModelError:
    """Returns the error that a module has no such name."""
    names = sorted(name for name in candidates if not name.startswith("_"))
    hint = did_you_mean(part, names)
    source = Path(spec.rpartition(":")[0])
    found = callables_in(source) if source.suffix == ".py" else []
    if found and not hint:
        hint = f" It has {listed(found)}."
    return ModelError(f"MODEL {spec!r}: {module} has no {part!r}.{hint}")


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


_VENDORS = (
    ("pytorch_nndct", "vai_inspect.torch"),
    ("nndct_shared", "vai_inspect.torch"),
    ("vai_q_tensorflow2", "vai_inspect.keras"),
    ("vitis_", "vai_inspect.keras"),
)
"""Packages and modules of the vendor's docker image, and what stands for them here."""


def _vendors(error: ImportError) -> Optional[str]:
    """Returns what to do where a file imports the vendor's packages; None for any other."""
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__)[-1:]]
    text = " ".join([error.name or "", *(line or "" for line in lines)])
    for word, module in _VENDORS:
        if word in text:
            return (
                f"it is part of the vendor's docker image: change that import to {module}, or "
                "move the "
                "network to a file of its own"
            )
    return None


def _import(source: str, spec: str) -> ModuleType:
    try:
        return importlib.import_module(source)
    except ModuleNotFoundError as error:
        missing = error.name or source
        vendors = _vendors(error)
        if vendors is not None:
            raise ModelError(
                f"MODEL {spec!r}: importing {source!r} needs {missing!r}{where(error)}; {vendors}."
            ) from error
        package, _, part = missing.rpartition(".")
        if package in sys.modules:
            names = {name for name in dir(sys.modules[package]) if not name.startswith("_")}
            raise ModelError(
                f"MODEL {spec!r}: {package} has no module "
                f"{part!r}.{did_you_mean(part, sorted(names))}"
            ) from error
        raise ModelError(
            f"MODEL {spec!r}: there is no module {missing!r} in this environment ({sys.prefix}). "
            f"{how_to_install(missing)}"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ModelError(
            f"MODEL {spec!r}: importing {source!r} failed: {one_line(error)}{where(error)}"
            f"{_of_two_builds(error)}."
        ) from error


def _run(path: Path, name: str, spec: str) -> ModuleType:
    wanted = importlib.util.spec_from_file_location(path.stem, path)
    if wanted is None or wanted.loader is None:
        raise ModelError(f"MODEL {spec!r}: {path} cannot be read as Python.")
    module = importlib.util.module_from_spec(wanted)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        wanted.loader.exec_module(module)
    except ImportError as error:
        vendors = _vendors(error)
        if vendors is not None:
            raise ModelError(
                f"MODEL {spec!r}: {path} needs {error.name!r}{where(error)}; {vendors}."
            ) from error
        if not isinstance(error, ModuleNotFoundError):
            raise _failed(path, name, spec, error) from error
        raise ModelError(
            f"MODEL {spec!r}: {path} needs the module {error.name!r}, which is not in this "
            f"environment ({sys.prefix}). {how_to_install(error.name or '')}"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _failed(path, name, spec, error) from error
    return module


def _failed(path: Path, name: str, spec: str, error: BaseException) -> ModelError:
    if "attempted relative import" in message_of(error):
        return ModelError(_in_package(path, name, spec))
    return ModelError(
        f"MODEL {spec!r}: running {path} failed: {one_line(error)}{where(error)}"
        f"{_of_two_builds(error)}."
    )


def _of_two_builds(error: BaseException) -> str:
    """Returns what to do where torchvision lacks its operators, as beside another torch."""
    if "torchvision::" not in message_of(error):
        return ""
    return (
        "; torch and torchvision are of different builds: install both from one index, as in "
        "pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu"
    )


def _in_package(path: Path, name: str, spec: str) -> str:
    """Returns what to do with a file that imports from the package it stands in."""
    whole = path.resolve()
    parts, folder = [whole.stem], whole.parent
    while os.path.isfile(folder / "__init__.py") or len(parts) == 1:
        parts.insert(0, folder.name)
        folder = folder.parent
    here = folder == Path.cwd()
    where = "" if here else f", in the folder {os.path.relpath(str(folder))}"
    return (
        f"MODEL {spec!r}: {path} imports from the package that it is part of (relative imports); "
        f"give it as a module of it: {'.'.join(parts)}:{name}{where}."
    )
