"""Files of PyTorch (.pt, .pth, .pt2), which torch itself loads, and only those that are trusted."""

from __future__ import annotations

import dataclasses
import os
import warnings
from pathlib import Path
from typing import Any, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, clipped, message_of, needs_trust
from vai_inspect.core.ir import Graph
from vai_inspect.frontends.torch.capture.capture import capture
from vai_inspect.frontends.torch.capture.isolation import errors_logged, silence

EXPORTED = (".pt2",)
_PREFERRED = ("ema", "model")
"""Entries of a checkpoint that are taken first; `ema` is what training tools deploy."""
_GIVE_MODULE = "give the nn.Module itself, as file.py:name on the command line"


def capture_file(
    path: Path, input_args: Any = None, trust: bool = False, batch: int = 1
) -> Captured:
    """Reads a model from a file into the IR.

    Args:
        path: the file.
        input_args: see `capture`; None takes the inputs that a program was exported with.
        trust: whether code in the file may run: torch's readers unpickle and evaluate what
            stands there.
        batch: see `capture`.

    Raises:
        ModelError: there is no such file, it is not trusted, or it holds no module.
        InputShapeError: see `capture`.
        CaptureError: see `capture`.
    """
    model, notes = load_file(path, trust)
    exported = path.suffix.lower() in EXPORTED
    captured = capture(model, input_args, batch=batch)
    name = path.stem if exported else captured.model.name
    return dataclasses.replace(
        captured,
        graph=Graph(name, captured.graph.ops),
        model=dataclasses.replace(captured.model, name=name, trusted=True),
        warnings=(*notes, *captured.warnings),
    )


def load_file(path: Path, trust: bool) -> Tuple[Any, Tuple[str, ...]]:
    """Returns the module or exported program in a file, and what to report of where it stood.

    Args:
        path: see `capture_file`.
        trust: see `capture_file`.

    Raises:
        ModelError: see `capture_file`.
    """
    if not os.path.isfile(path):
        raise ModelError(f"MODEL {str(path)!r}: there is no such file.")
    if not trust:
        raise ModelError(
            needs_trust(
                f"{path} is a file that torch itself has to load",
                _GIVE_MODULE,
            )
        )
    return (_program(path), ()) if path.suffix.lower() in EXPORTED else _module(path)


def _program(path: Path) -> Any:
    """Returns an exported program."""
    import torch

    if not hasattr(torch, "export"):
        raise ModelError(
            f"{path} is an exported program, which torch {torch.__version__} cannot read; use "
            "torch 2.1 or newer."
        )
    with silence(), errors_logged("torch.export") as logged:
        try:
            return torch.export.load(str(path))
        except (Exception, SystemExit) as error:
            # The reader fails wherever the damage leads it; at times it logs why, tries what
            # earlier versions wrote, and raises what became of that.
            raise ModelError(
                f"{path} cannot be read as an exported program: "
                f"{_brief(logged[0] if logged else error)}; write it with torch.export.save."
            ) from error


def _module(path: Path) -> Tuple[Any, Tuple[str, ...]]:
    """Returns the module in a pickled file, and what to report of where it stood."""
    found = _unpickled(path)
    import torch

    if not isinstance(found, dict):
        if isinstance(found, torch.nn.Module):
            return found, ()
        raise ModelError(f"{path} holds a {type(found).__name__} and no module; {_GIVE_MODULE}.")
    modules = {
        str(key): value for key, value in found.items() if isinstance(value, torch.nn.Module)
    }
    names = [name for name in _PREFERRED if name in modules] or list(modules)
    if not names:
        raise ModelError(
            f"{path} holds weights and no module: a state dict or a checkpoint; {_GIVE_MODULE}."
        )
    if len(names) > 1 and names[0] not in _PREFERRED:
        listed = clipped(", ".join(map(repr, names)), 200)
        preferred = " or ".join(map(repr, _PREFERRED))
        raise ModelError(
            f"{path} holds {len(names)} modules ({listed}), and none of them is named {preferred}; "
            f"{_GIVE_MODULE}."
        )
    others = [name for name in modules if name != names[0]]
    text = f"the file holds a checkpoint; its entry {names[0]!r} is what was inspected"
    if others:
        text += ", not " + clipped(", ".join(map(repr, others)), 200)
    return modules[names[0]], (text,)


def _unpickled(path: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return torch.load(str(path), map_location="cpu", weights_only=False)
            except TypeError as error:  # torch before 1.13 has no such option
                if "weights_only" not in message_of(error):
                    raise
                return torch.load(str(path), map_location="cpu")
    except (Exception, SystemExit) as error:
        # Unpickling runs code of the file, so anything may be raised.
        remedy = (
            "the classes in it must be importable here"
            if isinstance(error, (ImportError, AttributeError))
            else "the file may be cut off or damaged, or be an exported program, whose ending is "
            ".pt2"
        )
        raise ModelError(
            f"{path} cannot be read with torch.load: {_brief(error)}; {remedy}."
        ) from error


def _brief(error: BaseException) -> str:
    text = message_of(error)
    name = type(error).__name__
    return clipped(f"{name}: {text}" if text else name, 300).rstrip(".")
