"""Files of PyTorch: exported programs (.pt2), and pickled modules (.pt, .pth) that are trusted."""

from __future__ import annotations

import dataclasses
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, clipped
from vai_inspect.core.ir import Graph
from vai_inspect.frontends.torch.capture import capture
from vai_inspect.frontends.torch.pickled import Held, held

EXPORTED, PICKLED = (".pt2",), (".pt", ".pth")
_GIVE_MODULE = "give the nn.Module {}, as file.py:name or as an exported program (.pt2)."
_NO_MODULE = {
    Held.SCRIPT: "is TorchScript, whose forward cannot be followed; "
    + _GIVE_MODULE.format("that it was made from"),
    Held.WEIGHTS: "holds weights and no module: a state dict or a checkpoint; "
    + _GIVE_MODULE.format("that they belong to"),
    Held.EXPORTED: "is an exported program; give it the ending .pt2, by which it is known.",
    Held.NOTHING: "is no file that torch.save wrote: it is neither an archive with a pickle in it "
    "nor a pickle, or it is cut off; " + _GIVE_MODULE.format("itself"),
}


def capture_file(path: Path, input_args: Any = None, trust: bool = False) -> Captured:
    """Reads a model from a file into the IR.

    Args:
        path: the file.
        input_args: see `capture`; None takes the inputs that a program was exported with.
        trust: whether code of a pickled file may run, as reading it asks for.

    Raises:
        ModelError: there is no such file, it holds no module, or it is pickled and not trusted.
        InputShapeError: see `capture`.
        CaptureError: see `capture`.
    """
    if not path.is_file():
        raise ModelError("MODEL {!r}: there is no such file.".format(str(path)))
    exported = path.suffix.lower() in EXPORTED
    captured = capture(_exported(path) if exported else _pickled(path, trust), input_args)
    name = path.stem if exported else captured.model.name
    return dataclasses.replace(
        captured,
        graph=Graph(name, captured.graph.ops),
        model=dataclasses.replace(captured.model, name=name),
    )


def _exported(path: Path) -> Any:
    """Returns an exported program."""
    import torch

    if not hasattr(torch, "export"):
        raise ModelError(
            "{} is an exported program, which torch {} cannot read; use torch 2.1 or newer.".format(
                path, torch.__version__
            )
        )
    if _holds_compiled_code(path):
        raise ModelError(
            "{} holds compiled code (AOTInductor), which is not run here; write the exported "
            "program alone, with torch.export.save.".format(path)
        )
    try:
        with _no_code_run():
            return torch.export.load(str(path))
    except Exception as error:
        raise ModelError(
            "{} cannot be read as an exported program: {}: {}; write it with "
            "torch.export.save.".format(path, type(error).__name__, _one_line(error))
        ) from error


def _holds_compiled_code(path: Path) -> bool:
    """Tells whether torch would load native code that stands beside the program in the file."""
    if not zipfile.is_zipfile(str(path)):
        return False
    with zipfile.ZipFile(str(path)) as archive:
        return any("aotinductor" in Path(name).parts for name in archive.namelist())


@contextmanager
def _no_code_run() -> Iterator[None]:
    """Has `torch.load` refuse what runs code.

    A program's tensors are pickled, and torch's own reader falls back to any pickle at all.
    """
    import torch

    module: Any = torch
    original = module.load

    def load(*args: Any, **kwargs: Any) -> Any:
        return original(*args, **{**kwargs, "weights_only": True})

    module.load = load
    try:
        yield
    finally:
        module.load = original


def _pickled(path: Path, trust: bool) -> Any:
    import torch

    kind = held(path)
    if kind is not Held.PICKLE:
        raise ModelError("{} {}".format(path, _NO_MODULE[kind]))
    if not trust:
        raise ModelError(
            "{} is a pickled file, and reading it runs code that it holds; add --trust (Python: "
            "trust=True) if you trust where it comes from, or give the module as file.py:name or "
            "as an exported program (.pt2).".format(path)
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return torch.load(str(path), map_location="cpu", weights_only=False)
            except TypeError:  # torch before 1.13 has no such option
                return torch.load(str(path), map_location="cpu")
    except Exception as error:
        missing = isinstance(error, (ImportError, AttributeError))
        raise ModelError(
            "{} cannot be read with torch.load: {}: {}; {}.".format(
                path,
                type(error).__name__,
                _one_line(error),
                "the classes in it must be importable here"
                if missing
                else "the file may be cut off or damaged; write it anew with torch.save",
            )
        ) from error


def _one_line(error: Exception) -> str:
    return clipped(" ".join(str(error).split()), 300).rstrip(".")
