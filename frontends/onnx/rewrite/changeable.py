"""An ONNX model in memory that rewrites are done on, one after another."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.errors import message_of
from vai_inspect.frontends.onnx.capture import names_of
from vai_inspect.frontends.onnx.rewrite import PROGRAMS
from vai_inspect.frontends.onnx.rewrite.checking import difference
from vai_inspect.frontends.onnx.rewrite.edit import Edit, RefusedError
from vai_inspect.frontends.onnx.tensors import Named

BROKEN = (AttributeError, IndexError, OverflowError, TypeError, ValueError)
"""What a node leads to whose inputs or attributes are not those of its operator."""


class Changeable:
    """A model, and what each name of its graph stands for.

    Attributes:
        model: the `onnx.ModelProto`; it stays as it is.
        error: how far what it computes is from what the one that it was made of does, as a share
            of the range.
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
        self.model = model
        self._input_args, self._batch = input_args, batch
        self._named: Mapping[str, Named] = names_of(model, input_args, batch)

    def apply(
        self, rewrite: str, ops: Sequence[str]
    ) -> Tuple[Optional["Changeable"], Dict[str, str]]:
        """Returns a copy with a rewrite done at operators, and why not at the others.

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
            if not edit.stands(node):
                continue  # a part of what was done at another
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
        except Exception as error:  # whatever the evaluator makes of nodes that it does not know
            reason = f"its check cannot be run: {message_of(error)}".rstrip(".")
            return None, {**dict.fromkeys(ops, reason), **left}
        return made, left

    def error_of(self, other: "Changeable") -> float:
        """Returns how far what another model computes is from what this one does.

        Raises:
            Exception: the evaluator cannot run a node.
        """
        named = {**other._named, **self._named}
        return difference(self.model, other.model, named)
