"""The calls of a model in order, with the shapes that follow from the given inputs.

Nodes are walked, not layers: a layer that is called twice gives two steps, and the calls of a
nested model stand in place of the call of that model. Shapes come from `compute_output_spec` on
fresh symbolic tensors, which, unlike a call, adds no node to the user's layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import CaptureError, InputShapeError
from vai_inspect.frontends.keras.recognise import inner_function, reason_of

_TENSOR_NAME = "vai_inspect"
"""Named so that Keras's counter of automatic tensor names does not move."""


@dataclass(frozen=True)
class InputTensor:
    """An input of the model: its layer's name and a fresh symbolic tensor of the final shape."""

    name: str
    spec: Any


@dataclass(frozen=True)
class Step:
    """One call of a layer or operation.

    Attributes:
        operation: the user's layer, or the Keras operation.
        path: where it stands in the model, e.g. `backbone/conv1`.
        args: positional arguments of the call, tensors as fresh symbolic ones.
        kwargs: keyword arguments, likewise.
        inputs: the tensors among the arguments, in order.
        outputs: the fresh tensors it gives; every dimension a whole number. None where nothing
            but its lowering can tell.
        messages: what was assumed about its shapes.
    """

    operation: Any
    path: str
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    inputs: Tuple[Any, ...]
    outputs: Optional[Tuple[Any, ...]]
    messages: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """Every step in topological order, and the tensors that the model gives."""

    steps: Tuple[Step, ...]
    outputs: Tuple[Any, ...]


def trace(function: Any, inputs: Sequence[InputTensor], replaced: bool) -> Trace:
    """Walks a model from its inputs to its outputs.

    Args:
        function: a `keras.Function`, such as a Functional model.
        inputs: its inputs, in the order of `function.inputs`.
        replaced: whether the user's shapes replace the model's own; then a layer that refuses
            its input is the user's error.
    """
    steps: List[Step] = []
    outputs = _run(function, [tensor.spec for tensor in inputs], "", steps, replaced)
    return Trace(tuple(steps), tuple(outputs))


def fresh_tensor(shape: Sequence[Optional[int]], dtype: Any, name: str = _TENSOR_NAME) -> Any:
    """Returns a symbolic tensor that is known to nobody."""
    import keras

    return keras.KerasTensor(tuple(shape), dtype=dtype, name=name)


def _run(
    function: Any, tensors: Sequence[Any], prefix: str, steps: List[Step], replaced: bool
) -> List[Any]:
    known = {id(symbol): tensor for symbol, tensor in zip(function.inputs, tensors)}
    for node in _ordered(function):
        path = prefix + node.operation.name
        args, kwargs = node.arguments.fill_in(known)
        inner = inner_function(node.operation)
        given = None if inner is None else _inner_inputs(inner, args, kwargs)
        if given is not None:
            outputs = _run(inner, given, path + "/", steps, replaced)
        else:
            step = _step(node, path, args, kwargs, known, replaced)
            steps.append(step)
            outputs = list(step.outputs or ())
        known.update(zip((id(symbol) for symbol in node.outputs), outputs))
    return [known[id(symbol)] for symbol in function.outputs]


def _ordered(function: Any) -> Iterator[Any]:
    """Yields the nodes between inputs and outputs, each after those it reads.

    Depth first, inputs in the order of the call: a branch stays together, and two branches come
    in the order in which the layer that joins them names them.
    """
    inputs = {id(symbol) for symbol in function.inputs}
    done = set()
    stack = [(_node_of(symbol, inputs), False) for symbol in reversed(function.outputs)]
    while stack:
        node, ready = stack.pop()
        if node is None or id(node) in done:
            continue
        if ready:
            done.add(id(node))
            yield node
            continue
        stack.append((node, True))
        stack.extend((_node_of(symbol, inputs), False) for symbol in reversed(node.input_tensors))


def _node_of(symbol: Any, inputs: "set[int]") -> Any:
    """Returns the node that gives a tensor, or None where an input of the model gives it."""
    if id(symbol) in inputs:
        return None
    history = getattr(symbol, "_keras_history", None)
    if history is None or history.operation is None:
        raise CaptureError(
            "Tensor {!r} of the model comes from no layer; build the model from keras.Input "
            "tensors and layers.".format(symbol.name)
        )
    return history.operation._inbound_nodes[history.node_index]


def _inner_inputs(inner: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Optional[List[Any]]:
    """Returns what a nested model is called with, in its own order; None where it is unclear."""
    import keras

    given = args[0] if args else kwargs.get("inputs")
    struct = inner._inputs_struct
    if isinstance(given, dict) and isinstance(struct, dict):
        given = {key: given.get(key) for key in struct}
    flat = [tensor for tensor in keras.tree.flatten(given) if tensor is not None]
    if len(flat) != len(inner.inputs):
        return None
    if any(len(tensor.shape) != len(own.shape) for tensor, own in zip(flat, inner.inputs)):
        return None
    return flat


def _step(
    node: Any,
    path: str,
    args: Tuple[Any, ...],
    kwargs: Dict[str, Any],
    known: Dict[int, Any],
    replaced: bool,
) -> Step:
    inputs = tuple(known[id(symbol)] for symbol in node.input_tensors)
    outputs, messages = [], []
    for symbol, spec in zip(node.outputs, _specs(node, path, args, kwargs, inputs, replaced)):
        shape = tuple(spec.shape)
        if any(size is not None and size < 1 for size in shape):
            raise InputShapeError(_refused(path, inputs, "it would give {}".format(shape)))
        if None in shape[1:]:
            messages.append(
                "the output shape {} is not known before the model runs; 1 is assumed for each "
                "None".format(shape)
            )
        outputs.append(fresh_tensor([size or 1 for size in shape], spec.dtype or symbol.dtype))
    return Step(node.operation, path, tuple(args), kwargs, inputs, tuple(outputs), tuple(messages))


def _specs(
    node: Any,
    path: str,
    args: Tuple[Any, ...],
    kwargs: Dict[str, Any],
    inputs: Tuple[Any, ...],
    replaced: bool,
) -> List[Any]:
    """Returns the symbolic outputs of a call, from Keras's own shape inference."""
    import keras

    operation = node.operation
    try:
        check = getattr(operation, "_assert_input_compatibility", None)
        if check is not None and args:
            check(args[0])
        specs = keras.tree.flatten(operation.compute_output_spec(*args, **kwargs))
    except Exception as error:
        # The user's layers run here, so anything may be raised. A model that was built with
        # these shapes is not refused: then its own record of the shapes is taken.
        if replaced:
            raise InputShapeError(_refused(path, inputs, reason_of(error))) from error
        return list(node.outputs)
    return specs if len(specs) == len(node.outputs) else list(node.outputs)


def _refused(path: str, inputs: Tuple[Any, ...], reason: str) -> str:
    shapes = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
    return (
        "The input shapes do not fit the model: layer {!r} refuses {}: {}; give input shapes "
        "(batch first) that the model takes.".format(path, shapes, reason.rstrip(".;"))
    )
