"""A model file read into the IR from its config alone, without the framework."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph, verify
from vai_inspect.core.ir.shapes import Shape, ShapeError
from vai_inspect.frontends.keras.assembly import Assembly
from vai_inspect.frontends.keras.call import OutputUnknownError
from vai_inspect.frontends.keras.config.network import Network, Sizes, is_network, network
from vai_inspect.frontends.keras.config.plan import Planned, Symbol, plan
from vai_inspect.frontends.keras.config.shapes import Given, layer_shapes
from vai_inspect.frontends.keras.config.stored import Stored
from vai_inspect.frontends.keras.dispatch import LayerRefusesError
from vai_inspect.frontends.keras.input_shapes import resolve_shapes
from vai_inspect.frontends.keras.layer import Layer
from vai_inspect.frontends.keras.trace import InputTensor, Step


def capture_stored(stored: Stored, input_args: Any = None) -> Captured:
    """Reads what a file holds of a model into the IR. Nothing in the file is run.

    Args:
        stored: what the file holds.
        input_args: shapes that replace the model's own; see `frontends.keras.capture`.

    Returns:
        The graph before any pass, as the live model would give it.

    Raises:
        ModelError: the config is of no Functional or Sequential model, or contradicts itself.
        InputShapeError: a dimension that nothing fills, or a shape that does not fit the model.
        OutputUnknownError: a layer whose output shape the file does not tell.
    """
    if not is_network(stored.config):
        raise ModelError(_not_a_graph(stored))
    try:
        found = network(stored.config, stored.path, stored.keras_2)
        graph = _graph(found, input_args, stored.path)
    except RecursionError as error:
        raise ModelError("{} is nested too deeply to be a model.".format(stored.path)) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A hostile config may have anything in the place of anything.
        text = " ".join(str(error).split())
        raise ModelError(
            "{} has a config that cannot be read ({}: {}); save the model again.".format(
                stored.path, type(error).__name__, text if len(text) < 200 else text[:197] + "..."
            )
        ) from error
    return Captured(graph, ModelInfo(found.name, "keras", stored.version, "config"))


def _graph(found: Network, input_args: Any, path: str) -> Graph:
    names = [entry.name for entry in found.inputs]
    own = _own_shapes(found, input_args)
    shapes = resolve_shapes(names, own, input_args)
    fits = all(_agrees(mine, shape) for mine, shape in zip(own, shapes))
    graph = _build(found, shapes, path, recorded=fits, replaced=input_args is not None)
    if not fits:
        # The weights in the file are those of the model's own shapes.
        mixed = [
            tuple(theirs if size is None else size for size, theirs in zip(mine, shape))
            for mine, shape in zip(own, shapes)
        ]
        _check_weights(graph, _build(found, mixed, path, recorded=True, replaced=False))
    return verify(graph)


def _own_shapes(found: Network, input_args: Any) -> List[Sizes]:
    """Returns the shapes that the file gives the inputs; the user's rank where it gives none."""
    shapes: List[Sizes] = []
    for entry in found.inputs:
        if entry.shape is None and input_args is None:
            raise InputShapeError(
                "The file does not tell the shape of the input {!r}; give the whole shape, batch "
                "first: --input-shape 1,224,224,3 (command line) or input_args=(1, 224, 224, 3) "
                "(Python).".format(entry.name)
            )
        if entry.shape is None:
            from vai_inspect.frontends.keras.input_shapes import single_shape

            shapes.append((None,) * len(single_shape(input_args) or ()))
        else:
            shapes.append(entry.shape)
    return shapes


def _agrees(own: Sizes, shape: Shape) -> bool:
    """Tells whether a shape is the model's own but for the batch and what that leaves open."""
    pairs = list(zip(own, shape))[1:]
    return len(own) == len(shape) and all(mine in (None, size) for mine, size in pairs)


def _build(
    found: Network, shapes: Sequence[Shape], path: str, recorded: bool, replaced: bool
) -> Graph:
    inputs = [Symbol() for _ in shapes]
    for symbol, shape, entry in zip(inputs, shapes, found.inputs):
        symbol.shape, symbol.dtype = shape, entry.dtype
    calls, outputs = plan(found, inputs, path)
    tensors = [InputTensor(entry.name, symbol) for entry, symbol in zip(found.inputs, inputs)]
    assembly = Assembly(tensors, [call.path for call in calls])
    try:
        for call in calls:
            _enter(assembly, call, path, recorded)
    except LayerRefusesError as error:
        reason = str(error).rstrip(".;")
        if replaced:
            raise InputShapeError(
                "The input shapes do not fit the model: {}; give input shapes (batch first) that "
                "the model takes.".format(reason)
            ) from error
        raise ModelError("{} contradicts itself: {}.".format(path, reason)) from error
    return assembly.graph(found.name, outputs)


