"""The lines of the user's code that lead to a call."""

from __future__ import annotations

import linecache
import os
import re
import sys
from typing import Any, Dict, List, Tuple

from vai_inspect.core.ir import Frame

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""The folder of this frontend, with all of its rooms."""


def user_frames(depth: int = 1) -> Tuple[Frame, ...]:
    """Returns the frames between the start of the trace and here, innermost last.

    Frames of torch itself, of this frontend and of generated code are left out; those of
    libraries of models (torchvision, timm) stay, as the model's forward is written there.

    Args:
        depth: how many of the innermost frames to skip.
    """
    return surroundings(depth + 1)[0]


def surroundings(depth: int = 1) -> Tuple[Tuple[Frame, ...], Tuple[Tuple[str, str], ...]]:
    """Returns the user's frames, as `user_frames`, and in what of torch's the innermost one runs.

    The latter are arguments of a call's form: `function` with the class of an autograd.Function
    of the user's, and `checkpoint`.

    Args:
        depth: how many of the innermost frames to skip.
    """
    found: List[Frame] = []
    within: Dict[str, str] = {}
    frame = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        if code.co_name == ROOT and code.co_filename.startswith(_HERE):
            break
        if is_users(code.co_filename):
            found.append(Frame(code.co_filename, frame.f_lineno, code.co_name))
        elif code.co_name == "apply" and code.co_filename.endswith(_FUNCTION):
            function: Any = frame.f_locals.get("cls")
            if not getattr(function, "__module__", "torch").startswith("torch."):
                within.setdefault("function", function.__name__)
        elif code.co_name == "checkpoint" and code.co_filename.endswith(_CHECKPOINT):
            within["checkpoint"] = "True"
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(reversed(found)), tuple(within.items())


def fx_variable(depth: int = 1) -> str:
    """Returns the variable that a torch.fx GraphModule's forward gives the call its result, or "".

    That is the name of the node in its graph; the code is generated, a line for each node.

    Args:
        depth: how many of the innermost frames to skip.
    """
    frame = sys._getframe(depth)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_GENERATED):
            found = _ASSIGNED.search(linecache.getline(file, frame.f_lineno, frame.f_globals))
            return found.group(1) if found else ""
        if is_users(file):
            break
        frame = frame.f_back  # type: ignore[assignment]
    return ""


_FUNCTION = os.path.join("torch", "autograd", "function.py")
_CHECKPOINT = os.path.join("torch", "utils", "checkpoint.py")
_GENERATED = "<eval_with_key>"
_ASSIGNED = re.compile(r"(?:^|;)\s*([A-Za-z_]\w*)\s*(?::[^=;]*)?=(?!=)")
ROOT = "run_users_forward"
"""The function of this frontend that calls the user's forward; no frame outside it counts."""


def is_users(file: str) -> bool:
    """Returns whether a file is neither torch's nor this frontend's nor made up by a tracer."""
    return not file.startswith((_torch_folder(), _HERE, "<"))


def short(frame: Frame) -> str:
    """Returns a frame as `file:line`."""
    return f"{os.path.basename(frame.file)}:{frame.line}"


def at_users_line(what: str) -> str:
    """Returns what the forward does, with the user's line that does it."""
    frames = user_frames()
    return f"{what} at {short(frames[-1])}" if frames else what


def user_line(error: BaseException) -> str:
    """Returns where in the user's code an error came from, as ` (file:line in function)`."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_users(code.co_filename) and "vai_inspect" not in code.co_filename.split(os.sep):
            name = os.path.basename(code.co_filename)
            found = f" ({name}:{trace.tb_lineno} in {code.co_name})"
        trace = trace.tb_next
    return found


def _torch_folder() -> str:
    global _torch
    if not _torch:
        import torch

        _torch = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
    return _torch


_torch = ""
