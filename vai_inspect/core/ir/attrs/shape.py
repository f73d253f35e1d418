"""Attributes of sources and of the operators that change only shape, order or type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from vai_inspect.core.ir.attrs.base import Attrs, hidden


@dataclass(frozen=True)
class TensorAttrs(Attrs):
    """`data` and `const`: what is fed in. A const's values are not kept, but a single number is."""

    shape: Tuple[int, ...]
    data_type: str = "FLOAT32"
    number: Optional[float] = hidden(None)


@dataclass(frozen=True)
class RandomNormalAttrs(Attrs):
    """`random_standard_normal`."""

    shape: Tuple[int, ...]
    data_type: str = "FLOAT32"
    seed: int = 0
    seed2: int = 0


@dataclass(frozen=True)
class ReshapeAttrs(Attrs):
    """`reshape`: the whole new shape, batch included."""

    shape: Tuple[int, ...] = (0,)


@dataclass(frozen=True)
class SqueezeAttrs(Attrs):
    """`squeeze`: the axes of size 1 that go."""

    axis: Tuple[int, ...] = ()


@dataclass(frozen=True)
class TransposeAttrs(Attrs):
    """`transpose`: axis i of the output is axis order[i] of the input."""

    order: Tuple[int, ...]


@dataclass(frozen=True)
class FlattenAttrs(Attrs):
    """`flatten`: the axes from start_axis to end_axis, both included, become one."""

    start_axis: int
    end_axis: int


@dataclass(frozen=True)
class StridedSliceAttrs(Attrs):
    """`strided_slice`: begin, end (excluded) and stride for each axis."""

    begin: Tuple[int, ...]
    end: Tuple[int, ...]
    strides: Tuple[int, ...]


@dataclass(frozen=True)
class CastAttrs(Attrs):
    """`cast`."""

    data_type: str
