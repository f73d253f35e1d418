"""Settings of torch and modules of odd kinds under which a module is inspected.

Run as a script it prints a line for each: its name, and what came of it.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any, Callable, Dict

import torch
from torch import nn

from vai_inspect.core.errors import VaiInspectError
from vai_inspect.frontends.torch import capture

SHAPE = (1, 3, 8, 8)


class Looking(nn.Module):
    """Asks for values."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Any) -> Any:
        y = self.conv(x)
        return y + torch.ones(6) if y.sum() > 0 else y * torch.zeros(6)


class Plain(Looking):
    def forward(self, x: Any) -> Any:
        return self.conv(x) + torch.ones(6)


class Refusing(Plain):
    """Refuses every attribute, once it is made."""

    def __init__(self) -> None:
        super().__init__()
        vars(self)["done"] = True

    def __setattr__(self, name: str, value: Any) -> None:
        if "done" in vars(self):
            raise AttributeError("it is frozen")
        super().__setattr__(name, value)


class Slotted(nn.Module):
    __slots__ = ("scale",)

    def __init__(self) -> None:
        super().__init__()
        self.scale = 2.0

    def forward(self, x: Any) -> Any:
        return x * self.scale


def on_device(device: str, make: Callable[[], Any]) -> Any:
    """Captures while tensors are made on another device by default."""
    model = make().eval()
    torch.set_default_device(device)
    try:
        return capture(model, SHAPE)
    finally:
        torch.set_default_device("cpu")


def in_vmap(given: Any) -> Any:
    """Captures inside of a function that torch maps over a batch."""
    found, model = [], Plain().eval()

    def function(x: Any) -> Any:
        found.append(capture(model, x if given is None else given))
        return x

    torch.vmap(function)(torch.zeros(2, 1, 3, 8, 8))
    return found[0]


def nested() -> Any:
    return capture(Plain().eval(), torch.nested.nested_tensor([torch.zeros(3, 8, 8)] * 2))


def jagged() -> Any:
    parts = [torch.zeros(3, 8), torch.zeros(4, 8)]
    return capture(nn.Linear(8, 2), torch.nested.nested_tensor(parts, layout=torch.jagged))


def deep() -> Any:
    model: Any = nn.Conv2d(3, 4, 3)
    for _ in range(3000):
        model = nn.Sequential(model)
    return capture(model, SHAPE)


def in_fake_mode() -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return capture(Plain().eval(), SHAPE)


def in_inference_mode() -> Any:
    with torch.inference_mode():
        return capture(Looking().eval(), SHAPE)


def in_a_gone_folder() -> Any:
    before = os.getcwd()
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)
    try:
        from vai_inspect.torch import Inspector

        inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        result = inspector.inspect(Plain(), SHAPE, output_dir=None, verbose_level=2)
        result.to_dict()
        result._repr_html_()
        from vai_inspect.reports.text import text

        return text.render(result)
    finally:
        os.chdir(before)


CASES: Dict[str, Callable[[], Any]] = {
    "meta by default": lambda: on_device("meta", Plain),
    "meta by default, values": lambda: on_device("meta", Looking),
    "another device by default": lambda: on_device("xla", Plain),
    "another device by default, values": lambda: on_device("xla", Looking),
    "vmap": lambda: in_vmap(SHAPE),
    "vmap, its tensor": lambda: in_vmap(None),
    "a nested tensor": nested,
    "a jagged tensor": jagged,
    "a sparse tensor": lambda: capture(Plain().eval(), torch.zeros(SHAPE).to_sparse()),
    "attributes refused": lambda: capture(Refusing(), SHAPE),
    "slots": lambda: capture(Slotted(), SHAPE),
    "deep modules": deep,
    "fake tensors": in_fake_mode,
    "inference mode": in_inference_mode,
    "a gone folder": in_a_gone_folder,
    "huge": lambda: capture(Plain().eval(), (1, 3, 10**30, 8)),
}


def main() -> None:
    """Runs all cases."""
    for name, case in CASES.items():
        try:
            case()
            found = "read"
        except VaiInspectError as error:
            found = "lines" if "\n" in str(error) else "line: {}".format(error)
        except BaseException as error:
            found = "raw: {!r}".format(error)
        print("# {}: {}".format(name, found.replace("\n", "|")), flush=True)


if __name__ == "__main__":
    main()
