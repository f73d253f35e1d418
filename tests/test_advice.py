"""What the advice names is what works where the operator stands."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from tests.test_plan import inspect  # noqa: E402


class Net(nn.Module):
    """Two convolutions, and what the caller computes with them."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.does = forward
        for name, one in parts.items():
            setattr(self, name, one)

    def forward(self, x):
        return self.does(self, x)


def after_sum(function):
    def forward(s, x):
        y = s.a(x)
        return s.b(function(y + s.b(y)))

    return Net(forward)


def after(function, **parts):
    return Net(lambda s, x: s.b(function(s, s.a(x))), **parts)


def focus(x):
    return torch.cat([x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)], 1)


HOST = "at the start or the end of the network, run it on the host"
# model; text and effect of the first remedy of each root cause, in order; what none says
ADVICE = {
    "GELU after a sum": (after_sum(F.gelu), [("use ReLU", "approximate")], "directly after a conv"),
    "SiLU after a sum": (after_sum(F.silu), [("use ReLU", "approximate")], "directly after a conv"),
    "GELU after a convolution": (
        after(lambda s, x: F.gelu(x)),
        [("directly after a convolution", "approximate")],
        HOST,
    ),
    "channel mean": (
        Net(lambda s, x: s.b(s.a(x) * F.relu(s.c(s.a(x).mean(1, keepdim=True)))),
            c=nn.Conv2d(1, 16, 1)),
        [("1x1 convolution with the weights 1 / channels", "exact")],
        HOST,
    ),
    "a pool whose size divides": (after(lambda s, x: F.adaptive_avg_pool2d(x, 8)), [], "pool"),
    "a pool whose size does not": (
        after(lambda s, x: s.pool(x), pool=nn.AdaptiveAvgPool2d(7)),
        [("an output size that divides", "approximate")],
        HOST,
    ),
    "layer scale": (
        after(lambda s, x: x * s.g, g=nn.Parameter(torch.ones(16, 1, 1))),
        [],
        HOST,
    ),
    "focus slices": (
        after(lambda s, x: s.c(focus(x)), c=nn.Conv2d(64, 16, 3, padding=1)),
        [("convolution of kernel r and stride r", "exact")],
        HOST,
    ),
    "crop": (
        after(lambda s, x: x[..., 1:-1, 1:-1]),
        [("at the start or the end of the network crop on the host", None)],
        "kernel r",
    ),
    "softmax within": (after(lambda s, x: x.softmax(1)), [(HOST, None)], "after the network"),
    "sort within": (after(lambda s, x: x.sort(1)[0]), [(HOST, None)], "before or after"),
    "ReLU after a group norm": (
        after(lambda s, x: F.relu(s.norm(x)), norm=nn.GroupNorm(4, 16)),
        [("use batch normalisation", "approximate")],
        "put a batch norm",
    ),
    "Hardswish after a softmax": (
        after(lambda s, x: F.hardswish(x.softmax(1))), [(HOST, None)], "put a batch norm",
    ),
    "leaky ReLU after a wide convolution": (
        after(lambda s, x: F.leaky_relu(s.wide(x)), wide=nn.Conv2d(16, 16, 17, padding=8)),
        [("use kernel 16", "approximate")],
        "put",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "advice", "never"), ADVICE.values(), ids=ADVICE)
def test_what_is_advised(model, advice, never):
    inspection = inspect(model, (1, 3, 32, 32))
    causes = inspection.root_causes
    assert len(causes) == len(advice)
    for cause, (text, effect) in zip(causes, advice):
        (first, *_) = inspection.op(cause.ops[0]).findings[0].remedies
        assert text in first.text
        assert (first.effect and first.effect.value) == effect
        assert never not in cause.suggestion


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(8, 16, 3, padding=1), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 32, 3),
            nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 4),
        )  # fmt: skip

    def forward(self, x):
        return self.layers(x)


def test_a_trunk_of_one_dimension_is_to_be_written_with_two():
    causes = inspect(Trunk(), (1, 8, 64)).root_causes
    assert {cause.type for cause in causes} == {"batchnorm", "reduction_mean"}
    assert all("2-D layers on maps of height 1" in cause.suggestion for cause in causes)


def test_a_frozen_batch_norm_is_to_be_a_batch_norm():
    from tests.torchvision_models import torchvision_models

    torchvision_models()
    from torchvision.ops import FrozenBatchNorm2d

    model = after(lambda s, x: s.norm(x), norm=FrozenBatchNorm2d(16))
    inspection = inspect(model, (1, 3, 32, 32))
    found = {(one.id, one.rewrite) for one in inspection.quantizer.blocking}
    assert found == {("torch.parameters.on_map", "frozen-batch-norm")}
    first = inspection.plan()[0]
    assert (first.kind, first.rewrite, len(first.ops)) == ("rewrite", "frozen-batch-norm", 2)
    assert "nn.BatchNorm2d with the same values" in first.text
