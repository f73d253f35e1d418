"""What is fed in and what comes out: inputs, outputs, constants, noise, markers of devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from vai_inspect.core.ir.ops.attributes import Attrs, hidden
from vai_inspect.core.ir.ops.definition import Received, Shape, Trait, define


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


def _source(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, (TensorAttrs, RandomNormalAttrs))
    return received.attrs.shape


DEFINITIONS = (
    *(define(name, TensorAttrs, (), _source, traits={Trait.SOURCE}) for name in ("data", "const")),
    define("random_standard_normal", RandomNormalAttrs, (), _source, traits={Trait.SOURCE}),
    define("return", traits={Trait.SAME_SHAPE}),
    *(define(name, traits={Trait.SAME_SHAPE}) for name in ("upload", "download", "placeholder")),
)
