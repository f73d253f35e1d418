"""Captures an ONNX model: parses it, lowers it, fuses decomposed operators, converts to NHWC."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Type

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import CaptureError, ModelError, clipped
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import verify
from vai_inspect.core.passes.batch_norm import CONVOLUTIONS, FOLDS_BATCH_NORM
from vai_inspect.frontends.input_shapes import open_batch
from vai_inspect.frontends.layout import channels_last
from vai_inspect.frontends.onnx.assembly import Read, assemble
from vai_inspect.frontends.onnx.file import ModelDef, read_bytes, read_file
from vai_inspect.frontends.onnx.file.proto import without_weights
from vai_inspect.frontends.onnx.inputs import resolve_inputs, unread
from vai_inspect.frontends.onnx.recompose import TF2ONNX, recompose
from vai_inspect.frontends.onnx.tensors import (
    DataDependentError,
    Named,
    UndeclaredError,
    UnreadableError,
)

OLDEST_OPSET = 7
NAMED = 5
"""Number of nodes that a warning names."""
UNSIZED: Dict[Type[UnreadableError], str] = {
    DataDependentError: (
        "{} of {} operators have data-dependent sizes; they run on the CPU: {} and the operators "
        "after them, which are left out"
    ),
    UndeclaredError: (
        "the file does not declare the sizes of {} of {} operators: {}, which run on the CPU, and "
        "the operators after them, which are left out and whose device is unknown"
    ),
    UnreadableError: (
        "the sizes of {} of {} operators cannot be computed; their device is unknown: {} and the "
        "operators after them, which are left out"
    ),
}
"""What is said of operators without known sizes, by the error of the node that causes it."""
LONGEST_REASON = 120
"""Limit of characters of the reason that a warning gives for a node."""


def capture(model: Any, input_args: Any = None, batch: int = 1) -> Captured:
    """Captures an ONNX model in the IR, without other packages and without reading weights.

    Args:
        model: the path of an .onnx file, or an `onnx.ModelProto`.
        input_args: a shape such as (1, 3, 224, 224) in the file's axis order, a list of shapes
            in the order of the inputs, or a dict of shapes by name, for open dimensions.
        batch: the batch size of inputs with an open one.

    Returns:
        The graph before any pass, with NHWC shapes, and information about the model.

    Raises:
        ModelError: `model` is neither, or the file cannot be opened.
        InputShapeError: an open dimension has no size, or a shape does not fit.
        CaptureError: the file is broken, too large, or of an unsupported opset.
    """
    parsed, name = _parsed(model)
    graph = parsed.graph
    assert graph is not None
    _check_opset(parsed)
    inputs = resolve_inputs(graph, input_args, batch)
    read = assemble(parsed, graph, inputs)
    recomposed = recompose(read.assembled, parsed.producer)
    nhwc, dropped = channels_last(recomposed)
    warnings = [*_warnings(read, parsed)]
    left_out = unread(graph)
    if left_out:
        warnings.append("inputs that no operator reads are ignored: " + _listed(left_out))
    if dropped:
        warnings.append("left out, as no output depends on them: " + _listed(dropped))
    of_keras = parsed.producer == TF2ONNX  # its batch norms are folded into inner products, too
    return Captured(
        graph=verify(nhwc),
        model=ModelInfo(name, "onnx", _version(parsed), "config"),
        warnings=tuple(warnings),
        batch_norm_into=FOLDS_BATCH_NORM if of_keras else CONVOLUTIONS,
        batch=open_batch((one.batch_open, one.shape) for one in inputs),
    )


def names_of(model: Any, input_args: Any = None, batch: int = 1) -> Mapping[str, Named]:
    """Returns the value of each name in a model's graph.

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
            "of an .onnx file or an onnx.ModelProto."
        )
    try:
        light = without_weights(model) if hasattr(model, "graph") else model
        data = light.SerializeToString()
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"The ModelProto cannot be serialised ({reason}); save it to a file, with its weights "
            "external, and pass its path."
        ) from error
    name = str(getattr(getattr(model, "graph", None), "name", "") or "model")
    return read_bytes(memoryview(data), "The ModelProto"), name


def _check_opset(model: ModelDef) -> None:
    version = model.opsets.get("")
    if version is not None and version < OLDEST_OPSET:
        raise CaptureError(
            f"The model has opset {version}; opsets from {OLDEST_OPSET} on are supported: convert "
            "it with onnx.version_converter, or export it again."
        )


def _version(model: ModelDef) -> str:
    """Returns the opset and the producer of the file."""
    producer = " ".join(part for part in (model.producer, model.producer_version) if part)
    return f"opset {model.opsets.get('', 1)}" + (f" of {producer}" if producer else "")


def _warnings(read: Read, model: ModelDef) -> Iterator[str]:
    if read.quantised:
        yield (
            f"the file has a quantised model ({read.quantised} operators quantise or dequantise); "
            "it is inspected as the equivalent float model"
        )
    by_cause: Dict[str, List[str]] = {}
    for name, cause in read.left_out.items():
        by_cause.setdefault(cause, []).append(name)
    count = len(model.graph.nodes) if model.graph else 0
    for kind, sentence in UNSIZED.items():
        causes = [name for name in by_cause if _kind(read.reasons[name]) is kind]
        if causes:
            left = sum(len(by_cause[name]) for name in causes)
            reasons = (clipped(str(read.reasons[name]), LONGEST_REASON) for name in causes)
            given = [f"{name} ({reason})" for name, reason in zip(causes, reasons)]
            named = _listed(given if kind is UnreadableError else causes)
            yield sentence.format(left, count, named)


def _kind(reason: UnreadableError) -> Type[UnreadableError]:
    """Returns the most special class of `UNSIZED` of a reason."""
    return next(kind for kind in UNSIZED if isinstance(reason, kind))


def _listed(names: List[str]) -> str:
    more = "" if len(names) <= NAMED else f" and {len(names) - NAMED} more"
    return ", ".join(names[:NAMED]) + more
