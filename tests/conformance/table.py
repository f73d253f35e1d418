"""How cases are written down: a name, what makes the module, and its input shapes, NCHW."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Tuple

from torch import nn

from tests.conformance.modules import Behind, Joining

Shape = Tuple[int, ...]
IMAGE, MAP, SMALL, TALL = (1, 3, 32, 32), (1, 16, 32, 32), (1, 3, 8, 8), (1, 16, 64, 64)
VOLUME, LINE = (1, 16, 8, 16, 16), (1, 16, 32)


class Micro(NamedTuple):
    """How to build a case, and the shapes of its inputs."""

    make: Callable[[], nn.Module]
    shapes: Tuple[Shape, ...]


MICROS: Dict[str, Micro] = {}


def add(name: str, make: Callable[[], nn.Module], *shapes: Shape) -> None:
    """Adds a case to the table; a shape is told where it is not one 32x32 image."""
    MICROS[name] = Micro(make, shapes or (IMAGE,))


def chain(name: str, *parts: Callable[[], nn.Module], on: Shape = MAP) -> None:
    """Adds modules in a row; each part makes one."""
    add(name, lambda: nn.Sequential(*(part() for part in parts)), on)


def behind(name: str, function: Any, last: Any = None, on: Shape = IMAGE) -> None:
    """Adds a function behind a convolution."""
    add(name, lambda: Behind(function, last=last and last()), on)


def joining(name: str, function: Any, last: Any = None) -> None:
    """Adds a function of two convolutions."""
    add(name, lambda: Joining(function, last and last()))


def conv(size: Any = 3, i: int = 16, o: int = 16, pad: Any = 1, **settings: Any) -> Any:
    """Returns what makes a convolution."""
    return lambda: nn.Conv2d(i, o, size, padding=pad, **settings)


def deconv(size: int, stride: int, o: int = 16, **settings: Any) -> Any:
    """Returns what makes a transposed convolution of 16 channels."""
    return lambda: nn.ConvTranspose2d(16, o, size, stride, **settings)


def first() -> nn.Module:
    """A convolution of an image to 16 channels."""
    return nn.Conv2d(3, 16, 3, padding=1)


def bare() -> nn.Module:
    """The same without padding."""
    return nn.Conv2d(3, 16, 3)
