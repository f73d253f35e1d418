"""Recurrent layers, attention and other modules that stay one operator: their multiply-accumulates.

A recurrent layer is a leaf, whatever number of steps it reads: without values one step is run, and
what it gives is made as long as the sequence.
"""

from __future__ import annotations

from typing import Any, Callable

from vai_inspect.frontends.torch.lower.call import Call

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
"""Layers of torch.nn, and how many products with the weights one step has."""


def in_one_step(module: Any, forward: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the replacement of a recurrent layer's forward for tensors without values.

    Args:
        module: the layer.
        forward: its forward.
    """

    def run(input: Any, *args: Any, **kwargs: Any) -> Any:
        axis = 1 if module.batch_first and getattr(input, "ndim", 0) == 3 else 0
        if getattr(input, "ndim", 0) not in (2, 3) or input.shape[axis] < 2:
            return forward(input, *args, **kwargs)
        given, last = forward(input.narrow(axis, 0, 1), *args, **kwargs)
        shape = list(given.shape)
        shape[axis] = input.shape[axis]
        return given.new_empty(shape), last

    return run


def _layer(call: Call) -> None:
    """`RNN`, `GRU` and `LSTM`: each step multiplies its input and its state by the weights."""
    layer, shape = call.module, call.x.shape
    kind = call.step.module_class
    directions = 2 if layer.bidirectional else 1
    hidden, size = layer.hidden_size, layer.input_size
    projected = getattr(layer, "proj_size", 0)
    state = projected or hidden
    step = 0
    for _ in range(layer.num_layers):
        step += directions * (GATES[kind] * hidden * (size + state) + projected * hidden)
        size = directions * state
    times = 1
    for one in shape[:-1]:
        times *= one
    call.unknown(kind, macs=times * step)


def _cell(call: Call) -> None:
    """`RNNCell`, `GRUCell` and `LSTMCell`: one step."""
    cell = call.module
    kind = call.step.module_class
    step = GATES[kind[:-4]] * cell.hidden_size * (cell.input_size + cell.hidden_size)
    call.unknown(kind, macs=step * (call.x.shape[0] if call.x.rank > 1 else 1))


def _multihead_attention(call: Call) -> None:
    """`MultiheadAttention`: the projections, the scores, what they weigh, and the output's."""
    layer = call.module
    given = call.given("query", "key", "value", **dict.fromkeys(_OTHERS))
    at = 1 if layer.batch_first and given.query.rank == 3 else 0
    batch = given.query.shape[1 - at] if given.query.rank == 3 else 1
    read, kept, size = given.query.shape[at], given.key.shape[at], layer.embed_dim
    beside = (layer.bias_k is not None) + bool(layer.add_zero_attn)
    projected = 2 * read * size * size + kept * size * (layer.kdim + layer.vdim)
    macs = batch * (projected + 2 * read * (kept + beside) * size)
    call.unknown(call.step.module_class, macs=macs)


_OTHERS = ("key_padding_mask", "need_weights", "attn_mask", "average_attn_weights", "is_causal")


def _attention(call: Call) -> None:
    """`scaled_dot_product_attention`."""
    given = call.given("query", "key", "value", **dict.fromkeys(_SETTINGS))
    macs = 1
    for one in given.query.shape[:-1]:
        macs *= one
    macs *= given.key.shape[-2] * (given.query.shape[-1] + given.value.shape[-1])
    call.unknown(call.step.operation, macs=macs)


_SETTINGS = ("attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")

MODULES = {
    **dict.fromkeys(GATES, _layer),
    **{kind + "Cell": _cell for kind in GATES},
    "MultiheadAttention": _multihead_attention,
}
FUNCTIONS = {"scaled_dot_product_attention": _attention}
