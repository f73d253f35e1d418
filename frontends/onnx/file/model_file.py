"""From a file or bytes to the messages of a model."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from vai_inspect.core.errors import CaptureError, ModelError
from vai_inspect.frontends.onnx.file.messages import GraphDef, ModelDef
from vai_inspect.frontends.onnx.file.parse import Parser
from vai_inspect.frontends.wire import WireError

_FILE = "{} is no ONNX file that can be read: {}; export it again, or check that it is complete."


def read_file(path: Path) -> ModelDef:
    """Reads an .onnx file; of its weights nothing but the sizes is touched.

    Raises:
        ModelError: there is no such file, or it cannot be opened.
        CaptureError: it is no ONNX file.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise ModelError(f"{path} is no file; give an .onnx file.")
    try:
        with path.open("rb") as stream:
            if stream.seek(0, 2) == 0:
                raise CaptureError(_FILE.format(path, "it is empty"))
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
        name: what messages call it.

    Raises:
        CaptureError: it is none, or it holds no graph.
    """
    try:
        model = Parser().model(data)
    except WireError as error:
        raise CaptureError(_FILE.format(name, error)) from error
    if model.graph is None or not (model.graph.nodes or model.graph.outputs):
        raise CaptureError(_FILE.format(name, "it holds no graph"))
    return model


def read_graph(data: memoryview, name: str) -> GraphDef:
    """Reads the graph inside of an attribute.

    Raises:
        CaptureError: it is none.
    """
    try:
        return Parser().graph(data)
    except WireError as error:
        raise CaptureError(_FILE.format(f"The branch of node {name!r}", error)) from error
