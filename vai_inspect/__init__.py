"""Tells which operators of a float model an AMD/Xilinx DPU will run, and why not.

Use `from vai_inspect.keras import Inspector`, or the command `vai-inspect`.
"""

from __future__ import annotations

from vai_inspect._version import __version__

__all__ = ["__version__"]
