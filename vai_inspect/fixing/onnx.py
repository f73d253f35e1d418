"""What fixing a model needs of the package onnx."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any, Sequence

from vai_inspect.capture_lock import capture_lock
from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, ReportError, message_of
from vai_inspect.core.fixed import Fixed
from vai_inspect.core.safe_isinstance import is_a
from vai_inspect.fixing import Applied, Fixable, fix_model
from vai_inspect.frontends.onnx.rewrite.changeable import Changeable
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports.atomic import replace_file
from vai_inspect.rules.engine import registry

LARGEST_FILE = 2**31 - 1
"""Bytes of a file; weights of larger models are in separate files."""


class OnnxFixable(Fixable):
    """An ONNX model in memory that rewrites are done on."""

    why_not_approximate = "it changes the function; do it in the framework, train and export again"

    def __init__(
        self, changed: Changeable, inspector: BaseInspector, input_args: Any, name: str
    ) -> None:
        """Keeps a model of its own, and how it is inspected; see `fix_onnx`."""
        super().__init__(inspector)
        self._changed = changed
        self._input_args = input_args
        self._name = name

    @property
    def model(self) -> Any:
        """The `onnx.ModelProto`."""
        return self._changed.model

    def captured(self) -> Captured:
        """Reads it as any other model, under the name of the given one."""
        captured = self._inspector.capture(self.model, self._input_args)
        info = dataclasses.replace(captured.model, name=self._name)
        return dataclasses.replace(captured, model=info)

    def apply(self, rewrite: str, ops: Sequence[str]) -> Applied:
        """Does a rewrite on a copy of the graph."""
        new, left = self._changed.apply(rewrite, ops)
        made = None
        if new is not None:
            made = OnnxFixable(new, self._inspector, self._input_args, self._name)
        return Applied(made, left)

    def error_of(self, other: Fixable) -> float:
        """Of the nodes that are not the same, with the model's own weights."""
        assert isinstance(other, OnnxFixable)
        return other._changed.error


def fix_onnx(model: Any, inspector: BaseInspector, input_args: Any) -> Fixed:
    """Returns what `fix` makes of an ONNX model.

    Args:
        model: the path of an .onnx file, or an `onnx.ModelProto`, which stays as it is.
        inspector: inspects it.
        input_args: see `Inspector.inspect`.

    Raises:
        VaiInspectError: it cannot be read, or its weights are not there.
    """
    batch = registry.family(inspector.target.family).batch
    with capture_lock():
        given = inspect_graph(inspector.capture(model, input_args), inspector.target)
        changed = Changeable(_loaded(model), input_args, batch)
        return fix_model(given, OnnxFixable(changed, inspector, input_args, given.model.name))


def save(fixed: Fixed, path: Path) -> None:
    """Checks the new model with onnx's own checker and writes it.

    Raises:
        ReportError: it cannot be written.
    """
    import onnx

    if fixed.model.ByteSize() > LARGEST_FILE:
        raise ReportError(
            f"{path}: the new model is larger than 2 GB, which no single file holds; write it with "
            'onnx.save(fixed.model, "file.onnx", save_as_external_data=True).'
        )
    try:
        onnx.checker.check_model(fixed.model)
    except Exception as error:  # whatever the checker makes of operators that it does not know
        raise ReportError(
            f"{path} is not written: onnx's checker refuses the new model: {message_of(error)}"
        ) from error
    try:
        replace_file(path, fixed.model.SerializeToString())
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror or error}.") from error


def _loaded(model: Any) -> Any:
    """Returns a model with its weights.

    Raises:
        ModelError: they are not there, or outside the folder of the file.
    """
    import onnx

    if not is_a(model, (str, os.PathLike)):
        outside = [one.name for one in model.graph.initializer if one.data_location]
        if outside:
            raise ModelError(
                f"The weights of the ModelProto are in another file ({outside[0]!r} is one of "
                "them); give the path of the .onnx file, or load it with onnx.load."
            )
        return model
    try:
        return onnx.load(os.fspath(model))
    except Exception as error:  # the package has errors of its own for weights that are not there
        raise ModelError(
            f"{os.fspath(model)} cannot be loaded with its weights: {message_of(error)}"
        ) from error
