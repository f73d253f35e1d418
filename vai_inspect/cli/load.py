"""Finds the model that the command line names, and what framework it is of."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from vai_inspect.cli.error_text import one_line, where
from vai_inspect.cli.imports import callables_in, lacks, listed, module_of
from vai_inspect.core.errors import ModelError, did_you_mean, message_of
from vai_inspect.frameworks import framework_of, framework_of_file

FORMS = (
    "valid are a .keras, .h5 or .onnx file, a SavedModel folder, with --trust a .pt, .pth or .pt2 "
    "file, package.module:name and "
    "file.py:name, where name is a model or a callable that returns one, such as "
    "keras.applications:ResNet50 or torchvision.models:resnet50"
)
FILES = (".keras", ".h5", ".hdf5", ".pt", ".pth", ".pt2", ".onnx", ".pb", ".tflite")


def load_model(spec: str, kwargs: Dict[str, Any]) -> Any:
    """Returns the model that a file, `package.module:name` or `file.py:name` names.

    Code is run only of what the user names here. A callable is called with `kwargs`. A file of
    Keras, PyTorch or ONNX comes back as its path: its frontend reads it.

    Raises:
        ModelError: there is no such thing, or the callable fails; one line says what to do.
    """
    of_file = framework_of_file(spec)
    if of_file not in ("keras", "onnx"):
        _check_working_folder(spec)
    if of_file:
        if kwargs:
            raise ModelError(f"{spec} is a file; --kwargs is for callables.")
        return Path(spec)
    source, colon, name = spec.rpartition(":")
    if not colon or not source or not name:
        raise ModelError(_not_a_name(spec))
    _check_source(source, name, spec)
    found = _attribute(module_of(source, name, spec), name, spec)
    if framework_of(found) or not callable(found):
        if kwargs:
            raise ModelError(
                f"{spec} is a model already; --kwargs is for callables that return one."
            )
        return found
    try:
        return found(**kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        wrong = _wrong_arguments(found, kwargs) if isinstance(error, TypeError) else None
        if wrong is not None:
            raise ModelError(f"{spec} {wrong}") from error
        given = ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
        hint = _download_hint(error, kwargs)
        raise ModelError(
            f"calling {spec}({given}) failed: {one_line(error)}{where(error)}.{hint}"
        ) from error


def _check_working_folder(spec: str) -> None:
    """Refuses to load a framework in a folder that is gone, where libraries of torch end Python."""
    try:
        os.getcwd()
    except OSError as error:
        raise ModelError(
            f"MODEL {spec!r}: the working folder was deleted, and frameworks cannot be loaded "
            "there; "
            "change to another folder (cd)."
        ) from error


def _wrong_arguments(found: Callable[..., Any], kwargs: Dict[str, Any]) -> Optional[str]:
    """Returns how the arguments differ from what a callable takes; None where they do not."""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return None
    taken = signature.parameters.values()
    if any(one.kind is one.POSITIONAL_ONLY and one.default is one.empty for one in taken):
        return None
    named = [one for one in taken if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    names = [one.name for one in named]
    missing = [one.name for one in named if one.default is one.empty and one.name not in kwargs]
    shown = ", ".join(_shown(one) for one in named) or "none"
    if missing:
        how = "a value for each" if len(names) == len(missing) else "besides"
        options = " ".join(f"--kwargs {name}=VALUE" for name in missing)
        return f"has the parameters {shown}; give {how}: {options}."
    strange = [key for key in kwargs if key not in names]
    if strange and not any(one.kind is one.VAR_KEYWORD for one in taken):
        hint = did_you_mean(strange[0], names)
        return f"has no parameter {strange[0]!r}; it has {shown}.{hint}"
    return None


def _shown(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return parameter.name
    text = repr(parameter.default)
    shown = text if len(text) <= 40 else "..."
    return f"{parameter.name}={shown}"


def _check_source(source: str, name: str, spec: str) -> None:
    """Checks that what stands before the colon is a module's name or a file of Python.

    Raises:
        ModelError: it is neither.
    """
    path = Path(source)
    other = _other_format(path)
    if other is not None:
        raise ModelError(f"MODEL {spec!r}: {source} is {other}.")
    if path.suffix == ".py" or all(part.isidentifier() for part in source.split(".")):
        return
    if path.suffix.lower() in FILES:
        raise ModelError(
            f"MODEL {spec!r}: {source} is a file of a model, of which no name is taken; give it "
            f"without {':' + name!r}."
        )
    beside = source + ".py"
    if path.name and os.path.isfile(beside):
        raise ModelError(f"MODEL {spec!r}: write {beside}:{name}.")
    raise ModelError(
        f"MODEL {spec!r}: {source!r} is neither the name of a module nor a file of Python; {FORMS}."
    )


def _not_a_name(spec: str) -> str:
    path = Path(spec)
    if path.suffix == ".py" and os.path.isfile(path):
        found = callables_in(path)
        names = "one of " + listed(found) if found else "one"
        return f"MODEL {spec!r} names no model in it; write {spec}:name, where name is {names}."
    other = _other_format(path)
    if other is not None:
        return f"MODEL {spec!r} is {other}."
    if path.suffix in FILES and not os.path.exists(path):
        return f"MODEL {spec!r}: there is no such file."
    if os.path.exists(path):
        return f"MODEL {spec!r} is no model that can be read; {FORMS}."
    return f"MODEL {spec!r} names no model; {FORMS}."


_OTHER_FORMATS = {
    ".tflite": "a converted model of TensorFlow Lite, which the DPU's tools do not take; give the "
    "Keras model that it was converted from",
    ".pb": "a frozen graph of TensorFlow; give the Keras model (.keras, .h5) or the SavedModel "
    "folder that it was made from",
    ".xmodel": "a model that is quantised or compiled already; give the float model that it was "
    "made from",
    ".torchscript": "TorchScript, whose forward cannot be followed; give the nn.Module that it was "
    "made from, as file.py:name",
}
"""Files of models that are not read, by ending, with the way from there."""


def _other_format(path: Path) -> Optional[str]:
    """Returns what a file is that is not read, and what to give instead; None for any other."""
    if path.name == "saved_model.pb":
        return f"the graph of a SavedModel; give its folder, {path.parent}"
    return _OTHER_FORMATS.get(path.suffix.lower()) if os.path.isfile(path) else None


def _attribute(module: Any, name: str, spec: str) -> Any:
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except Exception as error:  # the module's own `__getattr__` may raise anything
            called = getattr(found, "__name__", type(found).__name__)
            raise lacks(called, part, set(_models_in(found)), spec) from error
    return found


def _models_in(module: Any) -> List[str]:
    """Names that may be meant: public, and neither a module nor something that is no callable."""
    found = ((name, getattr(module, name, None)) for name in dir(module) if name[:1] != "_")
    return [name for name, thing in found if callable(thing) or framework_of(thing)]


def _download_hint(error: BaseException, kwargs: Dict[str, Any]) -> str:
    looks_like_network = any(
        word in message_of(error).lower() for word in ("url", "download", "http")
    )
    if looks_like_network and "weights" not in kwargs:
        return " An inspection needs no weights: try --kwargs weights=None."
    return ""
