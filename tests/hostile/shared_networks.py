"""Networks made up by hypothesis that Keras and PyTorch can both have, under the same names.

What the frameworks have in common is written down first, call by call; each then builds that.
Left out is what differs by design, see `tests.parity`: "same" padding of a larger stride or of an
even kernel, a flattened map of more than one pixel, the epsilon of a batch normalisation,
layers that the Keras quantiser does not know.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple

from hypothesis import strategies as st

Shape = Tuple[int, ...]
"""Height, width and channels of a map, or the length of a vector."""
Step = Tuple[int, int, int, int, int]

SLOPE = 26 / 256
EPSILON = 1e-3
ACTIVATIONS = ("relu", "relu6", "leaky", "sigmoid", "tanh", "swish")


@dataclass(frozen=True)
class Call:
    """One call of one layer.

    Attributes:
        kind: what it computes.
        name: the layer's name in both frameworks.
        reads: names of what it reads.
        shape: of what it gives.
        given: its settings.
    """

    kind: str
    name: str
    reads: Tuple[str, ...]
    shape: Shape
    given: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Network:
    """Calls in the order in which they run, and what is given back."""

    inputs: Dict[str, Shape]
    calls: Tuple[Call, ...]
    outputs: Tuple[str, ...]


def networks(most: int = 12) -> st.SearchStrategy[Network]:
    """Networks of up to so many layers."""
    number, size = st.integers(0, 999), st.integers(4, 16)
    step = st.tuples(number, number, number, number, number)
    return st.builds(
        _network,
        st.lists(st.tuples(size, size, st.sampled_from((1, 3, 4, 8))), min_size=1, max_size=2),
        st.integers(1, most).flatmap(lambda n: st.lists(step, min_size=n, max_size=n)),
        st.lists(number, max_size=2),
    )


def _network(shapes: Sequence[Shape], steps: Sequence[Step], ends: Sequence[int]) -> Network:
    inputs = dict(zip("xy", shapes))
    made = _Making(dict(inputs))
    for name, (high, wide, _) in inputs.items():
        # Nothing but an operator of images tells what the axes of a PyTorch tensor are.
        first = {"sizes": (3, 3), "stride": 1, "dilation": 1, "same": True}
        made.add("conv", (name,), (high, wide, 8), groups=1, bias=True, **first)
    for step in steps:
        made.take(step)
    names = [call.name for call in made.calls]
    read = {name for call in made.calls for name in call.reads}
    # What nothing reads is given back, so that both frameworks keep it.
    outputs = [name for name in names if name not in read]
    outputs += [names[end % len(names)] for end in ends]
    return Network(inputs, tuple(made.calls), tuple(dict.fromkeys(outputs)))


class _Making:
    def __init__(self, shapes: Dict[str, Shape]) -> None:
        self.shapes = shapes
        self.calls: List[Call] = []
        self._counts: "Counter[str]" = Counter()

    def add(self, kind: str, reads: Tuple[str, ...], shape: Shape, **given: Any) -> None:
        """Adds a call under the name that fx gives functions, and layers likewise."""
        stem = FUNCTIONS.get(kind, kind)
        number = self._counts[stem]
        self._counts[stem] += 1
        name = stem if kind in MERGES and not number else "{}_{}".format(stem, number)
        self.shapes[name] = shape
        self.calls.append(Call(kind, name, reads, shape, given))

    def take(self, step: Step) -> None:
        """Adds what a step stands for, if it fits the shape that it is given."""
        which, back, a, b, c = step
        names = list(self.shapes)
        x = names[-1 - back % 3 % len(names)]
        shape = self.shapes[x]
        if which % 5 == 4:
            self._merge(x, names[c % len(names)], a, b)
        elif len(shape) == 1:
            self._vector(x, shape, which, a)
        else:
            self._map(x, shape, which, a, b, c)

    def _merge(self, x: str, y: str, a: int, b: int) -> None:
        one, other = self.shapes[x], self.shapes[y]
        if one == other and a % 3 and x != y:
            self.add(("add", "multiply")[b % 2], (x, y), one)
        elif len(one) == len(other) and one[:-1] == other[:-1] and one[-1] + other[-1] < 200:
            self.add("concat", (x, y), (*one[:-1], one[-1] + other[-1]))

    def _vector(self, x: str, shape: Shape, which: int, a: int) -> None:
        if which % 2:
            self.add("dense", (x,), (1 + a % 20,), bias=bool(a % 3))
        else:
            self.add("act", (x,), shape, act=("relu", "sigmoid", "softmax")[a % 3])

    def _map(self, x: str, shape: Shape, which: int, a: int, b: int, c: int) -> None:
        high, wide, channels = shape
        kind = KINDS[which % len(KINDS)]
        if kind == "conv" or (kind == "depthwise" and channels > 1):
            self._conv(kind, x, shape, a, b, c)
        elif kind == "depthwise":
            pass  # of one channel: a convolution in PyTorch
        elif kind == "pool":
            size, stride = 1 + a % 3, 1 + b % 3
            if min(high, wide) >= size:
                sizes = ((high - size) // stride + 1, (wide - size) // stride + 1, channels)
                self.add(kind, (x,), sizes, size=size, stride=stride, max=bool(c % 2))
        elif kind == "mean":
            self.add(kind, (x,), (1, 1, channels))
        elif kind == "flat":
            if (high, wide) == (1, 1):
                self.add(kind, (x,), (channels,))
        elif kind == "up":
            if max(high, wide) < 20:
                bilinear = bool(a % 2)
                self.add(kind, (x,), (2 * high, 2 * wide, channels), bilinear=bilinear)
        elif kind == "transposed":
            if max(high, wide) < 20:
                size = 2 + a % 2
                sizes = ((high - 1) * 2 + size, (wide - 1) * 2 + size)
                filters = (4, 8, 5)[b % 3]
                self.add(kind, (x,), (*sizes, filters), size=size, bias=bool(c % 2))
        elif kind == "pad":
            left, right, top, bottom = a % 3, b % 3, c % 3, (a + b) % 3
            pads = {"pads": (left, right, top, bottom)}
            self.add(kind, (x,), (high + top + bottom, wide + left + right, channels), **pads)
        elif kind == "act":
            self.add(kind, (x,), shape, act=ACTIVATIONS[a % len(ACTIVATIONS)])
        else:
            self.add(kind, (x,), shape)

    def _conv(self, kind: str, x: str, shape: Shape, a: int, b: int, c: int) -> None:
        high, wide, channels = shape
        same = bool(a % 2)
        sizes = ((1, 3, 5)[b % 3], (1, 3, 5)[a % 3]) if same else (1 + b % 4, 1 + a % 4)
        sizes = (sizes[0],) * 2 if kind == "depthwise" else sizes
        stride = 1 if same else 1 + c % 3
        dilation = 2 if stride == 1 and b % 4 == 3 else 1
        filters = channels if kind == "depthwise" else (4, 8, 7, 16)[c % 4]
        groups = 2 if kind == "conv" and not channels % 2 and not filters % 2 and b % 5 == 4 else 1
        spans = [(size - 1) * dilation + 1 for size in sizes]
        if not same and (spans[0] > high or spans[1] > wide):
            return
        found = (high, wide)
        if not same:
            found = ((high - spans[0]) // stride + 1, (wide - spans[1]) // stride + 1)
        self.add(
            kind,
            (x,),
            (*found, filters),
            sizes=sizes,
            stride=stride,
            dilation=dilation,
            same=same,
            groups=groups,
            bias=bool(c % 3),
        )


MERGES = ("add", "multiply", "concat")
FUNCTIONS = {"add": "add", "multiply": "mul", "concat": "cat"}
"""What PyTorch calls them, and fx their results."""
KINDS = (
    "conv",
    "conv",
    "act",
    "norm",
    "conv",
    "pool",
    "depthwise",
    "mean",
    "flat",
    "up",
    "act",
    "transposed",
    "pad",
    "dropout",
)


def in_keras(network: Network) -> Any:
    """Returns the Keras model of a network."""
    import keras
    from keras import layers as L  # noqa: N812

    def layer(call: Call) -> Any:
        kind, g, name = call.kind, call.given, call.name
        if kind in ("conv", "depthwise"):
            settings = {
                "kernel_size": g["sizes"],
                "strides": g["stride"],
                "dilation_rate": g["dilation"],
                "padding": "same" if g["same"] else "valid",
                "use_bias": g["bias"],
                "name": name,
            }
            if kind == "depthwise":
                return L.DepthwiseConv2D(**settings)
            return L.Conv2D(call.shape[-1], groups=g["groups"], **settings)
        if kind == "pool":
            pool = L.MaxPooling2D if g["max"] else L.AveragePooling2D
            return pool(g["size"], g["stride"], name=name)
        if kind == "up":
            return L.UpSampling2D(
                2, interpolation="bilinear" if g["bilinear"] else "nearest", name=name
            )
        if kind == "transposed":
            return L.Conv2DTranspose(call.shape[-1], g["size"], 2, use_bias=g["bias"], name=name)
        if kind == "pad":
            left, right, top, bottom = g["pads"]
            return L.ZeroPadding2D(((top, bottom), (left, right)), name=name)
        if kind == "dense":
            return L.Dense(call.shape[-1], use_bias=g["bias"], name=name)
        if kind == "act":
            return {
                "relu": lambda: L.ReLU(name=name),
                "relu6": lambda: L.ReLU(6, name=name),
                "leaky": lambda: L.LeakyReLU(negative_slope=SLOPE, name=name),
                "softmax": lambda: L.Softmax(name=name),
            }.get(g["act"], lambda: L.Activation(g["act"], name=name))()
        return {
            "mean": lambda: L.GlobalAveragePooling2D(keepdims=True, name=name),
            "flat": lambda: L.Flatten(name=name),
            "norm": lambda: L.BatchNormalization(epsilon=EPSILON, name=name),
            "dropout": lambda: L.Dropout(0.5, name=name),
            "add": lambda: L.Add(name=name),
            "multiply": lambda: L.Multiply(name=name),
            "concat": lambda: L.Concatenate(name=name),
        }[kind]()

    inputs = {name: keras.Input(s, batch_size=1, name=name) for name, s in network.inputs.items()}
    tensors: Dict[str, Any] = dict(inputs)
    for call in network.calls:
        read = [tensors[name] for name in call.reads]
        tensors[call.name] = layer(call)(read if call.kind in MERGES else read[0])
    outputs = [tensors[name] for name in network.outputs]
    given = list(inputs.values())
    return keras.Model(
        given[0] if len(given) == 1 else given,
        outputs[0] if len(outputs) == 1 else outputs,
        name="Net",
    )


def in_torch(network: Network) -> Tuple[Any, List[Tuple[int, ...]]]:
    """Returns the PyTorch module of a network and the shapes of its inputs, NCHW."""
    import torch
    from torch import nn

    shapes = dict(network.inputs)
    shapes.update((call.name, call.shape) for call in network.calls)

    def layer(call: Call) -> Any:
        kind, g = call.kind, call.given
        channels = shapes[call.reads[0]][-1]
        if kind in ("conv", "depthwise"):
            pads = tuple((size - 1) * g["dilation"] // 2 if g["same"] else 0 for size in g["sizes"])
            return nn.Conv2d(
                channels,
                call.shape[-1],
                g["sizes"],
                g["stride"],
                padding=pads,
                dilation=g["dilation"],
                groups=channels if kind == "depthwise" else g["groups"],
                bias=g["bias"],
            )
        if kind == "pool":
            return (nn.MaxPool2d if g["max"] else nn.AvgPool2d)(g["size"], g["stride"])
        if kind == "up":
            if g["bilinear"]:
                return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
            return nn.Upsample(scale_factor=2, mode="nearest")
        if kind == "transposed":
            return nn.ConvTranspose2d(channels, call.shape[-1], g["size"], 2, bias=g["bias"])
        if kind == "pad":
            return nn.ZeroPad2d(g["pads"])
        if kind == "dense":
            return nn.Linear(channels, call.shape[-1], bias=g["bias"])
        if kind == "act":
            return {
                "relu": nn.ReLU,
                "relu6": nn.ReLU6,
                "leaky": lambda: nn.LeakyReLU(SLOPE),
                "sigmoid": nn.Sigmoid,
                "tanh": nn.Tanh,
                "swish": nn.SiLU,
                "softmax": lambda: nn.Softmax(-1),
            }[g["act"]]()
        return {
            "mean": lambda: nn.AdaptiveAvgPool2d(1),
            "flat": nn.Flatten,
            "norm": lambda: nn.BatchNorm2d(channels, eps=EPSILON),
            "dropout": nn.Dropout,
        }[kind]()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for call in network.calls:
                if call.kind not in MERGES:
                    self.add_module(call.name, layer(call))

        def run(self, tensors: Dict[str, Any]) -> Any:
            for call in network.calls:
                read = [tensors[name] for name in call.reads]
                if call.kind == "concat":
                    found = torch.cat(read, 1)
                elif call.kind in MERGES:
                    found = getattr(torch, FUNCTIONS[call.kind])(*read)
                else:
                    found = getattr(self, call.name)(read[0])
                tensors[call.name] = found
            outputs = tuple(tensors[name] for name in network.outputs)
            return outputs[0] if len(outputs) == 1 else outputs

    class One(Net):
        def forward(self, x: Any) -> Any:
            return self.run({"x": x})

    class Two(Net):
        def forward(self, x: Any, y: Any) -> Any:
            return self.run({"x": x, "y": y})

    One.__name__ = Two.__name__ = "Net"
    module = (One if len(network.inputs) == 1 else Two)().eval()
    given = [(1, s[2], s[0], s[1]) for s in network.inputs.values()]
    return module, given
