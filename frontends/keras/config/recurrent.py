"""Output shapes of recurrent layers: a sequence or its last step, and their states."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

from vai_inspect.core.ir.ops import Shape, ShapeError
from vai_inspect.frontends.keras.lower.layer import Layer

_STATES = {"GRU": 1, "GRUCell": 1, "LSTM": 2, "LSTMCell": 2, "SimpleRNN": 1, "SimpleRNNCell": 1}


def recurrent(layer: Layer, shape: Shape) -> Optional[List[Shape]]:
    """Returns the output shapes of SimpleRNN, GRU, LSTM or RNN for (batch, steps, features)."""
    if len(shape) < 3 or getattr(layer, "time_major", False):
        raise ShapeError(f"it reads (batch, steps, features), not {shape}")
    sizes = _state_sizes(layer)
    if not sizes:
        return None
    batch, steps = shape[:2]
    last = (batch, sizes[-1][0])
    outputs: List[Shape] = [(batch, steps, last[1]) if layer.return_sequences else last]
    if layer.return_state:
        outputs += [(batch, size) for size, count in sizes for _ in range(count)]
    return outputs


def _state_sizes(layer: Layer) -> List[Tuple[int, int]]:
    """Returns (units, states) of each cell in order; empty if a cell is not known."""
    name = layer.keras_class or ""
    if name in _STATES:
        return [(int(layer.units), _STATES[name])]
    if name == "RNN":
        return _state_sizes(layer.cell) if isinstance(layer.cell, Layer) else []
    if name == "StackedRNNCells":
        cells = [cell for cell in layer.cells if isinstance(cell, Layer)]
        sizes = [size for cell in cells for size in _state_sizes(cell)]
        return sizes if len(sizes) == len(layer.cells) else []
    return []


def convolutional(layer: Layer, shape: Shape) -> Optional[List[Shape]]:
    """Returns the output shapes of ConvLSTM1D to ConvLSTM3D for (batch, steps, ..., channels)."""
    sizes = []
    windows = zip(shape[2:-1], layer.kernel_size, layer.strides, layer.dilation_rate)
    for size, kernel, stride, dilation in windows:
        room = size if layer.padding == "same" else size - (kernel - 1) * dilation
        sizes.append(-(-room // stride))
    last = (shape[0], *sizes, int(layer.filters))
    outputs = [last[:1] + shape[1:2] + last[1:] if layer.return_sequences else last]
    return outputs + ([last, last] if layer.return_state else [])


def bidirectional(layer: Layer, inner: Optional[List[Shape]]) -> Optional[List[Shape]]:
    """Returns the output shapes of Bidirectional from those of its layer."""
    if not inner:
        return None
    output, states = inner[0], inner[1:]
    mode: Any = layer.merge_mode
    if mode == "concat":
        outputs = [output[:-1] + (2 * output[-1],)]
    else:
        outputs = [output, output] if mode is None else [output]
    return outputs + states + states


Recurrent = Callable[[Layer, Shape], Optional[List[Shape]]]

LAYERS: Dict[str, Recurrent] = {
    **dict.fromkeys(("GRU", "LSTM", "RNN", "SimpleRNN"), recurrent),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), convolutional),
}
