"""The calls of a model as the lowerings read them, from a live model or from its config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from vai_inspect.frontends.keras.lower.layer import Layer

TENSOR_NAME = "vai_inspect"
"""Fixed, so that Keras's counter of automatic tensor names does not change."""


@dataclass(frozen=True, eq=False)
class Symbol:
    """A symbolic tensor, compared by identity."""

    shape: Tuple[Any, ...]
    dtype: str
    name: str = TENSOR_NAME


@dataclass(frozen=True)
class InputTensor:
    """An input of the model.

    Attributes:
        name: its layer's name.
        spec: a fresh symbolic tensor of the final shape.
        batch_open: whether neither the model nor the user gives its batch.
    """

    name: str
    spec: Any
    batch_open: bool = False


@dataclass(frozen=True)
class Step:
    """One call of a layer or operation.

    Attributes:
        operation: the layer, or the Keras operation.
        path: its path in the model, e.g. `backbone/conv1`.
        args: positional arguments of the call, tensors as symbolic ones.
        kwargs: keyword arguments, likewise.
        inputs: the tensors among the arguments, in order.
        outputs: the output tensors, all dimensions known; None if only the lowering determines
            them.
        messages: assumptions about the shapes.
        calls: how often the model calls the layer; more than once only if it is shared.
        within: the user's own layer, or Lambda, whose call contains this one; None elsewhere.
        within_path: the path of that layer; empty elsewhere.
        nodes: its node in the model's graph, after those of the calls of enclosing models.
        training: whether it is called with training=True, or within a model that is.
    """

    operation: Layer
    path: str
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    inputs: Tuple[Any, ...]
    outputs: Optional[Tuple[Any, ...]] = None
    messages: Tuple[str, ...] = ()
    calls: int = 1
    within: Optional[Layer] = None
    within_path: str = ""
    nodes: Tuple[Any, ...] = ()
    training: bool = False


@dataclass(frozen=True)
class Trace:
    """Every step in topological order, and the output tensors of the model."""

    steps: Tuple[Step, ...]
    outputs: Tuple[Any, ...]
