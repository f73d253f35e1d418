"""Reads a model from a file or bytes."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from vai_inspect.core.errors import CaptureError, ModelError
from vai_inspect.frontends.onnx.file.messages import GraphDef, ModelDef
from vai_inspect.frontends.onnx.file.parse import Parser
from vai_inspect.frontends.wire import WireError


def read_file(path: Path) -> ModelDef:
    """Reads an .onnx file, without its weights.

    Raises:
        ModelError: the file does not exist or cannot be opened.
        CaptureError: it is not an ONNX file.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise ModelError(f"{path} is not a file; give an .onnx file.")
    try:
        with path.open("rb") as stream:
            if stream.seek(0, 2) == 0:
                raise _unreadable(str(path), "it is empty")
            try:
                data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
            except (OSError, ValueError):  # a pipe, say
                stream.seek(0)
                data = memoryview(stream.read())
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror or error}; give an .onnx file."
        ) from error
    return read_bytes(data, str(path))


def read_bytes(data: memoryview, name: str) -> ModelDef:
    """Reads a serialised ModelProto.

    Args:
        data: the bytes.
        name: its name in messages.

    Raises:
        CaptureError: it is not a ModelProto, or holds no graph.
    """
    try:
        model = Parser().model(data)
    except WireError as error:
        raise _unreadable(name, error) from error
    if model.graph is None or not (model.graph.nodes or model.graph.outputs):
        raise _unreadable(name, "it holds no graph")
    return model


def read_graph(data: memoryview, node: str) -> GraphDef:
    """Reads the graph of an attribute.

    Args:
        data: the bytes.
        node: what a message calls the node.

    Raises:
        CaptureError: it is not a graph.
    """
    try:
        return Parser().graph(data)
    except WireError as error:
        raise _unreadable(f"{node}: the graph in it", error) from error


def _unreadable(name: str, problem: object) -> CaptureError:
    return CaptureError(
        f"{name} is not a readable ONNX file: {problem}; export it again, or check that it is "
        "complete."
    )
