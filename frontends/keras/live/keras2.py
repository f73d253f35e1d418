"""Graphs of Keras 2: tf_keras, and tensorflow.keras of TensorFlow 2.4 to 2.15.

The recorded shapes are used if only the batch is open. Otherwise the layer is called on
placeholders in a scratch graph of TensorFlow, which adds no node to it.
"""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

from vai_inspect.frontends.keras.live.generation import (
    Arguments,
    CallGraph,
    Generation,
    accepted,
)
from vai_inspect.frontends.keras.live.model_kind import is_keras
from vai_inspect.frontends.keras.live.node_snapshot import NodeSnapshot
from vai_inspect.frontends.keras.live.tf_layers import keeps_batch, read_operation
from vai_inspect.frontends.keras.lower.steps import TENSOR_NAME, Symbol
from vai_inspect.frontends.keras.nested import replaced
from vai_inspect.frontends.keras.training import unwrapped

_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
_TF_KERAS = "tensorflow.python.keras"


@contextmanager
def tensorflow_quiet() -> Iterator[None]:
    """Suppresses TensorFlow's warnings, such as about variables that bare operations use."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


class Keras2(Generation):
    """Keras 2 as `tf_keras`, `keras` or `tensorflow.python.keras`."""

    def node_of(self, history: Any) -> Any:
        """The node of the layer that outputs the tensor."""
        layer = history.layer
        return None if layer is None else layer._inbound_nodes[history.node_index]

    def operation(self, node: Any) -> Any:
        """A layer; bare operations are layers of their own classes."""
        return node.layer

    def inputs(self, node: Any) -> List[Any]:
        """In the order of the arguments."""
        return list(node.keras_inputs)

    def outputs(self, node: Any) -> List[Any]:
        """In the order of the outputs."""
        return self.flat(node.outputs)

    def filled(self, node: Any, known: Mapping[int, Any]) -> Arguments:
        """Constants stay as they are."""
        args, kwargs = replaced((tuple(node.call_args), dict(node.call_kwargs)), known)
        return tuple(args), dict(kwargs)

    def lowered_as(self, operation: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """A bare operation becomes Keras 3's of the same meaning."""
        if type(operation).__name__ in _OPERATIONS and is_keras(type(operation)):
            return read_operation(operation, args, kwargs)
        return unwrapped(operation), args, kwargs

    def flat(self, structure: Any) -> List[Any]:
        """Dicts in the order of their keys."""
        import tensorflow

        return list(tensorflow.nest.flatten(structure))

    def structure(self, function: Any) -> Any:
        """As nested by the user."""
        return function._nested_inputs

    def results(self, function: Any) -> Any:
        """As nested by the user."""
        return function._nested_outputs

    def library(self) -> Any:
        """For `tensorflow`, its `keras`."""
        name = "tensorflow.keras" if self.root == "tensorflow" else self.root
        return importlib.import_module(name)

    def specs(self, node: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> List[Any]:
        """The record, or the outputs of a call in a scratch graph."""
        recorded = self._recorded(node, self.flat((args, kwargs)))
        return self._called(node.layer, args, kwargs) if recorded is None else recorded

    def fresh(self, shape: Sequence[Any], dtype: Any, name: str = TENSOR_NAME) -> Any:
        """A `Symbol`."""
        return Symbol(tuple(shape), str(getattr(dtype, "name", dtype)), name)

    def function(self, model: Any, shapes: Any) -> Any:
        """A Functional model around the call."""
        library = self.library()
        dtype = model.compute_dtype or "float32"

        def tensor(shape: Sequence[Any]) -> Any:
            size = shape[0]
            return library.Input(tuple(shape[1:]), size, name=None, dtype=dtype)

        inputs = _shapes_mapped(shapes, tensor)
        with tensorflow_quiet():
            return library.Model(inputs, model.call(inputs))

    def counters(self) -> List[Any]:
        """One for each graph of TensorFlow, and the names of bare operations."""
        for name in (self.root + ".src.backend", self.root + ".backend", _TF_KERAS + ".backend"):
            module: Any = sys.modules.get(name)
            if hasattr(module, "PER_GRAPH_OBJECT_NAME_UIDS"):
                names: Any = getattr(module, "OBSERVED_NAMES", set())
                return [*module.PER_GRAPH_OBJECT_NAME_UIDS.values(), names]
        return []

    def call_graph(self, layer: Any, args: Any, kwargs: Dict[str, Any]) -> CallGraph:
        """On inputs of Keras."""
        library = self.library()
        given = [one for one in self.flat((args, kwargs)) if isinstance(one, Symbol)]
        inputs = [
            library.Input(tuple(one.shape[1:]), one.shape[0], dtype=one.dtype) for one in given
        ]
        known = dict(zip(map(id, given), inputs))
        args, kwargs = replaced((tuple(args), accepted(layer, kwargs)), known)
        with tensorflow_quiet():
            return CallGraph(inputs, self.flat(layer.call(*args, **kwargs)))

    def built_with(self, model: Any) -> Any:
        """From the first call of the model, or its build."""
        spec = getattr(model, "_saved_model_inputs_spec", None)
        if spec is not None:
            shapes = [(None,) + tuple(tensor.shape)[1:] for tensor in self.flat(spec)]
            if isinstance(spec, dict):
                return dict(zip(sorted(spec), shapes))
            return shapes if isinstance(spec, (list, tuple)) else shapes[0]
        shape = getattr(model, "_build_input_shape", None)
        return None if shape is None else (None,) + tuple(shape)[1:]

    def _recorded(self, node: Any, flat: Sequence[Any]) -> Any:
        """Returns the recorded outputs, or None if they may not hold for the inputs."""
        layer = node.layer
        kind = type(layer).__name__
        if kind in _OPERATIONS:
            if not keeps_batch(layer):
                return None
        elif not is_keras(type(layer)) or kind == "Lambda":
            return None
        given = [tensor for tensor in flat if isinstance(tensor, Symbol)]
        return self.recorded(node, given, node.keras_inputs)

    def _called(self, layer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> List[Any]:
        import tensorflow

        snapshot = NodeSnapshot(layer)
        try:
            with tensorflow.__internal__.FuncGraph(TENSOR_NAME).as_default():
                placed: Dict[int, Any] = {
                    id(tensor): tensorflow.compat.v1.placeholder(tensor.dtype, tensor.shape)
                    for tensor in self.flat((args, kwargs))
                    if isinstance(tensor, Symbol)
                }
                args, kwargs = replaced((args, kwargs), placed)
                if getattr(layer, "_expects_training_arg", False) and len(args) == 1:
                    kwargs.setdefault("training", False)
                results = self.flat(layer(*args, **kwargs))
        finally:
            snapshot.restore()
        return [self.fresh(tuple(result.shape), result.dtype) for result in results]


def _shapes_mapped(shapes: Any, function: Callable[[Sequence[Any]], Any]) -> Any:
    if isinstance(shapes, dict):
        return {key: _shapes_mapped(value, function) for key, value in shapes.items()}
    if isinstance(shapes, list) or (shapes and isinstance(shapes[0], (list, tuple))):
        return [_shapes_mapped(value, function) for value in shapes]
    return function(shapes)
