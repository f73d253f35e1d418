"""fix on random networks made of the patterns: exact, never worse, and done in one go."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("hypothesis")
torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tests.test_fix_torch import B4096, FrozenBatchNorm2d, Scaled, shuffled  # noqa: E402
from vai_inspect.fixing import LARGEST_ERROR  # noqa: E402
from vai_inspect.torch import fix  # noqa: E402

SHAPE = (1, 3, 16, 16)


def conv(**settings):
    return nn.Conv2d(16, 16, 3, padding=settings.pop("padding", 1), **settings)


class Calls(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Gate(nn.Module):
    def __init__(self, gate, kept):
        super().__init__()
        self.fc, self.gate, self.kept = nn.Conv2d(16, 16, 1), gate, kept

    def forward(self, x):
        if self.kept:
            pooled = x.mean((2, 3), keepdim=True)
        else:
            pooled = x.mean((2, 3)).view(x.size(0), -1, 1, 1)
        return x * self.gate(self.fc(pooled)).expand_as(x)


PATTERNS = {
    "conv": conv,
    "groups": lambda: conv(groups=4),
    "depthwise": lambda: conv(groups=16),
    "same": lambda: conv(padding="same"),
    "norm": lambda: nn.BatchNorm2d(16),
    "frozen": lambda: FrozenBatchNorm2d(),
    "scaled": Scaled,
    "relu": lambda: nn.ReLU(inplace=True),
    "relu6": nn.ReLU6,
    "silu": lambda: nn.SiLU(inplace=True),
    "gelu": nn.GELU,
    "leaky": lambda: nn.LeakyReLU(0.2),
    "sigmoid": nn.Sigmoid,
    "hardswish": lambda: Calls(lambda x: x * F.relu6(x + 3) / 6),
    "square": lambda: Calls(lambda x: x**2),
    "divide": lambda: Calls(lambda x: x / 4),
    "minus": lambda: Calls(lambda x: 1 - x),
    "same sum": lambda: Calls(lambda x: sum([x, x])),
    "shuffle": lambda: Calls(lambda x: shuffled(x, 4)),
    "max": lambda: nn.MaxPool2d(3, 1, 1),
    "average": lambda: nn.AvgPool2d(3, 1, 1),
    "softmax": lambda: nn.Softmax(1),
    "gate": lambda: Gate(nn.Sigmoid(), False),
    "hard gate": lambda: Gate(nn.Hardsigmoid(), True),
}


class Network(nn.Module):
    """Blocks in a row; some add what went into them."""

    def __init__(self, blocks):
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 4, 1)
        self.blocks = nn.ModuleList(nn.Sequential(*(PATTERNS[one]() for one in names))
                                    for names, _ in blocks)  # fmt: skip
        self.added = [added for _, added in blocks]

    def forward(self, x):
        x = self.stem(x)
        for block, added in zip(self.blocks, self.added):
            y = block(x)
            x = x + y if added else y
        return self.head(x)


blocks = st.lists(
    st.tuples(st.lists(st.sampled_from(sorted(PATTERNS)), min_size=1, max_size=3), st.booleans()),
    min_size=1,
    max_size=3,
)
many = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)


def outputs(model):
    x = torch.linspace(-2, 2, 3 * 16 * 16, dtype=torch.float64).view(SHAPE)
    with torch.no_grad():
        return copy.deepcopy(model).double().eval()(x)


@given(blocks)
@many
def test_exact_changes_change_no_output_and_nothing_gets_worse(blocks):
    torch.manual_seed(0)
    model = Network(blocks).eval()
    fixed = fix(model, B4096, SHAPE)
    before, after = outputs(model), outputs(fixed.model)
    reach = float(before.max() - before.min()) or 1.0
    assert float((before - after).abs().max()) / reach < LARGEST_ERROR
    assert all(change.max_error < LARGEST_ERROR for change in fixed.changes)
    assert not fixed.difference.worse
    again = fix(fixed.model, B4096, SHAPE)
    assert not again.changes


@given(blocks)
@many
def test_approximate_changes_make_nothing_worse_either(blocks):
    torch.manual_seed(0)
    fixed = fix(Network(blocks).eval(), B4096, SHAPE, approximate=True)
    assert not fixed.difference.worse
    assert not fix(fixed.model, B4096, SHAPE, approximate=True).changes
