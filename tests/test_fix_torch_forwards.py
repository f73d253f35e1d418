"""Forwards of any kind: the new module computes what the user's does, or one line says why not."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from vai_inspect.core.errors import CaptureError  # noqa: E402
from vai_inspect.torch import fix  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"
SHAPE = (1, 32, 16, 16)


@dataclass
class Result:
    """What a forward returns."""

    map: Any
    label: str
    rest: Any = None


class Net(nn.Module):
    """A convolution in groups, after which a function of the module is called."""

    def __init__(self, function):
        super().__init__()
        self.conv, self.last = nn.Conv2d(32, 32, 3, padding=1, groups=4), nn.Conv2d(32, 8, 1)
        self.relu = nn.ReLU(inplace=True)
        self.factor = nn.Parameter(torch.tensor(1.5))
        self.function = function

    def forward(self, x):
        return self.function(self, self.conv(x))


def _sums(net, x):
    x = net.last(x)
    return torch.sum(x, 3), torch.sum(torch.sum(x, 3), 2), torch.abs(x)


def _above_zero(net, x):
    return net.last(x * 2) if net.factor > 0 else net.last(x)


def _part_in_place(net, x):
    net.relu(x[:, :4])
    return net.last(x)


def _autocast(net, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        x = net.last(x)
    return x.float()


class Own(torch.Tensor):
    """A class of tensors that Python's copy cannot copy."""

    def __deepcopy__(self, memo):
        raise TypeError("no copies")


def _own(net, x):
    return net.last(x * torch.ones(1).as_subclass(Own))


TAKEN = {
    "functions under names of Python's": _sums,
    "a dataclass": lambda net, x: Result(net.last(x), "label", [F.relu(x)]),
    "a number of numpy": lambda net, x: net.last(x * np.float32(1.5)),
    "the value of a parameter": lambda net, x: net.last(x * net.factor.item() + float(net.factor)),
    "a parameter that decides": _above_zero,
}


def _tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    parts = (value.map, value.rest) if isinstance(value, Result) else value
    return [one for part in parts for one in _tensors(part)]


@pytest.mark.parametrize("name", TAKEN)
def test_a_forward_that_is_taken(name):
    model = Net(TAKEN[name]).eval()
    fixed = fix(model, B4096, SHAPE)
    assert "group-to-dense" in [change.rule for change in fixed.changes]
    assert not fixed.difference.worse
    assert {op.name for op in fixed.after.ops} <= {op.name for op in fixed.before.ops}
    x = torch.randn(SHAPE, dtype=torch.float64)
    with torch.no_grad():
        expected = _tensors(copy.deepcopy(model).double()(x))
        found = _tensors(fixed.model.double()(x))
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


REFUSED = {
    "a module that changes a part in place": (_part_in_place, "changes a part of a tensor"),
    "autocast": (_autocast, "runs under autocast"),
    "a value that decides": (
        lambda net, x: net.last(x) if x.sum() > 0 else x,
        r"asks for the value of a tensor: bool\(\) at test_fix_torch_forwards\.py:\d+; write",
    ),
    "a value taken out that decides": (
        lambda net, x: net.last(x) if x.sum().item() > 0 else x,
        r"the value of a tensor: item\(\) at test_fix_torch_forwards",
    ),
    "a size that depends on values": (
        lambda net, x: net.last(x) * float(x[x > 0].shape[0]),
        r"the value of a tensor: an index of truth values at test_fix_torch_forwards",
    ),
    "parts whose number depends on values": (
        lambda net, x: [net.last(x) * at[0] for at in torch.nonzero(x[0, 0] > 0)],
        r"the value of a tensor: nonzero at test_fix_torch_forwards",
    ),
    "a tensor without copies": (_own, "cannot be copied to check changes: TypeError"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_forward_that_is_refused(name):
    function, said = REFUSED[name]
    model = Net(function).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CaptureError, match=said) as error:
        fix(model, B4096, SHAPE)
    assert "\n" not in str(error.value)
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])
