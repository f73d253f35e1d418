"""Graphs of Keras 3.

Shapes come from `compute_output_spec` on fresh symbolic tensors, which, unlike a call, adds no
node to the user's layers.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from vai_inspect.frontends.keras.live.generation import (
    Arguments,
    CallGraph,
    Generation,
    accepted,
)
from vai_inspect.frontends.keras.live.model_kind import is_class, is_keras
from vai_inspect.frontends.keras.lower.steps import TENSOR_NAME, Symbol
from vai_inspect.frontends.keras.nested import leaves, replaced

_SEEDS = "global_seed_generator"
_CONTEXT = "current_call_ctx"
_WAITING = "uninitialized_variables"


@contextmanager
def _nothing_assigned() -> Iterator[None]:
    """Reverts every assignment to a Keras variable at the end of the scope.

    Variables created in it, and Keras's generator of seeds, are never initialised.
    """
    import keras

    state: Any = sys.modules["keras.src.backend.common.global_state"]
    waiting = state.get_global_attribute(_WAITING, [], set_to_default=True)
    before, seeds = len(waiting), state.get_global_attribute(_SEEDS)
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        del waiting[before:]
        state.set_global_attribute(_SEEDS, seeds)


def _operation() -> Any:
    import keras

    return keras.Operation


@contextmanager
def _called(layer: Any, training: bool) -> Iterator[None]:
    """Sets the mode that the calls within the call of a layer inherit, as the call itself does."""
    state: Any = sys.modules["keras.src.backend.common.global_state"]
    context = sys.modules["keras.src.layers.layer"].CallContext(layer)
    context.training = training
    before = state.get_global_attribute(_CONTEXT)
    state.set_global_attribute(_CONTEXT, context)
    try:
        yield
    finally:
        state.set_global_attribute(_CONTEXT, before)


class Keras3(Generation):
    """Keras 3, on any backend."""

    passes_training_on = True

    def node_of(self, history: Any) -> Any:
        """The node of the operation that outputs the tensor."""
        operation = history.operation
        return None if operation is None else operation._inbound_nodes[history.node_index]

    def operation(self, node: Any) -> Any:
        """A layer, or an operation of `keras.ops`."""
        return node.operation

    def inputs(self, node: Any) -> List[Any]:
        """In the order of the arguments."""
        return list(node.input_tensors)

    def outputs(self, node: Any) -> List[Any]:
        """In the order of the outputs."""
        return list(node.outputs)

    def filled(self, node: Any, known: Mapping[int, Any]) -> Arguments:
        """Filled in by Keras."""
        args, kwargs = node.arguments.fill_in(known)
        return tuple(args), dict(kwargs)

    def flat(self, structure: Any) -> List[Any]:
        """Dicts in the order of their keys."""
        import keras

        return list(keras.tree.flatten(structure))

    def structure(self, function: Any) -> Any:
        """As nested by the user."""
        return function._inputs_struct

    def results(self, function: Any) -> Any:
        """As nested by the user."""
        return function._outputs_struct

    def specs(self, node: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> List[Any]:
        """From Keras's shape inference."""
        operation = node.operation
        check = getattr(operation, "_assert_input_compatibility", None)
        if check is not None and args:
            check(args[0])
        specs = self.flat(operation.compute_output_spec(*args, **kwargs))
        if any(None in spec.shape[1:] for spec in specs):
            # A layer (EinsumDense) may declare less than its call determines.
            with suppress(Exception):
                return self.flat(_operation().compute_output_spec(operation, *args, **kwargs))
        return specs

    def fresh(self, shape: Sequence[Any], dtype: Any, name: str = TENSOR_NAME) -> Any:
        """A KerasTensor."""
        import keras

        return keras.KerasTensor(tuple(shape), dtype=dtype, name=name)

    def counters(self) -> List[Any]:
        """One, from a private module of Keras."""
        state = sys.modules.get("keras.src.backend.common.global_state")
        get = getattr(state, "get_global_attribute", None)
        return [] if get is None else [get("object_name_uids", defaultdict(int), True)]

    def function(self, model: Any, shapes: Any) -> Any:
        """A `keras.Function`."""
        import keras

        inputs = keras.tree.map_shape_structure(
            lambda shape: self.fresh(shape, model.compute_dtype, "input"), shapes
        )
        with _nothing_assigned() if model.built else nullcontext():
            return keras.Function(inputs, model.call(inputs))

    def call_graph(self, layer: Any, args: Any, kwargs: Dict[str, Any]) -> CallGraph:
        """Without a `keras.Function`, which cannot return an input."""
        import keras

        inputs: List[Any] = []

        def tensor(one: Any) -> Any:
            if not isinstance(one, (Symbol, keras.KerasTensor)):
                return one
            inputs.append(keras.KerasTensor(tuple(one.shape), one.dtype, name="input"))
            return inputs[-1]

        given = kwargs.get("training")
        args, kwargs = keras.tree.map_structure(tensor, (tuple(args), accepted(layer, kwargs)))
        with _nothing_assigned(), _called(layer, bool(given)):
            return CallGraph(inputs, self.flat(layer.call(*args, **kwargs)))

    def built_with(self, model: Any) -> Any:
        """From the model's build config."""
        import keras

        shapes = (model.get_build_config() or {}).get("input_shape")
        if shapes is None:
            return None
        return keras.tree.map_shape_structure(lambda shape: (None,) + tuple(shape)[1:], shapes)


class Recorded(Keras3):
    """Keras 3, with the recorded shapes of Keras layers if they hold.

    The output shapes of a Keras layer are those recorded when the model was built if its input
    shapes are the same except for the batch. An operation of `keras.ops`, a Lambda and a user
    layer may change the batch in any way, so their shapes are inferred again.
    """

    def __init__(self, root: str) -> None:
        """Sets the module."""
        super().__init__(root)
        self._trusted: Dict[type, bool] = {}

    def filled(self, node: Any, known: Mapping[int, Any]) -> Arguments:
        """Faster than Keras, which traverses the arguments with a tree library."""
        args, kwargs = replaced((node.arguments.args, node.arguments.kwargs), known)
        return tuple(args), dict(kwargs)

    def specs(self, node: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> List[Any]:
        """The record, or Keras's shape inference."""
        cls = type(node.operation)
        if cls not in self._trusted:
            layer = is_keras(cls) and is_class(cls, "Layer")
            self._trusted[cls] = layer and cls.__name__ != "Lambda"
        if self._trusted[cls]:
            given = [tensor for tensor in leaves((args, kwargs)) if isinstance(tensor, Symbol)]
            found = self.recorded(node, given, node.input_tensors)
            if found is not None:
                return list(found)
        tensors: Dict[int, Any] = {
            id(one): super(Recorded, self).fresh(one.shape, one.dtype)
            for one in leaves((args, kwargs))
            if isinstance(one, Symbol)
        }
        args, kwargs = replaced((args, kwargs), tensors)
        return super().specs(node, tuple(args), dict(kwargs))

    def fresh(self, shape: Sequence[Any], dtype: Any, name: str = TENSOR_NAME) -> Any:
        """A `Symbol`."""
        return Symbol(tuple(shape), str(dtype), name)
