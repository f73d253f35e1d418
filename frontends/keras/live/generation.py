"""The interface of Keras 2 and Keras 3 to the graph of a live model.

A model is a graph of nodes, one for each call of a layer or operation, in both generations under
other names.
"""

from __future__ import annotations

import copy
import importlib
import inspect
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from vai_inspect.frontends.keras.live.model_kind import is_keras, is_keras_2
from vai_inspect.frontends.keras.live.node_snapshot import NodeSnapshot
from vai_inspect.frontends.keras.lower.steps import TENSOR_NAME

Arguments = Tuple[Tuple[Any, ...], Dict[str, Any]]


@dataclass(frozen=True)
class CallGraph:
    """The graph of one call, from its inputs to its outputs."""

    inputs: Sequence[Any]
    outputs: Sequence[Any]


class Generation:
    """One generation of Keras.

    Attributes:
        passes_training_on: see `TrainingMode.passed_on`.
    """

    passes_training_on = False

    def __init__(self, root: str) -> None:
        """Sets the module.

        Args:
            root: name of the module: `keras`, `tf_keras` or `tensorflow`.
        """
        self.root = root

    @property
    def version(self) -> str:
        """Version of the module."""
        return str(getattr(importlib.import_module(self.root), "__version__", ""))

    def node_of(self, history: Any) -> Any:
        """Returns the node of a tensor's history, or None."""
        raise NotImplementedError

    def operation(self, node: Any) -> Any:
        """Returns the layer or operation that a node calls."""
        raise NotImplementedError

    def inputs(self, node: Any) -> List[Any]:
        """Returns the input tensors of a node, in the order of its arguments."""
        raise NotImplementedError

    def outputs(self, node: Any) -> List[Any]:
        """Returns the output tensors of a node."""
        raise NotImplementedError

    def filled(self, node: Any, known: Mapping[int, Any]) -> Arguments:
        """Returns a node's arguments with its tensors replaced, by identity."""
        raise NotImplementedError

    def lowered_as(self, operation: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Returns the (operation, args, kwargs) that a call is lowered as."""
        return operation, args, kwargs

    def flat(self, structure: Any) -> List[Any]:
        """Returns the leaves of lists, tuples and dicts."""
        raise NotImplementedError

    def structure(self, function: Any) -> Any:
        """Returns the inputs of a model in their nested structure."""
        raise NotImplementedError

    def results(self, function: Any) -> Any:
        """Returns the outputs of a model in their nested structure."""
        raise NotImplementedError

    def library(self) -> Any:
        """Returns the module with `layers`, `Input` and `Model`."""
        return importlib.import_module(self.root)

    def specs(self, node: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> List[Any]:
        """Returns shape and element type of the outputs of a call.

        Raises:
            Exception: anything that the layer raises if it rejects its input.
        """
        raise NotImplementedError

    def recorded(self, node: Any, given: Sequence[Any], own: Sequence[Any]) -> Any:
        """Returns the recorded outputs of a call, or None if they may not hold for the inputs.

        Args:
            node: the call.
            given: its input tensors.
            own: its input tensors when the model was built.
        """
        outputs = self.outputs(node)
        if len(given) != len(own) or not given:
            return None
        for tensor, symbol in zip(given, own):
            if tuple(tensor.shape[1:]) != tuple(symbol.shape)[1:]:
                return None
        batch = max(tensor.shape[0] for tensor in given if tensor.shape)
        shapes = [tuple(symbol.shape) for symbol in outputs]
        if any(not shape or None in shape[1:] for shape in shapes):
            return None
        return [
            self.fresh((batch if shape[0] is None else shape[0],) + shape[1:], symbol.dtype)
            for shape, symbol in zip(shapes, outputs)
        ]

    def fresh(self, shape: Sequence[Any], dtype: Any, name: str = TENSOR_NAME) -> Any:
        """Returns a symbolic tensor without a node."""
        raise NotImplementedError

    @contextmanager
    def names_kept(self) -> Iterator[None]:
        """Restores Keras's counters of automatic names, so that later layers get the same names."""
        counters = self.counters()
        before = [(counter, copy.copy(counter)) for counter in counters]
        try:
            yield
        finally:
            for counter, was in before:
                counter.clear()
                counter.update(was)

    def counters(self) -> List[Any]:
        """Returns the counters of automatic names, each a dict or a set of the names in use."""
        return []

    def function(self, model: Any, shapes: Any) -> Any:
        """Runs a model's `call` on fresh tensors and returns its graph.

        Args:
            model: a built subclassed model.
            shapes: the shape of its input, or a structure of shapes.

        Raises:
            Exception: anything that the call raises.
        """
        raise NotImplementedError

    @contextmanager
    def opened_call(self, layer: Any, args: Any, kwargs: Dict[str, Any]) -> Iterator[Any]:
        """Yields the graph of a layer's call, or None if it cannot run on symbolic tensors.

        The nodes that this adds to inner layers are removed afterwards.

        Args:
            layer: a user layer, or a Lambda.
            args: positional arguments of its call, with tensors of the trace.
            kwargs: keyword arguments, likewise, and `training`.
        """
        layers = [one for one in layer._flatten_layers() if one is not layer]
        if not all(one.built for one in layers):
            yield None
            return
        snapshots = [NodeSnapshot(one) for one in [layer, *layers]]
        try:
            function = None
            with suppress(Exception, SystemExit):
                # User code may raise anything.
                function = self.call_graph(layer, args, kwargs)
            yield function
        finally:
            for snapshot in snapshots:
                snapshot.restore()

    def call_graph(self, layer: Any, args: Any, kwargs: Dict[str, Any]) -> CallGraph:
        """Runs a layer's `call` on fresh tensors and returns its graph.

        Raises:
            Exception: anything that the call raises.
        """
        raise NotImplementedError

    def built_with(self, model: Any) -> Any:
        """Returns the shapes that a model was built with, with an open batch, or None."""
        raise NotImplementedError


def generation_of(model: Any, recorded: bool = False) -> Generation:
    """Returns the generation of Keras of a model.

    Args:
        model: the model.
        recorded: whether its recorded shapes are used if they hold; those of Keras 2 always are.
    """
    from vai_inspect.frontends.keras.live.keras2 import Keras2
    from vai_inspect.frontends.keras.live.keras3 import Keras3, Recorded

    cls = type(model)
    modules = [base.__module__.split(".")[0] for base in cls.__mro__ if is_keras(base)]
    root = modules[0] if modules else "keras"
    if is_keras_2(cls):
        return Keras2(root)
    return Recorded(root) if recorded else Keras3(root)


def accepted(layer: Any, kwargs: Dict[str, Any]) -> Dict[str, Any]:
    """Returns the keyword arguments of a call, without `training` if `call` does not accept it."""
    try:
        parameters: Any = inspect.signature(layer.call).parameters
    except (TypeError, ValueError):
        parameters = ()
    if "training" in parameters:
        return kwargs
    return {name: value for name, value in kwargs.items() if name != "training"}
