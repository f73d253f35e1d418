"""Captures a model file in the IR from its config, without the framework."""

from __future__ import annotations

import dataclasses
from typing import Any, List, Sequence

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import InputShapeError, ModelError, how_to_give
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph, verify
from vai_inspect.core.model_form import ModelForm
from vai_inspect.frontends.input_shapes import InputShape, resolve_shapes, single_shape
from vai_inspect.frontends.keras.config.call_order import Symbol, plan
from vai_inspect.frontends.keras.config.calls import Sizes
from vai_inspect.frontends.keras.config.network import Network, is_network, network
from vai_inspect.frontends.keras.config.steps import Steps, agrees
from vai_inspect.frontends.keras.config.stored import Stored
from vai_inspect.frontends.keras.live.trace import InputTensor, Trace
from vai_inspect.frontends.keras.lower.assembly import Assembly, assembled
from vai_inspect.frontends.keras.lower.channels_first import channels_last, keeps_first
from vai_inspect.frontends.keras.lower.dispatch import LayerRefusesError
from vai_inspect.frontends.keras.lower.training import check_float_config


def capture_stored(
    stored: Stored, input_args: Any = None, batch: int = 1, assume_last: bool = False
) -> Captured:
    """Reads what a file holds of a model into the IR. Nothing in the file is run.

    Args:
        stored: what the file holds.
        input_args: shapes that replace the model's own; see `frontends.keras.capture`.
        batch: see `frontends.keras.capture`.
        assume_last: whether a layer of which nothing tells what it gives, and whose output nothing
            reads but the user, is taken to keep its shape; the operator then says so.

    Returns:
        The graph before any pass, as the live model would give it.

    Raises:
        ModelError: the config is of no Functional or Sequential model, or contradicts itself.
        InputShapeError: a dimension that nothing fills, or a shape that does not fit the model.
        OutputUnknownError: a layer whose output shape the file does not tell.
    """
    check_float_config(stored.config, stored.path)
    if not is_network(stored.config):
        raise ModelError(_not_a_graph(stored))
    try:
        found = network(stored.config, stored.path, stored.keras_2)
        shapes = _shapes(found, input_args, batch)
        graph = _graph(found, shapes, input_args, stored.path, assume_last)
    except RecursionError as error:
        raise ModelError(f"{stored.path} is nested too deeply to be a model.") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A hostile config may have anything in the place of anything.
        text = " ".join(str(error).split())
        raise ModelError(
            "{} has a config that cannot be read ({}: {}); save the model again.".format(
                stored.path, type(error).__name__, text if len(text) < 200 else text[:197] + "..."
            )
        ) from error
    taken = next((shape.sizes[0] for shape in shapes if shape.batch_open), None)
    info = ModelInfo(found.name, "keras", stored.version, "config")
    return Captured(graph, info, batch=taken, form=_form(stored, found))


def _form(stored: Stored, found: Network) -> ModelForm:
    nested = tuple(name for name, one in found.layers.items() if isinstance(one, Network))
    sequential = stored.config.get("class_name") == "Sequential"
    return ModelForm("Sequential" if sequential else "Functional", nested=nested)


def _shapes(found: Network, input_args: Any, batch: int) -> List[InputShape]:
    names = [entry.name for entry in found.inputs]
    return resolve_shapes(names, _own_shapes(found, input_args), input_args, batch)


def _graph(
    found: Network, shapes: Sequence[InputShape], input_args: Any, path: str, assume_last: bool
) -> Graph:
    own = _own_shapes(found, input_args)
    fits = all(agrees(mine, shape.sizes) for mine, shape in zip(own, shapes))
    steps = Steps(path, recorded=fits, assume_last=assume_last)
    graph = _build(found, shapes, steps, replaced=input_args is not None)
    if not fits:
        # The weights in the file are those of the model's own shapes.
        mixed = [
            dataclasses.replace(
                shape,
                sizes=tuple(s if size is None else size for size, s in zip(mine, shape.sizes)),
            )
            for mine, shape in zip(own, shapes)
        ]
        steps = Steps(path, recorded=True, assume_last=assume_last)
        _check_weights(graph, _build(found, mixed, steps, replaced=False))
    return verify(graph)


def _own_shapes(found: Network, input_args: Any) -> List[Sizes]:
    """Returns the input shapes of the file; for an input without one, that of the user's rank."""
    shapes: List[Sizes] = []
    for entry in found.inputs:
        if entry.shape is None and input_args is None:
            raise InputShapeError(
                f"The file does not give the shape of the input {entry.name!r}; give the full "
                "shape, batch "
                f"first: {how_to_give(*[(1, 224, 224, 3)] * len(found.inputs))}."
            )
        if entry.shape is None:
            shapes.append((None,) * len(single_shape(input_args, 1) or ()))
        else:
            shapes.append(entry.shape)
    return shapes


def _build(found: Network, shapes: Sequence[InputShape], steps: Steps, replaced: bool) -> Graph:
    inputs = [Symbol() for _ in shapes]
    for symbol, shape, entry in zip(inputs, shapes, found.inputs):
        symbol.shape, symbol.dtype = shape.sizes, entry.dtype
    calls, outputs = plan(found, inputs, steps.path)
    tensors = [
        InputTensor(entry.name, symbol, shape.batch_open)
        for entry, symbol, shape in zip(found.inputs, inputs, shapes)
    ]
    try:
        if any(keeps_first(call.layer) for call in calls):
            traced = Trace(tuple(map(steps.inferred, calls)), tuple(outputs))
            return assembled(found.name, *channels_last(tensors, traced))
        assembly = Assembly(tensors, [call.path for call in calls])
        for call in calls:
            steps.write(assembly, call)
    except LayerRefusesError as error:
        reason = str(error).rstrip(".;")
        if replaced:
            raise InputShapeError(
                f"The input shapes do not fit the model: {reason}; give input shapes (batch "
                "first) that "
                "the model takes."
            ) from error
        raise ModelError(f"{steps.path} contradicts itself: {reason}.") from error
    return assembly.graph(found.name, outputs)


def _check_weights(graph: Graph, own: Graph) -> None:
    """Compares the parameters that two input shapes ask for.

    Raises:
        InputShapeError: a layer would need other weights than the file has.
    """
    by_name = {op.name: op for op in own}
    for op in graph:
        before = by_name.get(op.name, op)
        if before.params != op.params:
            changed = [a for a, b in zip(op.params, before.params) if a != b]
            kept = [b for a, b in zip(op.params, before.params) if a != b]
            raise InputShapeError(
                "The input shapes do not fit the model: layer {!r} refuses {}: its {} would be "
                "{}, and are {}; give input shapes (batch first) that the model takes.".format(
                    op.layer,
                    ", ".join(str(tensor.shape) for tensor in graph.input_types(op)),
                    changed[0].role,
                    changed[0].type.shape,
                    kept[0].type.shape,
                )
            )


def _not_a_graph(stored: Stored) -> str:
    name = str(stored.config.get("class_name"))
    if name == "None":
        return f"{stored.path} holds no Keras model: its config names no class."
    return (
        f"{stored.path} holds a model of the class {name}, whose config is no graph of layers; "
        "inspect the live "
        "model as file.py:name, or make it Functional: keras.Model(inputs, outputs)."
    )
