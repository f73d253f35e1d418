"""Reads ONNX files from their bytes, without other packages and without their weights."""

from __future__ import annotations

from vai_inspect.frontends.onnx.file.messages import ModelDef
from vai_inspect.frontends.onnx.file.model_file import read_bytes, read_file
from vai_inspect.frontends.onnx.file.numbers import dtype_of, numbers, size_problem
from vai_inspect.frontends.wire import WireError

__all__ = [
    "ModelDef",
    "WireError",
    "dtype_of",
    "numbers",
    "read_bytes",
    "read_file",
    "size_problem",
]
