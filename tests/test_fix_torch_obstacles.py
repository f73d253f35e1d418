"""fix for PyTorch removes obstacles of the quantiser whose remedy is exact."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from tests.test_fix_torch import (  # noqa: E402
    B4096,
    SHAPE,
    Call,
    Functional,
    Net,
    differs,
    outputs,
    pair_of,
)
from vai_inspect.core.findings import Effect  # noqa: E402
from vai_inspect.fixing import LARGEST_ERROR  # noqa: E402
from vai_inspect.frontends.torch import rewrite  # noqa: E402
from vai_inspect.rules.quantizers.release import RELEASES  # noqa: E402
from vai_inspect.rules.quantizers.torch_obstacles import TORCH  # noqa: E402
from vai_inspect.torch import fix  # noqa: E402


def joined(cut):
    """The parts of a map, in another order."""
    return Call(lambda x: torch.cat([*cut(x)][::-1], 1))


def stacked(x):
    return torch.cat([one.unsqueeze(1) for one in x.unbind(1)], 1)


def norm(kind=nn.BatchNorm2d, **options):
    made = kind(16, affine=False, **options)
    with torch.no_grad():
        made.running_mean.normal_()
        made.running_var.uniform_(0.5, 1.5)
    return made


class OwnNorm(nn.BatchNorm2d):
    """A subclass that is made with no arguments."""

    def __init__(self):
        super().__init__(16, affine=False)


def larger(self, x):
    return torch.max(self.a(x), self.b(x))


TWO = {"a": nn.Conv2d(16, 16, 1), "b": nn.Conv2d(16, 16, 1)}
CASES = {
    "nn.ReLU6": ("activations.relu6_module", "relu6-as-hardtanh", nn.ReLU6(), RELEASES),
    "F.relu6": ("activations.relu6_function", "relu6-as-hardtanh", Call(F.relu6), ("2.5",)),
    "a norm that is folded": (
        "normalization.without_affine", "affine-norm",
        nn.Sequential(nn.Conv2d(16, 16, 1), norm(eps=0.1)), RELEASES,
    ),
    "a norm after a ReLU": (
        "normalization.without_affine", "affine-norm", nn.Sequential(nn.ReLU(), norm()), RELEASES,
    ),
    "a norm of a class of its own": (
        "normalization.without_affine", "affine-norm", OwnNorm(), RELEASES,
    ),
    "a standardised weight": (
        "convolution.computed_weight", "bake-weight", Functional(16, 16, 3, padding=1), RELEASES,
    ),
    "a layer norm": (
        "normalization.layer_norm_without_weights", "affine-norm",
        nn.LayerNorm(16, elementwise_affine=False, eps=0.1), ("2.5", "3.0"),
    ),
    "F.layer_norm": (
        "normalization.layer_norm_without_weights", "affine-norm",
        Call(lambda x: F.layer_norm(x, (16, 16), eps=0.1)), RELEASES,
    ),
    "a mean": (
        "reductions.mean_without_dim", "mean-with-dim", Call(lambda x: x * x.mean()),
        ("2.5", "3.5"),
    ),
    "torch.mean": (
        "reductions.mean_without_dim", "mean-with-dim", Call(lambda x: x * torch.mean(x)),
        ("3.5",),
    ),
    "torch.max": ("reductions.max_of_two", "max-to-relu", Call(larger, **TWO), ("2.5",)),
    "chunk": (
        "splits.chunk", "chunk-to-slices", joined(lambda x: x.chunk(3, 1)), ("2.5", "3.0"),
    ),
    "split": ("splits.split", "chunk-to-slices", joined(lambda x: x.split(5, 1)), ("2.5", "3.0")),
    "unbind": ("splits.unbind", "chunk-to-slices", Call(stacked), RELEASES),
    "tensor_split": (
        "splits.several_results", "chunk-to-slices", joined(lambda x: x.tensor_split(3, 1)),
        RELEASES,
    ),
    "tensor_split at places": (
        "splits.several_results", "chunk-to-slices", joined(lambda x: x.tensor_split((5, 7), 1)),
        ("3.5",),
    ),
    "unsafe_chunk": (
        "splits.several_results", "chunk-to-slices", joined(lambda x: x.unsafe_chunk(3, 1)),
        ("3.5",),
    ),
}  # fmt: skip
"""Obstacle, rewrite, what is between convolutions, and releases."""
EACH = [
    pytest.param(*case[:3], release, id=f"{name}, {release}")
    for name, case in CASES.items()
    for release in case[3]
]


@pytest.mark.parametrize(("obstacle", "rule", "pattern", "release"), EACH)
def test_an_obstacle_is_removed_and_the_function_stays(obstacle, rule, pattern, release):
    model = Net(pattern).eval()
    fixed = fix(model, B4096, SHAPE, release=release)
    assert "torch." + obstacle in blocking(fixed.before)
    assert "torch." + obstacle not in blocking(fixed.after)
    assert blocking(fixed.after) <= blocking(fixed.before)
    assert rule in [one.rule for one in fixed.changes]
    assert all(one.max_error < LARGEST_ERROR for one in fixed.changes)
    assert not fixed.difference.worse
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR


LEFT = [
    ("relu6-as-hardtanh", nn.ReLU(), "no relu6"),
    ("affine-norm", nn.ReLU(), "no norm without weights"),
    ("mean-with-dim", nn.ReLU(), "no mean of a whole tensor"),
    ("max-to-relu", nn.ReLU(), "no maximum of two tensors"),
    ("chunk-to-slices", nn.ReLU(), "no split"),
]


@pytest.mark.parametrize(("name", "pattern", "reason"), LEFT)
def test_what_a_program_cannot_do_is_left_with_the_reason(name, pattern, reason):
    changed, left = pair_of(Net(pattern).eval()).changed(rewrite.PROGRAMS[name], ["pattern"])
    assert changed is None
    assert reason in left["pattern"]


class Positions(nn.Module):
    """A parameter of a whole map, as position embeddings are."""

    def __init__(self):
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, 16, 16, 16))

    def forward(self, x):
        return x + self.positions


def test_a_parameter_of_a_whole_map_is_advice():
    fixed = fix(Net(Positions()).eval(), B4096, SHAPE)
    assert not fixed.changes
    assert [(one.step.kind, one.ops) for one in fixed.left] == [("remedy", ("pattern.add",))]
    assert "plain tensor attribute" in fixed.left[0].step.text


ADVICE = {
    "torch.activations.hardswish",
    "torch.convolution.weight_norm",  # done as the copy is traced
    "torch.convolution.one_dimensional",
    "torch.functions.autograd",
    "torch.functions.checkpoint",
    "torch.parameters.of_sequential",
    "torch.parameters.one_axis",
    "torch.splits.within_modules",
    "torch.values.assigned_slice",
}
"""Obstacles whose exact remedy no program does; docs/fix.md gives the reasons."""


def test_an_exact_remedy_has_a_program_or_is_known_to_be_advice():
    rules = (*TORCH.obstacles, *TORCH.last)
    exact = {one.id: one.remedy.rewrite for one in rules
             if one.remedy is not None and one.remedy.effect is Effect.EXACT}  # fmt: skip
    assert {id for id, one in exact.items() if one not in rewrite.PROGRAMS} == ADVICE


def blocking(inspection):
    return {one.id for one in inspection.quantizer.blocking}
