"""Max and average pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from vai_inspect.core.ir.ops.attributes import Attrs, Pads2d, Pair, extra
from vai_inspect.core.ir.ops.definition import IN, Received, Shape, Trait, define
from vai_inspect.core.ir.ops.windows import around, spatial


@dataclass(frozen=True)
class MaxPool1dAttrs(Attrs):
    """`maxpool1d`; kernel and stride (w,), pad (left, right)."""

    kernel: Tuple[int]
    stride: Tuple[int] = (1,)
    pad_mode: str = "FLOOR"
    pad: Pair = (0, 0)
    global_: bool = False


@dataclass(frozen=True)
class MaxPool2dAttrs(Attrs):
    """`maxpool2d`; kernel and stride (w, h), pad (left, right, top, bottom).

    A global pool names the whole input as its kernel and stride.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    pad_mode: str = "FLOOR"
    pad: Pads2d = (0, 0, 0, 0)
    global_: bool = False
    dilation: Pair = extra((1, 1))


@dataclass(frozen=True)
class AvgPool2dAttrs(Attrs):
    """`avgpool2d`; as `maxpool2d`, and whether padding counts in the mean."""

    kernel: Pair
    stride: Pair = (1, 1)
    pad_mode: str = "FLOOR"
    pad: Pads2d = (0, 0, 0, 0)
    global_: bool = False
    count_include_pad: bool = True
    count_include_invalid: bool = True


def _pool(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (MaxPool1dAttrs, MaxPool2dAttrs, AvgPool2dAttrs))
    return around(received, spatial(received, attrs), received.channels)


DEFINITIONS = tuple(
    define(name, attrs, IN, _pool, traits={Trait.CHANNELS_LAST})
    for name, attrs in (
        ("maxpool1d", MaxPool1dAttrs),
        ("maxpool2d", MaxPool2dAttrs),
        ("avgpool2d", AvgPool2dAttrs),
    )
)
