"""Finds the model that the command line names, and what framework it is of."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import InputShapeError, ModelError, did_you_mean, how_to_install
from vai_inspect.frameworks import framework_of, is_keras_file, is_torch_file

FORMS = (
    "valid are a .keras, .h5 or .pt2 file, a SavedModel folder, package.module:name and "
    "file.py:name, where name is a model or a callable that returns one, such as "
    "keras.applications:ResNet50 or torchvision.models:resnet50"
)
_LITERALS: Dict[str, Optional[bool]] = {"true": True, "false": False, "none": None, "null": None}
FILES = (".keras", ".h5", ".hdf5", ".pt", ".pth", ".pt2", ".onnx", ".pb", ".tflite")


def load_model(spec: str, kwargs: Dict[str, Any]) -> Any:
    """Returns the model that a file, `package.module:name` or `file.py:name` names.

    Code is run only of what the user names here. A callable is called with `kwargs`. A file of
    Keras or PyTorch comes back as its path: its frontend reads it.

    Raises:
        ModelError: there is no such thing, or the callable fails; one line says what to do.
    """
    if is_keras_file(spec) or is_torch_file(spec):
        if kwargs:
            raise ModelError("{} is a file; --kwargs is for callables.".format(spec))
        return Path(spec)
    source, colon, name = spec.rpartition(":")
    if not colon or not source or not name:
        raise ModelError(_not_a_name(spec))
    found = _attribute(_module(source, spec), name, spec)
    if framework_of(found) or not callable(found):
        if kwargs:
            raise ModelError(
                "{} is a model already; --kwargs is for callables that return one.".format(spec)
            )
        return found
    try:
        return found(**kwargs)
    except (Exception, SystemExit) as error:
        raise ModelError(
            "calling {}({}) failed: {}{}.{}".format(
                spec,
                ", ".join("{}={!r}".format(*item) for item in kwargs.items()),
                one_line(error),
                _where(error),
                _download_hint(error, kwargs),
            )
        ) from error


def parse_kwargs(pairs: Sequence[str]) -> Dict[str, Any]:
    """Reads KEY=VALUE pairs; a value is a Python literal, or else text.

    true, false, none and null are what they are in Python: as texts, all would be true there.

    Raises:
        ModelError: a pair has no key or no `=`.
    """
    kwargs: Dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ModelError(
                "--kwargs {!r} is not KEY=VALUE; write for instance --kwargs weights=None.".format(
                    pair
                )
            )
        try:
            kwargs[key] = _LITERALS[text] if text in _LITERALS else ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            kwargs[key] = text
    return kwargs


def parse_shapes(texts: Sequence[str]) -> List[Tuple[int, ...]]:
    """Reads `1,224,224,3` texts, one for each input of the model.

    Raises:
        InputShapeError: a text is not made of positive whole numbers.
    """
    shapes = []
    for text in texts:
        parts = text.replace("x", ",").strip("()[] ")
        try:
            shape = tuple(
                int(part) for part in (parts[:-1] if parts[-1:] == "," else parts).split(",")
            )
        except ValueError:
            shape = ()
        if not shape or min(shape) < 1:
            raise InputShapeError(
                "--input-shape {!r} is no shape; write the sizes of all axes, the batch first: "
                "--input-shape 1,224,224,3.".format(text)
            )
        shapes.append(shape)
    return shapes


def one_line(error: BaseException) -> str:
    """Returns an error's type and message on one line of bounded length, without a full stop."""
    text = " ".join(str(error).split())
    text = "{}: {}".format(type(error).__name__, text) if text else type(error).__name__
    return (text if len(text) <= 400 else text[:397] + "...").rstrip(".")


def _where(error: BaseException) -> str:
    """Returns where the user's code raised an error: the last frame outside installed packages."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if "-packages" not in frame.filename]
    own = [frame for frame in own if "importlib" not in frame.filename]
    return " ({}:{})".format(Path(own[-1].filename).name, own[-1].lineno) if own else ""


def _not_a_name(spec: str) -> str:
    path = Path(spec)
    if path.suffix == ".py" and path.is_file():
        return "MODEL {!r} names no model in it; write {}:name, where name is one.".format(
            spec, spec
        )
    if path.suffix in FILES and not path.exists():
        return "MODEL {!r}: there is no such file.".format(spec)
    if path.exists():
        return "MODEL {!r} is no model that can be read; {}.".format(spec, FORMS)
    return "MODEL {!r} names no model; {}.".format(spec, FORMS)


def _module(source: str, spec: str) -> ModuleType:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    path = Path(source)
    if path.suffix == ".py":
        return _module_of_file(path, spec)
    importable_here()
    try:
        return importlib.import_module(source)
    except ModuleNotFoundError as error:
        missing = error.name or source
        package, _, part = missing.rpartition(".")
        if package in sys.modules:
            near = did_you_mean(part, _public(sys.modules[package]))
            raise ModelError(
                "MODEL {!r}: {} has no module {!r}.{}".format(spec, package, part, near)
            ) from error
        raise ModelError(
            "MODEL {!r}: there is no module {!r} in this environment ({}). {}".format(
                spec, missing, sys.prefix, how_to_install(missing)
            )
        ) from error
    except (Exception, SystemExit) as error:
        raise ModelError(
            "MODEL {!r}: importing {!r} failed: {}{}.".format(
                spec, source, one_line(error), _where(error)
            )
        ) from error


def importable_here() -> None:
    """Lets modules of the working folder be imported, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def _module_of_file(path: Path, spec: str) -> ModuleType:
    if not path.is_file():
        raise ModelError("MODEL {!r}: there is no file {}.".format(spec, path))
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
    except (Exception, SystemExit) as error:
        raise ModelError(
            "MODEL {!r}: running {} failed: {}{}.".format(
                spec, path, one_line(error), _where(error)
            )
        ) from error
    return module


def _attribute(module: ModuleType, name: str, spec: str) -> Any:
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise ModelError(
                "MODEL {!r}: {} has no {!r}.{}".format(
                    spec,
                    getattr(found, "__name__", type(found).__name__),
                    part,
                    did_you_mean(part, _models_in(found)),
                )
            ) from error
    return found


def _models_in(module: Any) -> List[str]:
    """Names that may be meant: public, and neither a module nor something that is no callable."""
    found = ((name, getattr(module, name, None)) for name in _public(module))
    return [name for name, thing in found if callable(thing) or framework_of(thing)]


def _public(module: Any) -> List[str]:
    return [name for name in dir(module) if not name.startswith("_")]


def _download_hint(error: BaseException, kwargs: Dict[str, Any]) -> str:
    looks_like_network = any(word in str(error).lower() for word in ("url", "download", "http"))
    if looks_like_network and "weights" not in kwargs:
        return " An inspection needs no weights: try --kwargs weights=None."
    return ""
