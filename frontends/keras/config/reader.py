"""Captures a model file in the IR from its config, without the framework."""

from __future__ import annotations

import dataclasses
from typing import Any, List, Sequence

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import InputShapeError, ModelError, how_to_give
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph, verify
from vai_inspect.core.model_form import ModelForm
from vai_inspect.frontends.input_shapes import InputShape, open_batch, resolve_shapes, single_shape
from vai_inspect.frontends.keras.config.call_order import PlannedTensor, plan
from vai_inspect.frontends.keras.config.calls import Sizes
from vai_inspect.frontends.keras.config.network import Network, is_network, network
from vai_inspect.frontends.keras.config.shape_inference import ShapeInference, agrees
from vai_inspect.frontends.keras.config.stored import Stored
from vai_inspect.frontends.keras.lower.assembly import Assembly, assembled
from vai_inspect.frontends.keras.lower.channels_first import channels_last, keeps_first
from vai_inspect.frontends.keras.lower.dispatch import LayerRefusesError
from vai_inspect.frontends.keras.lower.steps import InputTensor, Trace
from vai_inspect.frontends.keras.training import check_float_config


def capture_stored(
    stored: Stored, input_args: Any = None, batch: int = 1, assume_last: bool = False
) -> Captured:
    """Captures the model of a file in the IR. No code in the file is run.

    Args:
        stored: the model description.
        input_args: shapes that replace the model's own; see `frontends.keras.capture`.
        batch: see `frontends.keras.capture`.
        assume_last: whether a layer of unknown output shape whose output no other layer reads is
            assumed to keep its input shape; its operator then has a note.

    Returns:
        The graph before any pass, the same as that of the live model.

    Raises:
        ModelError: the model is neither Functional nor Sequential, or contradicts itself.
        InputShapeError: a dimension is not known, or a shape does not fit the model.
        OutputUnknownError: the file does not determine the output shape of a layer.
    """
    check_float_config(stored.config, stored.path)
    if not is_network(stored.config):
        raise ModelError(_not_a_graph(stored))
    try:
        found = network(stored.config, stored.path, stored.keras_2)
        own = _own_shapes(found, input_args)
        names = [entry.name for entry in found.inputs]
        shapes = resolve_shapes(names, own, input_args, batch)
        replaced = input_args is not None
        graph = _graph(found, own, shapes, replaced, stored.path, assume_last)
    except RecursionError as error:
        raise ModelError(f"{stored.path} is nested too deeply to be a model.") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A hostile config may hold any value anywhere.
        text = " ".join(str(error).split())
        text = text if len(text) < 200 else text[:197] + "..."
        raise ModelError(
            f"{stored.path} has a config that cannot be read ({type(error).__name__}: {text}); "
            "save the model again."
        ) from error
    batch_size = open_batch((shape.batch_open, shape.sizes) for shape in shapes)
    info = ModelInfo(found.name, "keras", stored.version, "config")
    return Captured(graph, info, batch=batch_size, form=_form(stored, found))


def _form(stored: Stored, found: Network) -> ModelForm:
    nested = tuple(name for name, one in found.layers.items() if isinstance(one, Network))
    sequential = stored.config.get("class_name") == "Sequential"
    return ModelForm("Sequential" if sequential else "Functional", nested=nested)


def _graph(
    found: Network,
    own: Sequence[Sizes],
    shapes: Sequence[InputShape],
    replaced: bool,
    path: str,
    assume_last: bool,
) -> Graph:
    fits = all(agrees(mine, shape.sizes) for mine, shape in zip(own, shapes))
    inference = ShapeInference(path, recorded=fits, assume_last=assume_last)
    graph = _build(found, shapes, inference, replaced)
    if not fits:
        # The weights in the file belong to the model's own shapes.
        mixed = [
            dataclasses.replace(
                shape,
                sizes=tuple(s if size is None else size for size, s in zip(mine, shape.sizes)),
            )
            for mine, shape in zip(own, shapes)
        ]
        inference = ShapeInference(path, recorded=True, assume_last=assume_last)
        _check_weights(graph, _build(found, mixed, inference, replaced=False))
    return verify(graph)


def _own_shapes(found: Network, input_args: Any) -> List[Sizes]:
    """Returns the input shapes of the file; an input without one has the rank of the user's."""
    shapes: List[Sizes] = []
    for entry in found.inputs:
        if entry.shape is None and input_args is None:
            raise InputShapeError(
                f"The file does not give the shape of the input {entry.name!r}; give the full "
                f"shape, batch first: {how_to_give(*[(1, 224, 224, 3)] * len(found.inputs))}."
            )
        if entry.shape is None:
            shapes.append((None,) * len(single_shape(input_args, 1) or ()))
        else:
            shapes.append(entry.shape)
    return shapes


def _build(
    found: Network, shapes: Sequence[InputShape], inference: ShapeInference, replaced: bool
) -> Graph:
    tensors = [PlannedTensor() for _ in shapes]
    for tensor, shape, entry in zip(tensors, shapes, found.inputs):
        tensor.shape, tensor.dtype = shape.sizes, entry.dtype
    calls, outputs = plan(found, tensors, inference.path)
    inputs = [
        InputTensor(entry.name, tensor, shape.batch_open)
        for entry, tensor, shape in zip(found.inputs, tensors, shapes)
    ]
    try:
        if any(keeps_first(call.step.operation) for call in calls):
            traced = Trace(tuple(map(inference.inferred, calls)), tuple(outputs))
            return assembled(found.name, *channels_last(inputs, traced))
        assembly = Assembly(inputs, [call.step.path for call in calls])
        for call in calls:
            inference.write(assembly, call)
    except LayerRefusesError as error:
        reason = str(error).rstrip(".;")
        if replaced:
            raise InputShapeError(
                f"The input shapes do not fit the model: {reason}; give input shapes (batch "
                "first) that the model takes."
            ) from error
        raise ModelError(f"{inference.path} contradicts itself: {reason}.") from error
    return assembly.graph(found.name, outputs)


def _check_weights(graph: Graph, own: Graph) -> None:
    """Compares the parameters that two input shapes need.

    Raises:
        InputShapeError: a layer needs weights of other sizes than those of the file.
    """
    by_name = {op.name: op for op in own}
    for op in graph:
        before = by_name.get(op.name, op)
        if before.params != op.params:
            changed = [a for a, b in zip(op.params, before.params) if a != b]
            kept = [b for a, b in zip(op.params, before.params) if a != b]
            received = ", ".join(str(tensor.shape) for tensor in graph.input_types(op))
            raise InputShapeError(
                f"The input shapes do not fit the model: layer {op.layer!r} refuses {received}: "
                f"its {changed[0].role} would be {changed[0].type.shape}, and are "
                f"{kept[0].type.shape}; give input shapes (batch first) that the model takes."
            )


def _not_a_graph(stored: Stored) -> str:
    name = str(stored.config.get("class_name"))
    if name == "None":
        return f"{stored.path} holds no Keras model: its config names no class."
    return (
        f"{stored.path} holds a model of the class {name}, whose config is not a graph of layers; "
        "inspect the live model as file.py:name, or make it Functional: "
        "keras.Model(inputs, outputs)."
    )
