"""Operators that give an image of another size without weights: resizes, pads, shuffles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import IN, Received, Shape, ShapeError, Trait, define
from vai_inspect.core.ir.ops.windows import around


@dataclass(frozen=True)
class ResizeAttrs(Attrs):
    """`resize`; mode NEAREST, BILINEAR, TRILINEAR or BICUBIC, scale (w, h) or (w, h, d)."""

    mode: str
    align_corners: bool = False
    half_pixel_centers: bool = False
    scale: Tuple[float, ...] = ()


@dataclass(frozen=True)
class PadAttrs(Attrs):
    """`pad`; paddings (before, after) for each axis in order, flattened: NHWC has eight.

    Modes: CONSTANT, REFLECT, SYMMETRIC (XIR), and EDGE and WRAP, which XIR does not have.
    """

    paddings: Tuple[int, ...]
    mode: str = "CONSTANT"
    constant_values: Tuple[float, ...] = ()


@dataclass(frozen=True)
class ReorgAttrs(Attrs):
    """`reorg`: space to depth, and back where `reverse` is set."""

    scale: int
    reverse: bool = False


@dataclass(frozen=True)
class PixelShuffleAttrs(Attrs):
    """`pixel-shuffle`: depth to space where `upscale` is set, else space to depth."""

    scale: int
    upscale: bool = True


def _resize(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, ResizeAttrs)
    if not attrs.scale:
        return None
    scale = tuple(reversed(attrs.scale))
    before = received.of_rank(len(scale) + 2)[1:-1]
    # A scale may be the quotient of two whole sizes, a hair below what it stands for.
    sizes = tuple(int(size * factor + 1e-6) for size, factor in zip(before, scale))
    return around(received, sizes, received.channels)


def _pad(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, PadAttrs)
    if len(attrs.paddings) != 2 * received.rank:
        raise ShapeError(f"{len(attrs.paddings)} paddings do not fit {received.shape}")
    pairs = zip(attrs.paddings[::2], attrs.paddings[1::2])
    return tuple(size + sum(pair) for size, pair in zip(received.shape, pairs))


def _pixels(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (PixelShuffleAttrs, ReorgAttrs))
    batch, height, width, channels = received.of_rank(4)
    scale = attrs.scale
    grows = attrs.upscale if isinstance(attrs, PixelShuffleAttrs) else attrs.reverse
    whole = channels % scale**2 == 0 if grows else height % scale == width % scale == 0
    if not whole:
        raise ShapeError(f"the scale {scale} does not divide {received.shape}")
    if grows:
        return batch, height * scale, width * scale, channels // scale**2
    return batch, height // scale, width // scale, channels * scale**2


_LAST = frozenset((Trait.CHANNELS_LAST,))
DEFINITIONS = (
    define("resize", ResizeAttrs, ("input", "size"), _resize, traits=_LAST),
    define("pad", PadAttrs, IN, _pad, traits={Trait.NAMES_AXES}),
    define("pixel-shuffle", PixelShuffleAttrs, IN, _pixels, traits=_LAST),
    define("reorg", ReorgAttrs, IN, _pixels, traits=_LAST),
)