def _enter(assembly: Assembly, call: Planned, path: str, recorded: bool) -> None:
    """Lowers one call and says what shapes it gives."""
    told = _recorded(call) if recorded else None
    try:
        known = layer_shapes(_given(call.layer, call.inputs, call.args, call.kwargs))
    except ShapeError as error:
        shapes = ", ".join(str(symbol.shape) for symbol in call.inputs)
        raise LayerRefusesError(
            "layer {!r} refuses {}: {}".format(call.path, shapes, error)
        ) from error
    try:
        types = assembly.call(_step(call, known))
    except OutputUnknownError:
        if told is None:
            raise
        types = assembly.call(_step(call, told))
    symbols = [call.outputs.get(index, Symbol()) for index in range(len(types))]
    for symbol, tensor in zip(symbols, types):
        symbol.shape, symbol.dtype = tensor.shape, tensor.dtype
        if (
            recorded
            and symbol.recorded is not None
            and not _agrees(symbol.recorded[0], tensor.shape)
        ):
            raise ModelError(
                "{} contradicts itself: layer {!r} gives {} by its settings, {} by the record of "
                "its output.".format(path, call.path, tensor.shape, symbol.recorded[0])
            )
    if any(index >= len(types) for index in call.outputs):
        raise ModelError(
            "{} reads {} outputs of layer {!r}, which gives {}.".format(
                path, max(call.outputs) + 1, call.path, len(types)
            )
        )
    assembly.enter(symbols)


def _step(call: Planned, shapes: Optional[Sequence[Shape]]) -> Step:
    outputs: Optional[Tuple[Symbol, ...]] = None
    if shapes is not None:
        outputs = tuple(_symbol(shape, call) for shape in shapes)
    return Step(call.layer, call.path, call.args, call.kwargs, call.inputs, outputs)


def _symbol(shape: Shape, call: Planned) -> Symbol:
    symbol = Symbol()
    symbol.shape = tuple(shape)
    symbol.dtype = call.layer.compute_dtype or (call.inputs[0].dtype if call.inputs else "float32")
    return symbol


def _recorded(call: Planned) -> Optional[List[Shape]]:
    """Returns the shapes that the file says a call gives; None where one is not told in full."""
    shapes: List[Shape] = []
    batch = call.inputs[0].shape[0] if call.inputs and call.inputs[0].shape else 1
    for index in range(max(call.outputs, default=-1) + 1):
        symbol = call.outputs.get(index)
        told = None if symbol is None else symbol.hint
        if symbol is not None and symbol.recorded is not None:
            told = symbol.recorded[0]
        if told is None or None in told[1:]:
            return None
        shapes.append(tuple(batch if size is None else size for size in told))
    return shapes or None


def _given(
    layer: Layer, inputs: Sequence[Symbol], args: Tuple[Any, ...], kwargs: Dict[str, Any]
) -> Given:
    return Given(layer, [symbol.shape for symbol in inputs], args, kwargs, _probe)


def _probe(layer: Layer, shapes: Sequence[Shape]) -> Optional[List[Shape]]:
    """Returns what a layer within another gives, by lowering it on its own."""
    symbols = [Symbol() for _ in shapes]
    for symbol, shape in zip(symbols, shapes):
        symbol.shape = shape
    known = layer_shapes(_given(layer, symbols, tuple(symbols), {}))
    if known is not None:
        return known
    assembly = Assembly([InputTensor("input", symbol) for symbol in symbols], [])
    try:
        types = assembly.call(Step(layer, "layer", tuple(symbols), {}, tuple(symbols), None))
    except OutputUnknownError:
        return None
    return [tensor.shape for tensor in types]


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
        return "{} holds no Keras model: its config names no class.".format(stored.path)
    return (
        "{} holds a model of the class {}, whose config is no graph of layers; inspect the live "
        "model as file.py:name, or make it Functional: keras.Model(inputs, outputs).".format(
            stored.path, name
        )
    )
