"""What modules hold is copied with their tensors; what cannot be copied is shared and set back."""

from __future__ import annotations

import collections
import functools
import threading
import types
import weakref

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from vai_inspect.core.errors import ModelError, VaiInspectError  # noqa: E402
from vai_inspect.frontends import objects  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402
from vai_inspect.frontends.torch.capture import copying  # noqa: E402
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy  # noqa: E402
from vai_inspect.frontends.torch.capture.meta_copy import MetaCopy  # noqa: E402

SHAPE = (1, 3, 8, 8)
LOG = []
LATEST = None


class Holding(nn.Module):
    """Calls what it holds."""

    def __init__(self, held=None, call=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.held = held
        self.call = call

    def forward(self, x):
        y = self.conv(x)
        return y if self.call is None else self.call(self, y)


def copied(held):
    """The copy of what a module holds."""
    return MetaCopy(Holding(held), DevicePolicy()).model.held


class Slotted(nn.Module):
    __slots__ = ("scale", "seen")

    def __init__(self):
        super().__init__()
        object.__setattr__(self, "scale", [2.0])

    def forward(self, x):
        object.__setattr__(self, "seen", x)
        self.scale.append(x)
        return x * self.scale[0]


def test_slots_of_a_module_are_copied():
    model = Slotted()
    assert "mul" in [op.kind for op in capture(model, SHAPE).graph]
    assert model.scale == [2.0]
    assert not hasattr(model, "seen")


class Refusing(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        vars(self)["frozen"] = True

    def __setattr__(self, name, value):
        if "frozen" in vars(self):
            raise AttributeError("it is frozen")
        super().__setattr__(name, value)

    def forward(self, x):
        return self.conv(x)


def test_a_module_that_refuses_its_attributes_to_be_set():
    assert "conv2d" in [op.kind for op in capture(Refusing(), SHAPE).graph]


def test_modules_in_partial_functions_methods_closures_and_references_are_the_copys():
    other = nn.Conv2d(4, 4, 1)

    def around():
        return lambda y: other(y)

    ways = {
        "partial": functools.partial(lambda module, y: module(y), other),
        "method": other.forward,
        "closure": around(),
        "namespace": types.SimpleNamespace(run=around()).run,
    }
    for name, way in ways.items():
        model = Holding(way, lambda self, y: self.held(y))
        model.other = other
        graph = capture(model, SHAPE).graph
        assert [op.kind for op in graph].count("conv2d") == 2, name
        assert ("other" in graph) == (name != "method"), name  # no module is called there
    model = Holding(weakref.ref(other))
    model.other = other
    made = MetaCopy(model, DevicePolicy()).model
    assert made.held() is made.other
    assert made.other is not other


def test_functions_of_others_are_the_same():
    function = nn.functional.max_pool2d
    held = [function, np.sum, len, torch.relu, nn.ReLU, threading.Lock()]
    for one, other in zip(held, copied(held)):
        assert one is other


def test_what_is_the_same_thing_twice_is_so_in_the_copy():
    inner = [1, torch.zeros(2)]
    made = copied({"a": inner, "b": collections.deque([inner], maxlen=3)})
    assert made["a"] is made["b"][0]
    assert made["b"].maxlen == 3
    assert made["a"] is not inner
    assert made["a"][1].device.type == DevicePolicy().device


@pytest.mark.parametrize("held", ["map", "a generator"])
def test_what_can_be_read_once_only_is_not_used_up(held):
    made = map(float, [1, 2]) if held == "map" else (one for one in [1.0, 2.0])
    model = Holding(made, lambda self, y: y * next(self.held))
    with pytest.raises(
        VaiInspectError, match="reads a (map|generator) that it holds, which cannot"
    ):
        capture(model, SHAPE)
    assert list(made) == [1.0, 2.0]


def test_a_large_array_is_locked_and_not_copied(monkeypatch):
    monkeypatch.setattr(copying, "LARGE", 100)
    array = np.zeros(50)
    assert np.shares_memory(copied(array), array)

    def write(self, y):
        self.held[0] = 1
        return y

    with pytest.raises(VaiInspectError, match="read-only"):
        capture(Holding(array, write), SHAPE)
    assert array.flags.writeable
    assert not array.any()
    assert not np.shares_memory(copied(array[:2]), array)


def test_too_much_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(copying, "MOST", 1000)
    with pytest.raises(ModelError, match="holds more than 1,000 objects of its own") as raised:
        capture(Holding([[1] for _ in range(2000)], None), SHAPE)
    assert "\n" not in str(raised.value)


@functools.lru_cache(maxsize=None)
def grid(size):
    return torch.zeros(size)


def leave(self, y):
    global LATEST
    LATEST = y
    LOG.append((1, y))
    return y + grid(6)


def test_nothing_is_left_in_caches_and_variables_of_the_users_modules():
    LOG.append("the user's")
    capture(Holding(call=leave), SHAPE)
    assert grid(6).device.type == "cpu"
    assert LATEST is None
    assert LOG == ["the user's"]


def test_objects_that_stand_for_something_outside_are_shared():
    assert not copying.copyable(threading.Thread)
    assert copying.copyable(types.SimpleNamespace)
    assert copying.copyable(torch.distributions.Normal)
    assert not copying.copyable(torch.fx.Graph)
    assert not objects.is_users(type(iter([])))
