"""Forms of modules that the frontend must tell apart for the facts about vai_q_pytorch."""

from __future__ import annotations

import warnings

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.checkpoint import checkpoint  # noqa: E402

from tests.quantizers.expected import B4096  # noqa: E402
from tests.quantizers.test_torch_cases import Net, after, conv, halves, image  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402


def mapped(computes, **parts):
    """A function of a convolution's map."""
    return Net(lambda s, x: computes(s, s.conv(x)), conv=conv(), **parts), image()


def scaled(*shape, size=16, operation=torch.mul):
    scale = nn.Parameter(torch.ones(*shape))
    return Net(lambda s, x: operation(s.conv(x), s.scale), conv=conv(), scale=scale), image(size)


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.g


def plain_attribute():
    model, inputs = mapped(lambda s, x: x * s.scale)
    model.scale = torch.ones(1, 8, 1, 1)
    return model, inputs


def assigned(s, x):
    x[..., 0] = 0.0
    return x


def masked(s, x):
    mask = x.new_zeros(16, 16)
    mask[:4, :4] = 1.0
    return x * mask.view(1, 1, 16, 16)


def twice_read(s, x):
    return s.norm(x) + x


def selected():
    model, inputs = mapped(lambda s, x: x[:, s.order])
    model.register_buffer("order", torch.tensor([1, 0, 3]))
    return model, inputs


def norm_of(module):
    return after(torch.nn.utils.parametrizations.weight_norm(module))


def hooked_norm():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch 2 calls it deprecated
        return after(torch.nn.utils.weight_norm(conv(8, 8)))


def tokens(module):
    return Net(lambda s, x: s.last(s.fc(x)), fc=nn.Linear(8, 8), last=module), torch.ones(1, 4, 8)


class Doubled(torch.autograd.Function):
    """A function of the user's, of plain operators."""

    @staticmethod
    def forward(ctx, x):
        return torch.relu(x) * x


def checked(reentrant):
    return mapped(
        lambda s, x: checkpoint(s.block, x, use_reentrant=reentrant),
        block=nn.Sequential(conv(8, 8), nn.ReLU()),
    )


class Scores(nn.Module):
    """The scores of an attention, with a factor for each head."""

    def __init__(self, factor):
        super().__init__()
        self.q, self.k = nn.Linear(16, 16), nn.Linear(16, 16)
        self.factor = nn.Parameter(torch.ones(4, 1, 1))
        self.of = factor

    def forward(self, x):
        q, k = (one(x).view(1, 9, 4, 4).transpose(1, 2) for one in (self.q, self.k))
        return (q @ k.transpose(-2, -1)).softmax(-1) * self.of(self.factor)


def scored(factor):
    return Scores(factor), torch.zeros(1, 9, 16)


