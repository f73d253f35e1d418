"""The work of each operator: cycles of an engine, weights, the part of its input that it reads.

Cycles follow from the parallelism of the engines: what is not a multiple of it is padded. Sizes are
NHWC; `up(a, b)` is a / b rounded up. All figures are of one image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from vai_inspect.core.estimate import Padded
from vai_inspect.core.ir import Op, TensorType
from vai_inspect.core.target import Target
from vai_inspect.rules.shared.engines import depthwise_engine

Lanes = Tuple[int, int]
"""Channels and pixels at once."""


class Work(NamedTuple):
    """The work of one operator.

    Attributes:
        array: cycles of the convolution array.
        engine: cycles of the ALU, or of the engine that stands for it.
        weights: bytes of its parameters, one a weight.
        used: the share of its input that it reads.
        padded: axes that are padded to the parallelism.
    """

    array: int = 0
    engine: int = 0
    weights: int = 0
    used: float = 1.0
    padded: Tuple[Padded, ...] = ()


@dataclass(frozen=True)
class Engines:
    """The parallelism of a target's engines.

    Attributes:
        pixels: rows that the array computes at once.
        inputs: input channels at once.
        outputs: output channels at once.
        augments: whether few input channels are laid out along the kernel's width.
        depthwise: lanes of what runs depthwise convolutions.
        pool: lanes of what pools.
        eltwise: lanes of what adds and multiplies feature maps.
        bank: bytes of one bank group of feature maps.
    """

    pixels: int
    inputs: int
    outputs: int
    augments: bool
    depthwise: Lanes
    pool: Lanes
    eltwise: Lanes
    bank: int

    @classmethod
    def of(cls, target: Target) -> "Engines":
        """Returns the parallelism of a target; an engine that it lacks is as its array."""
        conv = target.conv
        plain = (conv.input_channel_parallel, conv.pixel_parallel)
        return cls(
            pixels=conv.pixel_parallel,
            inputs=conv.input_channel_parallel,
            outputs=conv.output_channel_parallel,
            augments=conv.channel_augmentation is not None,
            depthwise=_lanes(depthwise_engine(target), plain),
            pool=_lanes(target.alu or target.pool, plain),
            eltwise=_lanes(target.eltwise or target.alu, plain),
            bank=target.bank(conv.input_bank[0]).bytes,
        )


class Sizes(NamedTuple):
    """Height, width and channels of a tensor; tensors of other ranks lie along the width."""

    h: int
    w: int
    c: int

    @classmethod
    def of(cls, tensor: TensorType) -> "Sizes":
        """Returns the sizes of a tensor, of one image."""
        shape = tensor.shape
        if len(shape) == 4:
            return cls(*shape[1:])
        along = 1
        for size in shape[1:-1]:
            along *= size
        return cls(1, along, shape[-1] if shape else 1)


def work(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Optional[Work]:
    """Returns what an operator takes; None for what takes nothing of its own, see `COSTS`.

    Args:
        op: the operator.
        inputs: types of what it reads, constants not among them; at least one.
        engines: the target's engines.

    Raises:
        KeyError: nothing is known of its kind.
    """
    cost = COSTS[op.kind]
    return None if cost is None else cost(op, inputs, engines)


def up(size: int, step: int) -> int:
    """Returns size / step, rounded up."""
    return -(-size // step)


def _conv(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    (kw, kh), stride = _window(op.attrs)
    out, group = Sizes.of(op.output), int(getattr(op.attrs, "group", 1))
    ic, oc = Sizes.of(inputs[0]).c // group, out.c // group
    steps = kh * kw * up(ic, engines.inputs)
    padded = ic
    if engines.augments and ic < engines.inputs:
        steps = min(steps, kh * up(kw * ic, engines.inputs))
    else:
        padded = up(ic, engines.inputs) * engines.inputs
    return Work(
        array=steps * up(oc, engines.outputs) * group * out.w * up(out.h, engines.pixels),
        weights=kh * kw * ic * out.c,
        used=min(1.0, kh / stride),
        padded=_padded(
            ("input channels", ic, padded),
            ("output channels", oc, up(oc, engines.outputs) * engines.outputs),
            ("rows", out.h, up(out.h, engines.pixels) * engines.pixels),
        ),
    )


def _transposed(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """Each position of the input meets the whole kernel."""
    (kw, kh), _ = _window(op.attrs)
    given, group = Sizes.of(inputs[0]), int(getattr(op.attrs, "group", 1))
    out = Sizes.of(op.output)
    ic, oc = given.c // group, out.c // group
    steps = kh * kw * up(ic, engines.inputs) * up(oc, engines.outputs) * group
    return Work(array=steps * given.w * up(given.h, engines.pixels), weights=kh * kw * ic * out.c)


def _inner_product(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    out = op.output
    oc = max(1, out.channels)
    positions = max(1, out.elements // (oc * max(1, out.shape[0] if out.rank > 1 else 1)))
    images = max(1, inputs[0].shape[0] if inputs[0].rank > 1 else 1)
    ic = max(1, inputs[0].elements // (images * positions))
    return Work(
        array=up(ic, engines.inputs) * up(oc, engines.outputs) * positions,
        weights=ic * oc,
        padded=_padded(
            ("input channels", ic, up(ic, engines.inputs) * engines.inputs),
            ("output channels", oc, up(oc, engines.outputs) * engines.outputs),
        ),
    )


def _depthwise(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    (kw, kh), stride = _window(op.attrs)
    out = Sizes.of(op.output)
    weights = kh * kw * out.c
    return _on_engine(out, engines.depthwise, kh * kw, weights, min(1.0, kh / stride))


def _transposed_depthwise(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    (kw, kh), _ = _window(op.attrs)
    given = Sizes.of(inputs[0])
    return _on_engine(given, engines.depthwise, kh * kw, kh * kw * given.c)


def _pool(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    (kw, kh), stride = _window(op.attrs)
    return _on_engine(Sizes.of(op.output), engines.pool, kh * kw, 0, min(1.0, kh / stride))


def _reduction(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """Over height and width as a pool with that kernel; else a pass over all that is read."""
    given, axes = inputs[0], getattr(op.attrs, "axis", ())
    spatial = given.rank == 4 and {axis % 4 for axis in axes} <= {1, 2}
    if not spatial:
        return _on_engine(Sizes.of(given), engines.pool, 1)
    sizes = Sizes.of(given)
    h, w = (1 if axis in axes or axis - 4 in axes else given.shape[axis] for axis in (1, 2))
    return _on_engine(Sizes(h, w, sizes.c), engines.pool, sizes.h * sizes.w // (h * w))


def _eltwise(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """A pass for each operand."""
    return _on_engine(Sizes.of(op.output), engines.eltwise, max(2, len(inputs)))


def _product(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """As a sum; with a constant as a 1x1 depthwise convolution."""
    return (_eltwise if len(inputs) > 1 else _pass)(op, inputs, engines)


def _pass(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """As a 1x1 depthwise convolution."""
    return _on_engine(Sizes.of(op.output), engines.depthwise, 1)


def _hard_swish(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """A hard-sigmoid, and the product of it with what it reads."""
    return _on_engine(Sizes.of(op.output), engines.depthwise, 3)


def _moved(op: Op, inputs: Sequence[TensorType], engines: Engines) -> Work:
    """Transfers only."""
    return Work()


def _on_engine(
    sizes: Sizes, lanes: Lanes, passes: int, weights: int = 0, used: float = 1.0
) -> Work:
    channels, pixels = lanes
    return Work(
        engine=passes * up(sizes.c, channels) * sizes.w * up(sizes.h, pixels),
        weights=weights,
        used=used,
        padded=_padded(
            ("channels", sizes.c, up(sizes.c, channels) * channels),
            ("rows", sizes.h, up(sizes.h, pixels) * pixels),
        ),
    )


def _padded(*axes: Tuple[str, int, int]) -> Tuple[Padded, ...]:
    return tuple([Padded(*axis) for axis in axes if axis[1] < axis[2]])


def _window(attrs: Any) -> Tuple[Tuple[int, int], int]:
    """Returns the kernel (w, h) and the stride of height of a window of one or two axes."""
    kernel, stride = attrs.kernel, attrs.stride
    if len(kernel) == 1:
        return (kernel[0], 1), 1
    return (kernel[0], kernel[1]), max(1, stride[1])


def _lanes(engine: Any, otherwise: Lanes) -> Lanes:
    return otherwise if engine is None else (engine.channel_parallel, engine.pixel_parallel)


Cost = Callable[[Op, Sequence[TensorType], Engines], Work]

_FREE = ("relu", "relu6", "leaky-relu", "pad", "concat", "stack", "identity") + (
    "reshape",
    "flatten",
    "squeeze",
    "strided_slice",
)
_MOVES = ("resize", "transpose", "pixel-shuffle", "reorg", "gstiling", "argmax", "upload")

COSTS: Dict[str, Optional[Cost]] = {
    "conv1d": _conv,
    "conv2d": _conv,
    "transposed-conv2d": _transposed,
    "inner-product": _inner_product,
    "depthwise-conv2d": _depthwise,
    "transposed-depthwise-conv2d": _transposed_depthwise,
    "maxpool1d": _pool,
    "maxpool2d": _pool,
    "avgpool2d": _pool,
    **dict.fromkeys(("reduction_mean", "reduction_max", "reduction_sum"), _reduction),
    **dict.fromkeys(("add", "sub", "min", "max"), _eltwise),
    "mul": _product,
    **dict.fromkeys(("batchnorm", "scale", "prelu", "hard-sigmoid"), _pass),
    "hard-swish": _hard_swish,
    # What would stand in their place if they were on the DPU:
    "sigmoid": _pass,
    "swish": _hard_swish,
    **dict.fromkeys(_MOVES, _moved),
    **dict.fromkeys(_FREE),
}
"""What each kind takes; None for what takes nothing: fused, or only another view of its input."""
