"""Models whose code does what no model should, for whole processes."""

from __future__ import annotations

import os
import sys
from typing import Any

import torch
from torch import nn


class Speechless(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise ValueError("no text")


class Odd(Exception):  # noqa: N818
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]


class Colourful(Exception):  # noqa: N818
    def __str__(self) -> str:
        return "bad \ud800 \x1b[31m \x00 line\nmore [bold]x[/]"


class Beyond(BaseException):
    pass


class Net(nn.Module):
    def __init__(self, error: Any = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.error = error

    def forward(self, x: Any) -> Any:
        if self.error is not None:
            raise self.error()
        return torch.relu(self.conv(x))


class Endless(Net):
    def forward(self, x: Any) -> Any:
        while True:
            x = x + 1


class Closed:
    """Answers nothing that it is asked."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no attribute")

    def __repr__(self) -> str:
        raise RuntimeError("no text")


class _Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        if name == "__mro__":
            raise RuntimeError("no mro")
        return type.__getattribute__(cls, name)


class Rootless(metaclass=_Meta):
    pass


def raises(kind: str) -> None:
    """Raises one of the errors of here."""
    raise globals()[kind]()


def fails(kind: str) -> Any:
    """Returns a model whose forward raises one."""
    return Net(globals()[kind])


def exits() -> None:
    raise GeneratorExit()


def closes_stdout() -> Any:
    sys.stdout.close()
    return Net()


def closes_stderr() -> Any:
    sys.stderr.close()
    return Net()


def closes_descriptor(number: int) -> Any:
    os.close(number)
    return Net()


def closes_all() -> Any:
    for number in (1, 2):
        os.close(number)
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        stream.close()  # type: ignore[union-attr]
    return Net()