FORMS = {
    "an autograd.Function": (
        lambda: mapped(lambda s, x: Doubled.apply(x)),
        "torch.functions.autograd",
        "fails",
    ),
    "a block under checkpoint": (lambda: checked(False), "torch.functions.checkpoint", "fails"),
    "a block under reentrant checkpoint": (
        lambda: checked(True),
        "torch.functions.checkpoint",
        "fails",
    ),
    "a convolution read by its batch norm and by +": (
        lambda: mapped(twice_read, norm=nn.BatchNorm2d(8)),
        "torch.normalization.shared_convolution",
        "changes",
    ),
    "scale of each channel": (lambda: scaled(1, 8, 1, 1), "torch.parameters.on_map", "fails"),
    "scale (C, 1, 1)": (lambda: scaled(8, 1, 1), "torch.parameters.on_map", "fails"),
    "bias of each channel": (
        lambda: scaled(1, 8, 1, 1, operation=torch.add),
        "torch.parameters.on_map",
        "fails",
    ),
    "scale where H == C": (
        lambda: scaled(1, 8, 1, 1, size=8),
        "torch.parameters.on_map",
        "changes",
    ),
    "scale (C, 1, 1), computed": (
        lambda: mapped(lambda s, x: x * s.scale.neg(), scale=nn.Parameter(torch.ones(8, 1, 1))),
        "torch.parameters.on_map",
        "fails",
    ),
    "scale (C,), viewed": (
        lambda: mapped(
            lambda s, x: s.scale.view(1, -1, 1, 1) * x, scale=nn.Parameter(torch.ones(8))
        ),
        "torch.parameters.on_map",
        "fails",
    ),
    "full-size scale": (lambda: scaled(1, 8, 16, 16), "torch.parameters.on_map", "fails"),
    "one element": (lambda: scaled(1), "torch.parameters.single", "warns"),
    "+ arange": (
        lambda: mapped(lambda s, x: x + torch.arange(16.0)),
        "torch.parameters.one_axis",
        "fails",
    ),
    "parameter of a Sequential": (
        lambda: (nn.Sequential(conv(), Scale()), image()),
        "torch.parameters.of_sequential",
        "fails",
    ),
    "weight_norm, parametrized": (
        lambda: norm_of(conv(8, 8)),
        "torch.convolution.weight_norm",
        "float",
    ),
    "weight_norm, hooked": (hooked_norm, "torch.convolution.weight_norm", "float"),
    "unbind": (
        lambda: mapped(lambda s, x: torch.stack(x.unbind(1), 1)),
        "torch.splits.unbind",
        "fails",
    ),
    "both results of max": (
        lambda: mapped(lambda s, x: x.max(1)),
        "torch.splits.several_results",
        "fails",
    ),
    "both results of topk": (
        lambda: mapped(lambda s, x: torch.topk(x, 2, 1)),
        "torch.splits.several_results",
        "fails",
    ),
    "attention": (
        lambda: tokens(nn.TransformerEncoderLayer(8, 2)),
        "torch.splits.within_modules",
        "fails",
    ),
    "mean()": (
        lambda: mapped(lambda s, x: x.mean()),
        "torch.reductions.mean_without_dim",
        "fails",
    ),
    "mean(axis=)": (
        lambda: mapped(lambda s, x: x.mean(axis=(2, 3))),
        "torch.reductions.mean_without_dim",
        "fails",
    ),
    "max of two": (
        lambda: mapped(lambda s, x: torch.max(x, -x)),
        "torch.reductions.max_of_two",
        "float",
    ),
    "AdaptiveAvgPool2d((None, 4))": (
        lambda: after(nn.AdaptiveAvgPool2d((None, 4))),
        "torch.pools.open_size",
        "fails",
    ),
    "area by a factor": (
        lambda: mapped(lambda s, x: F.interpolate(x, scale_factor=0.5, mode="area")),
        "torch.pools.open_size",
        "fails",
    ),
    "nn.ReLU6": (lambda: after(nn.ReLU6()), "torch.activations.relu6_module", "changes"),
    "track_running_stats=False": (
        lambda: after(nn.BatchNorm2d(8, track_running_stats=False)),
        "torch.normalization.without_statistics",
        "fails",
    ),
    "LayerNorm without weights": (
        lambda: tokens(nn.LayerNorm(8, elementwise_affine=False)),
        "torch.normalization.layer_norm_without_weights",
        "warns",
    ),
    "F.layer_norm": (
        lambda: tokens(lambda x: F.layer_norm(x, (8,))),
        "torch.normalization.layer_norm_without_weights",
        "fails",
    ),
    "LSTM": (
        lambda: (Net(lambda s, x: s.rnn(x)[0], rnn=nn.LSTM(8, 8)), torch.ones(1, 4, 8)),
        "torch.recurrent.lstm",
        "fails",
    ),
    "where": (
        lambda: mapped(lambda s, x: torch.where(x > 0, x, -x)),
        "torch.values.truth_or_complex",
        "float",
    ),
    "an index from a buffer": (selected, "torch.values.index_by_buffer", "float"),
    "y[..., 0] = 0": (lambda: mapped(assigned), "torch.values.assigned_slice", "changes"),
    "a mask of the forward's own": (
        lambda: mapped(masked),
        "torch.values.assigned_slice",
        "float",
    ),
    "F.dropout(x)": (
        lambda: mapped(lambda s, x: F.dropout(x, 0.5)),
        "torch.values.dropout_in_training",
        "changes",
    ),
    "if on data": (
        lambda: mapped(lambda s, x: x if x.sum() > 0 else -x),
        "torch.values.decide",
        "changes",
    ),
    "None returned": (
        lambda: mapped(lambda s, x: (x, None)),
        "torch.model.returns_none",
        "fails",
    ),
    "a number returned": (
        lambda: mapped(lambda s, x: (x, 3)),
        "torch.model.returns_objects",
        "fails",
    ),
    "clamp": (
        lambda: mapped(lambda s, x: x.clamp(0, 6)),
        "torch.in_float.custom_operator",
        "float",
    ),
    "x[:, 0]": (lambda: mapped(lambda s, x: x[:, 0]), "torch.in_float.unquantised", "float"),
    "F.threshold": (
        lambda: mapped(lambda s, x: F.threshold(x, 0.1, 0.0)),
        "torch.in_float.unquantised",
        "float",
    ),
    "1 / x": (lambda: mapped(lambda s, x: 1 / x), "torch.in_float.unquantised", "float"),
    "padding_mode='circular'": (
        lambda: after(nn.ReLU(), padding_mode="circular"),
        "torch.in_float.unquantised",
        "float",
    ),
}


def obstacles(build, release="3.5"):
    model, inputs = build()
    inspector = Inspector(B4096, release=release)
    return inspector.inspect(model.eval(), inputs, "cpu", None, 0).quantizer.obstacles


@pytest.mark.parametrize(("build", "rule", "outcome"), FORMS.values(), ids=FORMS)
def test_form(build, rule, outcome):
    found = {one.id: one.outcome.value for one in obstacles(build)}
    assert found.get(rule) == outcome


@pytest.mark.parametrize(
    ("form", "begins", "ops"),
    [
        ("an autograd.Function", "Doubled is an autograd.Function", ("relu", "mul")),
        ("a block under checkpoint", "a part of the forward", ("block.0", "block.1")),
        ("a block under reentrant checkpoint", "a part of the forward", ("block.0", "block.1")),
    ],
)
def test_the_operators_within_a_function_of_torch_are_named(form, begins, ops):
    (mine,) = obstacles(FORMS[form][0])
    assert mine.message.startswith(begins)
    assert mine.ops == ops


TAKEN = {
    "a plain tensor attribute": plain_attribute,
    "F.dropout(x, p, self.training)": lambda: mapped(lambda s, x: F.dropout(x, 0.5, s.training)),
    "one result of max": lambda: mapped(lambda s, x: x.max(1)[0]),
    "mean by position": lambda: mapped(lambda s, x: x.mean((2, 3))),
    "chunk in 3.5": lambda: halves(lambda x: x.chunk(2, 1)),
    "a factor of each head": lambda: scored(lambda x: x),
    "a factor of each head, computed": lambda: scored(torch.neg),
    "a factor that is a number": lambda: mapped(lambda s, x: x * 0.5),
    "the named module of a Sequential": lambda: after(nn.Sequential(nn.ReLU(), conv(8, 8))),
}


@pytest.mark.parametrize("build", TAKEN.values(), ids=TAKEN)
def test_a_form_that_is_taken(build):
    assert obstacles(build) == ()
