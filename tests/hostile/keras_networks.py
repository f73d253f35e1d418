"""Keras networks made up by hypothesis: layers, operations, branches, models within models.

A network is a list of steps, each a handful of whole numbers: which layer, what it reads, its
settings. Whatever Keras refuses is left out, so that every list is some network.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

import keras
from hypothesis import strategies as st

L = keras.layers
ops = keras.ops

Step = Tuple[int, int, int, int, int, int]
"""Which layer, which tensor, which other tensor, and three settings."""
Recipe = Tuple[List[Tuple[int, ...]], List[Step], List[int], int]
"""Shapes of the inputs, steps, which tensors are outputs, and how inputs and outputs stand."""

ACTIVATIONS = (
    None,
    "relu",
    "relu6",
    "sigmoid",
    "tanh",
    "swish",
    "hard_sigmoid",
    "softmax",
    "gelu",
    "leaky_relu",
    "elu",
)
PADDINGS = ("same", "valid")
NAMES = (
    'quote " \\ " end',
    "line\nbreak",
    "<b>html</b>&amp;",
    "[bold]markup[/]",
    "right \u202e left",
    "escape \x1b[31m",
    "中文🙂",
    "{record|<f0>}",
    "digraph",
    "=1+1",
    "../../up",
    "x" * 300,
)
"""Names of layers that some of the steps give; Keras lets none have a slash."""


def recipes(most: int = 9) -> st.SearchStrategy[Recipe]:
    """Networks of up to so many layers."""
    number = st.integers(0, 999)
    size = st.integers(1, 12)
    image = st.tuples(size, size, st.integers(1, 9))
    other = st.tuples(size) | st.tuples(size, size) | st.tuples(size, size, size, size)
    step = st.tuples(number, number, number, number, number, number)
    return st.tuples(
        st.lists(image | image | image | other, min_size=1, max_size=3),
        st.integers(1, most).flatmap(lambda n: st.lists(step, min_size=n, max_size=n)),
        st.lists(number, max_size=3),
        st.integers(0, 5),
    )


def build(recipe: Recipe, depth: int = 0, name: str = "net") -> Any:
    """Returns the model of a recipe.

    Args:
        recipe: what to build.
        depth: of how many models it is within.
        name: its name.
    """
    shapes, steps, outputs, form = recipe
    inputs = [keras.Input(shape, name="in{}_{}".format(depth, i)) for i, shape in enumerate(shapes)]
    making = _Making(list(inputs), depth)
    for step in steps:
        making.take(step)
    tensors = making.tensors
    ends = [tensors[-1], *(tensors[at % len(tensors)] for at in outputs)]
    given: Any = inputs if form % 2 else {x.name: x for x in inputs}
    found: Any = ends
    if form // 2 == 1:
        found = {"o{}".format(i): end for i, end in enumerate(ends)}
    elif form // 2 == 2 and len(ends) > 1:
        found = [ends[0], {"more": ends[1:]}]
    return keras.Model(
        inputs[0] if len(inputs) == 1 else given,
        ends[0] if len(ends) == 1 else found,
        name=name,
    )


class _Making:
    """The tensors and layers of a model that is being made."""

    def __init__(self, tensors: List[Any], depth: int) -> None:
        self.tensors = tensors
        self.depth = depth
        self.layers: List[Tuple[Any, Tuple[Any, ...]]] = []
        """Layers that read one tensor, with its shape: what may be shared."""

    def take(self, step: Step) -> None:
        """Adds what a step makes, unless Keras refuses it or it becomes too large."""
        which, source, *_ = step
        # The last tensors are the more likely, so that networks become deep.
        x = self.tensors[-1 - source % len(self.tensors) % 3 % len(self.tensors)]
        made: Any = None
        try:
            made = self._made(which, x, step)
        except (ValueError, TypeError, ZeroDivisionError, IndexError):
            return
        found = made if isinstance(made, (list, tuple)) else [made]
        for tensor in found:
            sizes = tensor.shape[1:]
            if None not in sizes and 0 < _product(sizes) < 20_000 and len(sizes) < 5:
                self.tensors.append(tensor)

    def _made(self, which: int, x: Any, step: Step) -> Any:
        share = step[5] % 8 == 7
        if share and self.layers:
            alike = [layer for layer, shape in self.layers if shape == x.shape]
            if alike:
                return alike[step[3] % len(alike)](x)
        if which % 7 == 6:
            other = self.tensors[step[2] % len(self.tensors)]
            return MERGES[step[3] % len(MERGES)](x, other, step)
        if which % 13 == 5:
            return OPERATIONS[step[3] % len(OPERATIONS)](x, step)
        if which % 17 == 4 and self.depth < 2:
            layer = self._model(x, step)
        else:
            table = BY_RANK.get(len(x.shape), ANY_RANK)
            layer = table[which % len(table)](step)
            if step[5] % 11 == 3:
                layer._name = NAMES[step[5] % len(NAMES)] + str(len(self.tensors))
        made = layer(x)
        self.layers.append((layer, tuple(x.shape)))
        return made

    def _model(self, x: Any, step: Step) -> Any:
        """Returns a model within: a Sequential, or a network of one input."""
        _, a, b, c, d, e = step
        inner: List[Step] = [(a, b, c, d, e, 0), (b, 0, a, e, c, d), (c, a, 0, b, d, 0)]
        name = "net{}_{}".format(self.depth, len(self.tensors))
        model = build(([tuple(x.shape[1:])], inner, [a] * (a % 2), 1), self.depth + 1, name)
        if step[3] % 2:
            return model
        table = BY_RANK.get(len(x.shape), ANY_RANK)
        return keras.Sequential([table[one[0] % len(table)](one) for one in inner[: 1 + a % 3]])


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _conv(step: Step, rank: int) -> Dict[str, Any]:
    """Settings of a convolution."""
    _, _, a, b, c, d = step
    kernel = tuple((1, 3, 2, 5, 4, 7)[(b + 5 * axis * (d % 2)) % 6] for axis in range(rank))
    stride, dilation = (1, 1, 2, 3)[c % 4], (1, 1, 1, 2)[d % 4]
    return {
        "kernel_size": kernel,
        "strides": 1 if dilation > 1 else stride,
        "dilation_rate": dilation,
        "padding": PADDINGS[a % 2],
        "activation": ACTIVATIONS[c % len(ACTIVATIONS)],
        "use_bias": bool(b % 3),
    }


def _filters(step: Step) -> int:
    return (1, 4, 8, 6, 16)[step[2] % 5]


def _groups(step: Step) -> int:
    return (1, 1, 2, 4)[step[4] % 4] if _filters(step) % 4 == 0 else 1


def _pool(step: Step, rank: int) -> Dict[str, Any]:
    _, _, a, b, c, _ = step
    size = tuple(1 + (a + axis * b) % 3 for axis in range(rank))
    return {"pool_size": size, "strides": (None, 1, 2)[c % 3], "padding": PADDINGS[b % 2]}


def _transposed(step: Step) -> Any:
    settings = _conv(step, 2)
    settings["output_padding"] = (None, None, 1)[step[3] % 3] if settings["strides"] == 2 else None
    return L.Conv2DTranspose(_filters(step), **settings)


def _depthwise(step: Step) -> Any:
    settings = _conv(step, 2)
    settings["kernel_size"] = (settings["kernel_size"][0],) * 2
    return L.DepthwiseConv2D(depth_multiplier=(1, 1, 2)[step[2] % 3], **settings)


def _relu(step: Step) -> Any:
    return L.ReLU(
        max_value=(None, 6.0, 1.0)[step[2] % 3],
        negative_slope=(0.0, 0.0, 0.1)[step[3] % 3],
        threshold=(0.0, 0.0, 1.0)[step[4] % 3],
    )


def _recurrent(step: Step) -> Any:
    kind = (L.LSTM, L.GRU, L.SimpleRNN)[step[2] % 3]
    layer = kind(1 + step[3] % 4, return_sequences=bool(step[4] % 2))
    return L.Bidirectional(layer) if step[5] % 3 == 0 else layer


ANY_RANK: List[Callable[[Step], Any]] = [
    lambda s: L.Dense(
        1 + s[2] % 12, activation=ACTIVATIONS[s[3] % len(ACTIVATIONS)], use_bias=bool(s[4] % 3)
    ),
    lambda s: L.Activation(ACTIVATIONS[1:][s[2] % (len(ACTIVATIONS) - 1)]),
    _relu,
    lambda s: L.LeakyReLU(negative_slope=(0.1, 0.3, 0.01)[s[2] % 3]),
    lambda s: L.BatchNormalization(scale=bool(s[2] % 3), center=bool(s[3] % 3)),
    lambda s: L.Dropout(0.5),
    lambda s: L.Flatten(),
    lambda s: L.LayerNormalization(axis=(-1, 1)[s[2] % 2]),
    lambda s: L.Softmax(axis=(-1, 1, -1)[s[2] % 3]),
    lambda s: L.Reshape((-1,) if s[2] % 2 else (1 + s[3] % 4, -1)),
    lambda s: L.Rescaling(1.0 / 255, offset=float(s[2] % 2)),
    lambda s: L.UnitNormalization(),
    lambda s: L.ELU(),
    lambda s: L.PReLU(),
    lambda s: L.GaussianNoise(0.1),
]
BY_RANK: Dict[int, List[Callable[[Step], Any]]] = {
    3: [
        *ANY_RANK,
        lambda s: L.Conv1D(_filters(s), groups=_groups(s), **_conv(s, 1)),
        lambda s: L.MaxPooling1D(**_pool(s, 1)),
        lambda s: L.AveragePooling1D(**_pool(s, 1)),
        lambda s: L.GlobalAveragePooling1D(keepdims=bool(s[2] % 2)),
        lambda s: L.Permute((2, 1)),
        lambda s: L.ZeroPadding1D(1 + s[2] % 3),
        lambda s: L.UpSampling1D(2),
        lambda s: L.TimeDistributed(L.Dense(3)),
        _recurrent,
        lambda s: L.Cropping1D((0, 1)),
    ],
    4: [
        *ANY_RANK,
        lambda s: L.Conv2D(_filters(s), groups=_groups(s), **_conv(s, 2)),
        lambda s: L.Conv2D(_filters(s), groups=_groups(s), **_conv(s, 2)),
        lambda s: L.Conv2D(_filters(s), **_conv(s, 2)),
        _depthwise,
        _depthwise,
        _transposed,
        lambda s: L.SeparableConv2D(_filters(s), **_conv((s[0], 0, s[2], s[3], s[4], 0), 2)),
        lambda s: L.MaxPooling2D(**_pool(s, 2)),
        lambda s: L.AveragePooling2D(**_pool(s, 2)),
        lambda s: L.GlobalAveragePooling2D(keepdims=bool(s[2] % 2)),
        lambda s: L.GlobalMaxPooling2D(keepdims=bool(s[2] % 2)),
        lambda s: L.UpSampling2D(
            (2, 1 + s[2] % 3), interpolation=("nearest", "bilinear")[s[3] % 2]
        ),
        lambda s: L.Resizing(
            1 + s[2] % 9, 1 + s[3] % 9, interpolation=("nearest", "bilinear")[s[4] % 2]
        ),
        lambda s: L.ZeroPadding2D(((s[2] % 3, s[3] % 3), (s[4] % 3, 1))),
        lambda s: L.Cropping2D(((s[2] % 2, s[3] % 2), (s[4] % 2, 0))),
        lambda s: L.Permute(((2, 1, 3), (3, 1, 2), (1, 3, 2))[s[2] % 3]),
        lambda s: L.SpatialDropout2D(0.2),
        lambda s: L.GroupNormalization(groups=-1),
        lambda s: L.PReLU(shared_axes=[1, 2]),
        lambda s: L.TimeDistributed(L.Conv1D(3, 2, padding="same")),
    ],
    5: [
        *ANY_RANK,
        lambda s: L.Conv3D(_filters(s), **_conv(s, 3)),
        lambda s: L.MaxPooling3D(**_pool(s, 3)),
        lambda s: L.AveragePooling3D(**_pool(s, 3)),
        lambda s: L.GlobalAveragePooling3D(),
        lambda s: L.ZeroPadding3D(1),
        lambda s: L.TimeDistributed(L.Conv2D(3, 3, padding="same")),
    ],
}
MERGES: List[Callable[[Any, Any, Step], Any]] = [
    lambda x, y, s: L.Add()([x, y]),
    lambda x, y, s: L.Add()([x, x, y]),
    lambda x, y, s: L.Subtract()([x, y]),
    lambda x, y, s: L.Multiply()([x, y]),
    lambda x, y, s: L.Average()([x, y]),
    lambda x, y, s: L.Maximum()([x, y]),
    lambda x, y, s: L.Minimum()([x, y]),
    lambda x, y, s: L.Concatenate(axis=(-1, -1, 1, 2)[s[4] % 4])([x, y]),
    lambda x, y, s: L.Concatenate()([x, L.Conv2D(3, 1)(x), x]),
    lambda x, y, s: x + y,
    lambda x, y, s: x * L.Dense(x.shape[-1], activation="sigmoid")(x),
    lambda x, y, s: ops.concatenate([x, y], axis=-1),
    lambda x, y, s: L.Dot(axes=-1)([x, y]),
    lambda x, y, s: L.MultiHeadAttention(2, 3)(x, y),
    lambda x, y, s: ops.matmul(x, ops.swapaxes(y, -1, -2)),
    lambda x, y, s: ops.stack([x, y], axis=1),
    lambda x, y, s: ops.maximum(x, y),
]
OPERATIONS: List[Callable[[Any, Step], Any]] = [
    lambda x, s: x * 2.0,
    lambda x, s: 1.0 - x,
    lambda x, s: x[:, 1:],
    lambda x, s: x[..., ::2],
    lambda x, s: x[:, 0],
    lambda x, s: ops.relu(x),
    lambda x, s: ops.mean(x, axis=(1, 2), keepdims=bool(s[2] % 2)),
    lambda x, s: ops.max(x, axis=s[2] % len(x.shape) or -1),
    lambda x, s: ops.sum(x, axis=-1, keepdims=True),
    lambda x, s: ops.transpose(x, (0, *range(len(x.shape) - 1, 0, -1))),
    lambda x, s: ops.reshape(x, (-1, _product(x.shape[1:]))),
    lambda x, s: ops.split(x, 2, axis=-1),
    lambda x, s: ops.expand_dims(x, 1 + s[2] % 2),
    lambda x, s: ops.squeeze(ops.expand_dims(x, 1), 1),
    lambda x, s: ops.clip(x, 0, 6),
    lambda x, s: ops.softmax(x, axis=-1),
    lambda x, s: ops.pad(x, ((0, 0), (1, 1), *(((0, 0),) * (len(x.shape) - 2)))),
    lambda x, s: ops.sqrt(ops.exp(x)),
    lambda x, s: ops.argmax(x, axis=-1),
    lambda x, s: x / (1.0 + ops.abs(x)),
    lambda x, s: ops.silu(x),
    lambda x, s: x * ops.sigmoid(x),
    lambda x, s: ops.relu6(x + 3.0) / 6.0,
]
