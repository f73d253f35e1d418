"""An ONNX model read into the IR: parsed, lowered, put together, brought to NHWC."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import CaptureError, ModelError
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import verify
from vai_inspect.core.passes.batch_norm import CONVOLUTIONS, TAKES_IN
from vai_inspect.frontends.layout import channels_last
from vai_inspect.frontends.onnx.assembly import Read, assemble
from vai_inspect.frontends.onnx.file import ModelDef, read_bytes, read_file
from vai_inspect.frontends.onnx.file.proto import without_weights
from vai_inspect.frontends.onnx.inputs import open_batch, resolve_inputs, unread
from vai_inspect.frontends.onnx.joining import TF2ONNX, put_together
from vai_inspect.frontends.onnx.tensors import Named

OLDEST_OPSET = 7
NAMED = 5
"""Nodes that a warning names."""


def capture(model: Any, input_args: Any = None, batch: int = 1) -> Captured:
    """Reads an ONNX model into the IR; no package is needed for it, no weights are read.

    Args:
        model: the path of an .onnx file, or an `onnx.ModelProto`.
        input_args: a shape such as (1, 3, 224, 224) in the file's order of axes, a list of them
            in the order of the inputs, or a dict of them by name, for what the file leaves open.
        batch: the batch of inputs that leave theirs open.

    Returns:
        The graph before any pass, shapes NHWC, and what the report says of the model.

    Raises:
        ModelError: it is neither, or the file cannot be opened.
        InputShapeError: an open dimension that nothing gives, or a shape that does not fit.
        CaptureError: the file is broken, too large, or of an older opset.
    """
    parsed, name = _parsed(model)
    graph = parsed.graph
    assert graph is not None
    _check_opset(parsed)
    inputs = resolve_inputs(graph, input_args, batch)
    read = assemble(parsed, graph, inputs)
    joined = put_together(read.assembled, parsed.producer)
    nhwc, dropped = channels_last(joined)
    warnings = [*_warnings(read, parsed)]
    left_out = unread(graph)
    if left_out:
        warnings.append("inputs that no operator reads are left out: " + _listed(left_out))
    if dropped:
        warnings.append("nothing that the model returns reads them: " + _listed(dropped))
    of_keras = parsed.producer == TF2ONNX  # its batch norms are folded into inner products, too
    return Captured(
        graph=verify(nhwc),
        model=ModelInfo(name, "onnx", _version(parsed), "config"),
        warnings=tuple(warnings),
        batch_norm_into=TAKES_IN if of_keras else CONVOLUTIONS,
        batch=open_batch(inputs),
    )


def names_of(model: Any, input_args: Any = None, batch: int = 1) -> Mapping[str, Named]:
    """Returns what each name of a model's graph stands for, with the shapes of its inputs.

    Args:
        model: as of `capture`.
        input_args: as of `capture`.
        batch: as of `capture`.

    Raises:
        VaiInspectError: as of `capture`.
    """
    parsed, _ = _parsed(model)
    assert parsed.graph is not None
    return assemble(parsed, parsed.graph, resolve_inputs(parsed.graph, input_args, batch)).named


def _parsed(model: Any) -> "tuple[ModelDef, str]":
    if isinstance(model, (str, os.PathLike)):
        path = Path(os.fspath(model))
        return read_file(path), path.stem
    serialise = getattr(model, "SerializeToString", None)
    if isinstance(model, type) or not callable(serialise) or not hasattr(model, "opset_import"):
        raise ModelError(
            f"Received an object of type {type(model).__name__} as the model; valid is the path "
            "of an .onnx file or an "
            "onnx.ModelProto."
        )
    try:
        light = without_weights(model) if hasattr(model, "graph") else model
        data = light.SerializeToString()
    except Exception as error:
        raise ModelError(
            "The ModelProto cannot be serialised ({}); save it to a file, with its weights "
            "outside, and give that.".format(" ".join(str(error).split()))
        ) from error
    name = str(getattr(getattr(model, "graph", None), "name", "") or "model")
    return read_bytes(memoryview(data), "The ModelProto"), name


def _check_opset(model: ModelDef) -> None:
    version = model.opsets.get("")
    if version is not None and version < OLDEST_OPSET:
        raise CaptureError(
            f"The model is of opset {version}; those from {OLDEST_OPSET} on can be read: convert "
            "it with "
            "onnx.version_converter, or export it again."
        )


def _version(model: ModelDef) -> str:
    """Returns the opset and what wrote the file."""
    producer = " ".join(part for part in (model.producer, model.producer_version) if part)
    return "opset {}{}".format(model.opsets.get("", 1), " of " + producer if producer else "")


def _warnings(read: Read, model: ModelDef) -> Iterator[str]:
    if read.quantised:
        yield (
            f"the file holds a quantised model ({read.quantised} operators quantise or "
            "dequantise); it is "
            "inspected as the float model that it stands for"
        )
    by_cause: Dict[str, List[str]] = {}
    for name, cause in read.left_out.items():
        by_cause.setdefault(cause, []).append(name)
    if by_cause:
        yield (
            f"{len(read.left_out)} of {len(model.graph.nodes) if model.graph else 0} operators "
            "are left out, since only running the model tells their sizes; "
            f"they run on the CPU: {_listed(list(by_cause))} and what follows"
        )


def _listed(names: List[str]) -> str:
    more = "" if len(names) <= NAMED else f" and {len(names) - NAMED} more"
    return ", ".join(names[:NAMED]) + more
