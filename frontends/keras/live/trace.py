"""Traces the calls of a live model in order, with the shapes that follow from its inputs.

It walks nodes, not layers: a layer that is called twice becomes two steps, and the calls of a
nested model replace the call of that model. Shapes are inferred again, on fresh symbolic tensors,
without adding a node to the user's layers.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from contextlib import suppress
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import CaptureError, InputShapeError
from vai_inspect.frontends.keras.live.generation import Arguments, Generation
from vai_inspect.frontends.keras.live.live_layer import as_layer
from vai_inspect.frontends.keras.live.model_kind import inner_function, is_own_code, reason_of
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.steps import InputTensor, Step, Trace
from vai_inspect.frontends.keras.toposort import depth_first
from vai_inspect.frontends.keras.training_mode import TrainingMode


def trace(function: Any, inputs: Sequence[InputTensor], replaced: bool, keras: Generation) -> Trace:
    """Walks a model from its inputs to its outputs.

    Args:
        function: the graph of a model, such as a Functional one.
        inputs: its inputs, in the order of `function.inputs`.
        replaced: whether the user's shapes replace the model's; then a layer that rejects its
            input is the user's error.
        keras: the generation of Keras of the model.
    """
    assumed = any(tensor.batch_open and tensor.spec.shape[0] != 1 for tensor in inputs)
    walk = _Walk(keras, replaced, assumed)
    outputs = walk.run(function, [tensor.spec for tensor in inputs], "")
    calls = Counter(map(id, walk.called))
    steps = (
        step if calls[id(called)] == 1 else dataclasses.replace(step, calls=calls[id(called)])
        for step, called in zip(walk.steps, walk.called)
    )
    return Trace(tuple(steps), tuple(outputs))


class _Walk:
    """The steps so far, with the layer of each, and the position of the walk."""

    def __init__(self, keras: Generation, replaced: bool, assumed: bool) -> None:
        self.steps: List[Step] = []
        self.called: List[Any] = []
        self._keras = keras
        self._replaced = replaced
        self._assumed = assumed
        self._within: Tuple[Optional[Layer], str] = (None, "")
        self._around: Tuple[Any, ...] = ()
        self._mode = TrainingMode(None, keras.passes_training_on)

    def run(self, function: Any, tensors: Sequence[Any], prefix: str) -> List[Any]:
        """Adds the steps of a graph and returns its output tensors."""
        keras = self._keras
        known = {id(symbol): tensor for symbol, tensor in zip(function.inputs, tensors)}
        for node in self._ordered(function):
            operation, symbols = keras.operation(node), keras.outputs(node)
            path = prefix + operation.name
            args, kwargs = keras.filled(node, known)
            inner = inner_function(operation)
            given = None if inner is None else self._inner_inputs(inner, args, kwargs)
            if given is not None:
                around, mode = self._around, self._mode
                self._around = (*around, node)
                training = mode.of(None, args, kwargs)
                self._mode = TrainingMode(training, keras.passes_training_on)
                outputs = self.run(inner, given, path + "/")
                self._around, self._mode = around, mode
            else:
                inputs = tuple([known[id(symbol)] for symbol in keras.inputs(node)])
                step = self._step(node, operation, path, (args, kwargs), inputs, symbols)
                outputs = self._opened(operation, step) or list(step.outputs or ())
            known.update(zip(map(id, symbols), outputs))
        return [known[id(symbol)] for symbol in function.outputs]

    def _opened(self, operation: Any, step: Step) -> Optional[List[Any]]:
        """Adds the steps within a call of user code and returns their outputs.

        A call that cannot be traced becomes one step, as the call of a Keras layer.
        """
        steps, called, before = len(self.steps), len(self.called), self._within
        mode = self._mode
        if is_own_code(operation):
            self._within = before if before[0] else (as_layer(operation), step.path)
            self._mode = TrainingMode(step.training)
            kwargs = {**step.kwargs, "training": step.training}
            with self._keras.opened_call(operation, step.args, kwargs) as function:
                found = None
                if function is not None:
                    with suppress(AttributeError, CaptureError, KeyError):
                        # An output may not be a tensor, or not come from its nodes.
                        found = self.run(function, step.inputs, step.path + "/")
            self._within, self._mode = before, mode
            shapes = [tuple(one.shape) for one in found or ()]
            # A call that returns its input is an operator too, since the quantiser keeps it.
            walked = found and len(self.steps) > steps
            if walked and shapes == [tuple(one.shape) for one in step.outputs or ()]:
                return found
            del self.steps[steps:], self.called[called:]
        self.steps.append(step)
        self.called.append(operation)
        return None

    def _ordered(self, function: Any) -> Iterator[Any]:
        """Yields the nodes between inputs and outputs in topological order."""
        inputs = {id(symbol) for symbol in function.inputs}

        def nodes(symbols: Sequence[Any]) -> List[Any]:
            found = [self._node_of(symbol, inputs) for symbol in symbols]
            return [node for node in found if node is not None]

        return depth_first(nodes(function.outputs), lambda node: nodes(self._keras.inputs(node)))

    def _node_of(self, symbol: Any, inputs: "set[int]") -> Any:
        """Returns the node that outputs a tensor, or None for an input of the model."""
        if id(symbol) in inputs:
            return None
        history = getattr(symbol, "_keras_history", None)
        node = None if history is None else self._keras.node_of(history)
        if node is None:
            raise CaptureError(
                f"Tensor {symbol.name!r} of the model comes from no layer; build the model from "
                "keras.Input tensors and layers."
            )
        return node

    def _inner_inputs(
        self, inner: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]
    ) -> Optional[List[Any]]:
        """Returns the input tensors of a nested model's call in its order; None if unclear."""
        given = args[0] if args else kwargs.get("inputs")
        struct = self._keras.structure(inner)
        if isinstance(given, dict) and isinstance(struct, dict):
            given = {key: given.get(key) for key in struct}
        flat = [tensor for tensor in self._keras.flat(given) if tensor is not None]
        if len(flat) != len(inner.inputs):
            return None
        if any(len(tensor.shape) != len(own.shape) for tensor, own in zip(flat, inner.inputs)):
            return None
        return flat

    def _step(
        self,
        node: Any,
        operation: Any,
        path: str,
        arguments: Arguments,
        inputs: Tuple[Any, ...],
        symbols: List[Any],
    ) -> Step:
        outputs, messages = [], []
        batch = next((tensor.shape[0] for tensor in inputs if tensor.shape), 1)
        for symbol, spec in zip(symbols, self._specs(node, path, arguments, inputs, symbols)):
            shape = tuple(spec.shape)
            if any(size is not None and size < 1 for size in shape):
                raise InputShapeError(_refused(path, inputs, f"it would give {shape}"))
            if None in shape[1:]:
                messages.append(
                    f"the output shape {shape} is not known before the model runs; 1 is assumed "
                    "for each None"
                )
            final = [batch if size is None else size for size in shape[:1]]
            final += [size or 1 for size in shape[1:]]
            outputs.append(self._keras.fresh(final, spec.dtype or symbol.dtype))
        operation, args, kwargs = self._keras.lowered_as(operation, *arguments)
        layer = as_layer(operation)
        return Step(
            layer,
            path,
            tuple(args),
            kwargs,
            inputs,
            tuple(outputs),
            tuple(messages),
            within=self._within[0],
            within_path=self._within[1],
            nodes=(*self._around, node),
            training=bool(self._mode.of(layer.keras_class, args, kwargs)),
        )

    def _specs(
        self,
        node: Any,
        path: str,
        arguments: Arguments,
        inputs: Tuple[Any, ...],
        symbols: List[Any],
    ) -> List[Any]:
        """Returns the symbolic outputs of a call, from Keras's shape inference."""
        try:
            specs = self._keras.specs(node, *arguments)
        except (Exception, SystemExit) as error:
            # User layers may raise anything. A model that was built with these shapes is not
            # rejected: its recorded shapes are used, unless they have another batch.
            if self._replaced or (self._assumed and _fixes_batch(symbols, inputs)):
                raise InputShapeError(_refused(path, inputs, reason_of(error))) from error
            return symbols
        return specs if len(specs) == len(symbols) else symbols


def _fixes_batch(symbols: Sequence[Any], inputs: Sequence[Any]) -> bool:
    """Returns whether the recorded outputs of a call have another batch than its inputs."""
    batches = {tensor.shape[0] for tensor in inputs if tensor.shape}
    return any(symbol.shape and symbol.shape[0] not in {None, *batches} for symbol in symbols)


def _refused(path: str, inputs: Tuple[Any, ...], reason: str) -> str:
    shapes = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
    reason = reason.rstrip(".;")
    return (
        f"The input shapes do not fit the model: layer {path!r} refuses {shapes}: {reason}; give "
        "input shapes (batch first) that the model takes."
    )
