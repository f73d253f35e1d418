"""Classes and modules that extend torch's: what changes nothing, and what does."""

from __future__ import annotations

import types

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import graph_of, kinds  # noqa: E402

IMAGE = (1, 16, 8, 8)
MODULES = [
    (nn.AdaptiveAvgPool2d, ((None, 2),), {}),
    (nn.BatchNorm2d, (16,), {"affine": False}),
    (nn.ChannelShuffle, (4,), {}),
    (nn.Conv2d, (16, 16, 3), {"padding": "same"}),
    (nn.Dropout, (), {"inplace": True}),
    (nn.GLU, (1,), {}),
    (nn.Hardshrink, (), {}),
    (nn.LayerNorm, (8,), {"elementwise_affine": False}),
    (nn.LeakyReLU, (0.3,), {}),
    (nn.LogSoftmax, (1,), {}),
    (nn.Softplus, (), {}),
    (nn.Unfold, (2,), {}),
    (nn.Upsample, (), {"scale_factor": 2, "mode": "area"}),
]


@pytest.mark.parametrize(
    ("cls", "args", "kwargs"), MODULES, ids=[one[0].__name__ for one in MODULES]
)
def test_a_subclass_that_changes_nothing_is_read_as_its_class(cls, args, kwargs):
    own = type("Noise", (cls,), {})
    both = [graph_of(nn.Sequential(kind(*args, **kwargs)).eval(), IMAGE) for kind in (cls, own)]
    plain, extended = ([(op.kind, op.attrs, op.origin.call) for op in graph] for graph in both)
    assert extended == plain


def trains(self, mode=True):
    return self


def test_what_a_subclass_adds_or_does_in_training_changes_nothing():
    more = {"train": trains, "fuse": lambda self: None, "flops": 3, "__slots__": ()}
    norm = type("Frozen", (nn.BatchNorm2d,), more)(16)
    norm.eval = types.MethodType(trains, norm)
    (op,) = [op for op in graph_of(nn.Sequential(norm).eval(), IMAGE) if op.kind == "batchnorm"]
    assert op.origin.call.name == "BatchNorm2d"


class Standardised(nn.Conv2d):
    """Its weight is a property."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.raw = nn.Parameter(self._parameters.pop("weight").detach())

    @property
    def weight(self):
        return self.raw - self.raw.mean()

    @weight.setter
    def weight(self, value):
        self.register_parameter("raw", value)


class Convolved(nn.Conv2d):
    def forward(self, x):
        return F.relu(super().forward(x))


class Normalised(nn.BatchNorm2d):
    def forward(self, x):
        return F.relu(super().forward(x))


def replaced(forward):
    module = nn.Conv2d(16, 16, 1)
    module.forward = types.MethodType(forward, module)
    return module


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (Convolved(16, 16, 1), ["conv2d", "relu"]),
        (Normalised(16), ["batchnorm", "relu"]),
        (replaced(lambda self, x: nn.Conv2d.forward(self, x).relu()), ["conv2d", "relu"]),
        (replaced(lambda self, x: x.sort(1)[0]), ["unknown"]),
    ],
)
def test_a_forward_of_its_own_is_followed(module, expected):
    assert kinds(graph_of(nn.Sequential(module).eval(), IMAGE)) == expected
