"""An ONNX model to which rewrites are applied, one after another."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy

from vai_inspect.core.errors import message_of
from vai_inspect.frontends.onnx.capture import names_of
from vai_inspect.frontends.onnx.rewrite import PROGRAMS
from vai_inspect.frontends.onnx.rewrite.checking import difference
from vai_inspect.frontends.onnx.rewrite.edit import Edit
from vai_inspect.frontends.onnx.rewrite.node_list import RefusedError
from vai_inspect.frontends.onnx.tensors import Computed, Constant, Named

BROKEN = (AttributeError, IndexError, OverflowError, TypeError, ValueError)
"""Errors for a node whose inputs or attributes are not those of its operator."""


class Changeable:
    """A model with the values of the names in its graph.

    Attributes:
        model: the `onnx.ModelProto`; it is not changed.
        error: difference of its outputs from those of the model that it was made from, as a share
            of their range.
    """

    error = 0.0

    def __init__(self, model: Any, input_args: Any, batch: int) -> None:
        """Reads the shapes.

        Args:
            model: an `onnx.ModelProto` with its weights.
            input_args: see `capture`.
            batch: see `capture`.

        Raises:
            VaiInspectError: as of `capture`.
        """
        self._input_args, self._batch = input_args, batch
        self._named: Mapping[str, Named] = names_of(model, input_args, batch)
        self.model = _declared(model, self._named)

    def apply(
        self, rewrite: str, ops: Sequence[str]
    ) -> Tuple[Optional["Changeable"], Dict[str, str]]:
        """Returns a copy with a rewrite applied at operators, and the reason for each exception.

        Args:
            rewrite: its id.
            ops: names of operators of the inspection.
        """
        program = PROGRAMS.get(rewrite)
        if program is None:
            return None, dict.fromkeys(ops, "it is advice only: fix does not automate it")
        edit = Edit(self.model, self._named)
        left: Dict[str, str] = {}
        nodes = {}
        for op in ops:
            try:
                nodes[op] = edit.op(op)
            except RefusedError as error:
                left[op] = str(error)
        for op, node in nodes.items():
            if not edit.contains(node):
                continue  # replaced by the rewrite of another operator
            try:
                program(edit, node)
            except RefusedError as error:
                left[op] = str(error)
            except BROKEN as error:
                left[op] = f"a node there is broken: {message_of(error)}".rstrip(".")
        if len(left) == len(ops):
            return None, left
        made = Changeable(edit.finished(), self._input_args, self._batch)
        try:
            made.error = self.error_of(made)
        except Exception as error:  # the evaluator may raise anything for an unknown node
            reason = f"its check cannot be run: {message_of(error)}".rstrip(".")
            return None, {**dict.fromkeys(ops, reason), **left}
        return made, left

    def error_of(self, other: "Changeable") -> float:
        """Returns the difference of another model's outputs from those of this one.

        Raises:
            Exception: the evaluator cannot run a node.
        """
        named = {**other._named, **self._named}
        return difference(self.model, other.model, named)


def _declared(model: Any, named: Mapping[str, Named]) -> Any:
    """Returns a model whose outputs have a rank and an element type, as onnx's checker wants it.

    Args:
        model: an `onnx.ModelProto`; it is not changed.
        named: the value of each name in its graph.
    """
    from onnx import helper

    missing = [
        (at, found)
        for at, info in enumerate(model.graph.output)
        for found in (named.get(info.name),)
        if isinstance(found, (Constant, Computed))
        and info.type.WhichOneof("value") in (None, "tensor_type")
        and not info.type.tensor_type.HasField("shape")
    ]
    if not missing:
        return model
    made = type(model)()
    made.CopyFrom(model)
    for at, found in missing:
        kind = made.graph.output[at].type.tensor_type
        wanted = helper.np_dtype_to_tensor_dtype(numpy.dtype(found.dtype))
        kind.elem_type = kind.elem_type or wanted
        kind.shape.SetInParent()
        for _ in found.shape:
            kind.shape.dim.add()
    return made
