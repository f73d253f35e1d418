"""Recurrent layers, wrappers and attention: one operator with known multiply-accumulates.

A nested layer is lowered separately, and the multiply-accumulates of its operators are added up.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from vai_inspect.core.cost import macs
from vai_inspect.frontends.graph_builder import GraphBuilder
from vai_inspect.frontends.keras.lower.call import Call
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.steps import Step, Symbol

Shape = Tuple[int, ...]
Count = Callable[[Layer, Shape], Optional[int]]
_GATES = {"GRU": 3, "LSTM": 4, "SimpleRNN": 1}
_RECURRENT = "a recurrent layer, as one operator"
_WRAPPER = "a wrapper, as one operator"


def _recurrent(layer: Layer, shape: Shape) -> Optional[int]:
    """Counts a recurrent layer, whose steps multiply input and state by the weights."""
    name = layer.keras_class or ""
    if name == "Bidirectional":
        inner = _counted(layer.layer, shape)
        return None if inner is None else 2 * inner
    steps = shape[0] * (1 if name.endswith(("Cell", "Cells")) else shape[1])
    each = _step(layer, shape[-1])
    return None if each is None else steps * each


def _step(layer: Layer, size: int) -> Optional[int]:
    name = (layer.keras_class or "").replace("Cell", "")
    if name in _GATES:
        units = int(layer.units)
        return _GATES[name] * units * (size + units)
    if name == "RNN" and isinstance(layer.cell, Layer):
        return _step(layer.cell, size)
    if name != "StackedRNNs":
        return None
    total = 0
    for cell in layer.cells:
        each = _step(cell, size) if isinstance(cell, Layer) else None
        if each is None:
            return None
        total, size = total + each, int(cell.units)
    return total


def _convolutional(layer: Layer, shape: Shape) -> int:
    """Counts ConvLSTM, whose four gates are a convolution of the input and one of the state."""
    places = kernel = 1
    windows = zip(shape[2:-1], layer.kernel_size, layer.strides, layer.dilation_rate)
    for size, width, stride, dilation in windows:
        room = size if layer.padding == "same" else size - (width - 1) * dilation
        places *= -(-room // stride)
        kernel *= width
    filters = int(layer.filters)
    return shape[0] * shape[1] * 4 * filters * kernel * places * (shape[-1] + filters)


def _time_distributed(layer: Layer, shape: Shape) -> Optional[int]:
    inner = _counted(layer.layer, shape[:1] + shape[2:])
    return None if inner is None else shape[1] * inner


def _counted(layer: Any, shape: Shape) -> Optional[int]:
    """Returns the multiply-accumulates of a layer for an input shape, or None."""
    from vai_inspect.frontends.keras.lower.dispatch import lower

    if not isinstance(layer, Layer):
        return None
    if layer.keras_class in COUNTS:
        return COUNTS[layer.keras_class](layer, shape)
    graph = layer.graph(shape)
    if graph is None:
        read = Symbol(shape, layer.compute_dtype or "float32")
        builder = GraphBuilder("keras")
        value = builder.input("read", shape, read.dtype)
        step = Step(layer, "layer", (read,), {}, (read,))
        lower(Call(step, builder.names.take("layer"), builder, {id(read): value}))
        graph = builder.graph("layer")
    counts = [macs(op, graph) for op in graph]
    return None if None in counts else sum(one or 0 for one in counts)


COUNTS: Dict[str, Count] = {
    **dict.fromkeys(("Bidirectional", *_GATES, "RNN", "StackedRNNCells"), _recurrent),
    **dict.fromkeys((name + "Cell" for name in _GATES), _recurrent),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), _convolutional),
    "TimeDistributed": _time_distributed,
}
"""Multiply-accumulates of a layer for its input shape, by class name."""


def _lowering(call: Call) -> None:
    layer = call.operation
    name = layer.keras_class or ""
    message = _WRAPPER if name == "TimeDistributed" else _RECURRENT
    count: Optional[int] = None
    try:
        count = COUNTS[name](layer, call.shape)
    except Exception:  # a nested layer without such a setting
        count = None
    call.unknown(layer.class_name, message, macs=count)


def attention(call: Call) -> None:
    """MultiHeadAttention: projections, scores, weighted values and the output projection."""
    given = [name for name in call.kwargs if "mask" in name and name != "use_causal_mask"]
    count = None
    if not given and len(call.types) in (2, 3) and all(one.rank == 3 for one in call.types):
        layer = call.operation
        count = _attended(layer, [one.shape for one in call.types], call.output.shape)
    call.unknown(call.operation.class_name, "attention, as one operator", macs=count)


def _attended(layer: Layer, shapes: Sequence[Shape], output: Shape) -> Optional[int]:
    query, value, key = shapes[0], shapes[1], shapes[-1]
    try:
        heads, size = int(layer.num_heads), int(layer.key_dim)
        deep = int(layer.value_dim or size)
    except AttributeError:
        return None
    read, kept = query[1], value[1]
    projected = read * query[2] * size + kept * key[2] * size + kept * value[2] * deep
    weighed = read * kept * (size + deep) + read * deep * output[-1]
    return query[0] * heads * (projected + weighed)


LAYERS = {**dict.fromkeys(COUNTS, _lowering), "MultiHeadAttention": attention}
