"""Finds which operators of a float model an AMD/Xilinx DPU runs, and why not the others.

Use `from vai_inspect.keras import Inspector`, or the command `vai-inspect`; `compare` shows how
much of a model each of several targets runs, `judge` returns counts and times alone, for loops over
many models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from vai_inspect import presenting
from vai_inspect._version import __version__
from vai_inspect.core import presenter

if TYPE_CHECKING:
    from vai_inspect.comparing import compare
    from vai_inspect.core.errors import EstimateError
    from vai_inspect.judging import judge

__all__ = ["EstimateError", "__version__", "compare", "judge"]
_MODULES = ("keras", "onnx", "testing", "torch")
"""The public modules, imported by their names."""

presenter.register(presenting)


def __dir__() -> List[str]:
    return sorted([*__all__, *_MODULES])


def __getattr__(name: str) -> Any:
    # Importing the package alone imports next to nothing of it.
    if name == "compare":
        from vai_inspect.comparing import compare

        return compare
    if name == "judge":
        from vai_inspect.judging import judge

        return judge
    if name == "EstimateError":
        from vai_inspect.core.errors import EstimateError

        return EstimateError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
