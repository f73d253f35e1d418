"""Reads a node: its inputs and attributes, with errors for a lowering that cannot use them."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional, Sequence, Tuple

from vai_inspect.frontends.onnx.file.messages import Node, Tensor
from vai_inspect.frontends.onnx.tensors import (
    Constant,
    Operand,
    UnknownValuesError,
    UnreadableError,
)


class NodeReader:
    """A node with its inputs.

    Attributes:
        node: the node.
        opset: version of the operator set of the node's domain.
        inputs: the inputs; None for an omitted input.
    """

    node: Node
    opset: int
    inputs: Tuple[Optional[Operand], ...]

    @property
    def x(self) -> Operand:
        """The first input."""
        return self.input(0)

    def has(self, at: int) -> bool:
        """Returns whether an input is present."""
        return at < len(self.inputs) and self.inputs[at] is not None

    def input(self, at: int) -> Operand:
        """Returns an input.

        Raises:
            UnreadableError: the input is missing.
        """
        found = self.inputs[at] if at < len(self.inputs) else None
        if found is None:
            raise UnreadableError(f"its input {at} is missing")
        return found

    def constant(self, at: int) -> Constant:
        """Returns an input that is constant.

        Raises:
            UnreadableError: the input is missing or depends on the model's inputs.
        """
        found = self.input(at)
        if not isinstance(found, Constant):
            raise UnreadableError(f"its input {at} is computed from the model's inputs")
        return found

    def values(self, at: int) -> Tuple[Any, ...]:
        """Returns the elements of a constant input.

        Raises:
            UnreadableError: they are not known.
        """
        found = self.constant(at).values
        if found is None:
            raise UnknownValuesError(at)
        return found

    def integers(self, name: str, default: Optional[Sequence[int]] = None) -> Tuple[int, ...]:
        """Returns an attribute that is a list of integers."""
        found = self.node.attributes.get(name)
        if found is None:
            if default is None:
                raise UnreadableError(f"it has no attribute {name!r}")
            return tuple(default)
        return found.integers

    def integer(self, name: str, default: int = 0) -> int:
        """Returns an attribute that is an integer."""
        found = self.node.attributes.get(name)
        return default if found is None else found.integer

    def number(self, name: str, default: float) -> float:
        """Returns an attribute that is a number."""
        found = self.node.attributes.get(name)
        return default if found is None else found.number

    def text(self, name: str, default: str) -> str:
        """Returns an attribute that is a string."""
        found = self.node.attributes.get(name)
        return default if found is None else found.text

    def tensor(self, name: str) -> Optional[Tensor]:
        """Returns an attribute that is a tensor, or None."""
        found = self.node.attributes.get(name)
        return None if found is None else found.tensor

    def axes(self, rank: int, at: int = 1) -> Optional[Tuple[int, ...]]:
        """Returns non-negative axes, from an attribute or (in later opsets) an input."""
        if "axes" in self.node.attributes:
            given: Sequence[int] = self.node.attributes["axes"].integers
        elif self.has(at):
            given = self.values(at)
        else:
            return None
        if any(not -rank <= axis < rank for axis in given):
            raise UnreadableError(f"it has axes {list(given)} of {rank}")
        return tuple(sorted(int(axis) % rank for axis in given))

    def read_as(self, op_type: str, inputs: Sequence[Optional[Operand]]) -> None:
        """Replaces the node by another operator of the ONNX domain, with these inputs."""
        self.node = dataclasses.replace(self.node, op_type=op_type, domain="")
        self.opset = self.integer("opset", max(self.opset, 13))  # as QLinearSoftmax names it
        self.inputs = tuple(inputs)
