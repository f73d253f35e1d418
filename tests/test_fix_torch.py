"""fix for PyTorch: what each program makes of a small network, and that nothing else changes."""

from __future__ import annotations

import ast
import copy
import pathlib
import types

import pytest

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional
prune = pytest.importorskip("torch.nn.utils.prune")

from tests.cli.conftest import vai_inspect  # noqa: E402, F401
from vai_inspect.core.errors import CaptureError, ModelError  # noqa: E402
from vai_inspect.fixing import LARGEST_ERROR  # noqa: E402
from vai_inspect.frontends.torch import rewrite  # noqa: E402
from vai_inspect.frontends.torch.rewrite.copies import first_pair  # noqa: E402
from vai_inspect.frontends.torch.rewrite.tracing import traced  # noqa: E402
from vai_inspect.reports.text import source_lines  # noqa: E402
from vai_inspect.rules.rewrites import REWRITES  # noqa: E402
from vai_inspect.torch import fix  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"
SHAPE = (1, 3, 32, 32)


class Net(nn.Module):
    """A pattern between convolutions."""

    def __init__(self, pattern, channels=16):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(channels, 8, 1)
        self.norm = nn.BatchNorm2d(16)
        self.pattern = pattern
        with torch.no_grad():
            self.norm.running_mean.normal_()
            self.norm.running_var.uniform_(0.5, 1.5)

    def forward(self, x):
        return self.last(self.pattern(self.norm(self.first(x))))


class Call(nn.Module):
    """A function as a module that is followed into, with modules of its own."""

    def __init__(self, function, **modules):
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x):
        return self.function(self, x) if self._modules else self.function(x)


def shuffled(x, groups):
    batch, channels, height, width = x.shape
    x = x.view(batch, groups, channels // groups, height, width)
    return x.transpose(1, 2).contiguous().view(batch, -1, height, width)


def focused(x):
    return torch.cat(
        (x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]), 1
    )


def merged(x):
    """Patches merged as in a Swin transformer."""
    corners = ((0, 0), (1, 0), (0, 1), (1, 1))
    return torch.cat([x[..., row::2, column::2, :] for row, column in corners], -1)


def shared(self, x):
    """An activation before a convolution, as in an NFNet: the sum before it is read twice."""
    x = x + self.a(x)
    return x + self.b(F.silu(x))


class Scaled(nn.Module):
    """A number for each channel, multiplied, and another one added."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.rand(16, 1, 1) + 0.5)
        self.shift = nn.Parameter(torch.randn(1, 16, 1, 1))

    def forward(self, x):
        return x * self.factor + self.shift


class Frozen(nn.Module):
    """As torchvision's, whose name it has."""

    def __init__(self, channels=16):
        super().__init__()
        self.eps = 1e-5
        for name in ("weight", "running_var"):
            self.register_buffer(name, torch.rand(channels) + 0.5)
        for name in ("bias", "running_mean"):
            self.register_buffer(name, torch.randn(channels))

    def forward(self, x):
        w, b = self.weight.reshape(1, -1, 1, 1), self.bias.reshape(1, -1, 1, 1)
        rv, rm = self.running_var.reshape(1, -1, 1, 1), self.running_mean.reshape(1, -1, 1, 1)
        scale = w * (rv + self.eps).rsqrt()
        return x * scale + (b - rm * scale)


class Functional(nn.Conv2d):
    """A subclass whose forward calls the function."""

    def forward(self, x):
        weight = self.weight / self.weight.abs().amax((1, 2, 3), keepdim=True)
        return F.conv2d(x, weight, self.bias, padding=self.padding, groups=self.groups)


FrozenBatchNorm2d = type("FrozenBatchNorm2d", (Frozen,), {})

EXACT = {
    "mean-to-pool": Call(lambda x: x.mean((2, 3)).view(x.size(0), -1, 1, 1)),
    "mean-to-pool: one axis after the other": Call(
        lambda x: x.mean(3).mean(2).view(x.size(0), -1, 1, 1)
    ),
    "mean-to-pool: negative axes": Call(
        lambda x: torch.mean(x, [-1, -2]).view(x.size(0), 16, 1, 1)
    ),
    "hardswish-module": Call(lambda x: x * F.relu6(x + 3) / 6),
    "hardswish-module: divided first": Call(lambda x: x * (F.relu6(x + 3) / 6)),
    "square": Call(lambda x: x**2),
    "square: torch.pow": Call(lambda x: torch.pow(x, 2)),
    "divide-by-constant": Call(lambda x: x / 3.0),
    "subtract": Call(lambda self, x: self.a(x) - self.b(x), a=nn.Conv2d(16, 16, 1),
                     b=nn.Conv2d(16, 16, 1)),
    "subtract: from a number": Call(lambda x: 1 - x),
    "subtract: negated": Call(lambda x: -x),
    "numeric-padding": nn.Conv2d(16, 16, 3, padding="same"),
    "numeric-padding: dilation, bias": nn.Conv2d(16, 16, 3, padding="same", dilation=2),
    "numeric-padding: valid": nn.Conv2d(16, 16, 3, padding="valid"),
    "channel-mean": Call(lambda self, x: self.c(torch.cat((x, x.mean(1, keepdim=True)), 1)),
                         c=nn.Conv2d(17, 16, 1)),
    "group-to-dense": nn.Conv2d(16, 16, 3, groups=4),
    "group-to-dense: more outputs, no bias": nn.Sequential(
        nn.Conv2d(16, 32, 3, groups=2, bias=False), nn.Conv2d(32, 16, 1)
    ),
    "group-to-dense: a function": Call(
        lambda self, x: F.conv2d(input=x, weight=self.c.weight, bias=self.c.bias, groups=4),
        c=nn.Conv2d(16, 16, 1, groups=4),
    ),
    "numeric-padding: a function": Call(
        lambda self, x: F.conv2d(x, self.c.weight, padding="same"), c=nn.Conv2d(16, 16, 3)
    ),
    "multiplier-to-depthwise": nn.Sequential(
        nn.Conv2d(16, 32, 3, groups=16), nn.Conv2d(32, 16, 1)
    ),
    "batch-norm-between": nn.Sequential(nn.MaxPool2d(2), nn.ReLU()),
    "frozen-batch-norm": FrozenBatchNorm2d(),
    "drop-expand": Call(
        lambda self, x: x * self.gate(F.adaptive_avg_pool2d(x, 1)).expand_as(x),
        gate=nn.Conv2d(16, 16, 1),
    ),
    "shuffle-to-convolution": Call(lambda x: shuffled(x, 4)),
    "shuffle-to-convolution: module": nn.ChannelShuffle(4),
    "shuffle-to-convolution: function": Call(lambda x: F.channel_shuffle(x, 2)),
    "unshuffle-to-convolution": nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(64, 16, 1)),
    "unshuffle-to-convolution: slices": nn.Sequential(Call(lambda x: focused(x)),
                                                      nn.Conv2d(64, 16, 1)),
    "unshuffle-to-convolution: channels last": nn.Sequential(
        Call(lambda x: merged(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)), nn.Conv2d(64, 16, 1)
    ),
    "parameter-to-depthwise: a sum": Call(
        lambda x: x + torch.linspace(-1, 1, 16).view(1, 16, 1, 1)
    ),
    "parameter-to-depthwise": Scaled(),
    "drop-noise": nn.FeatureAlphaDropout(),
}  # fmt: skip


APPROXIMATE = {
    "swish": nn.SiLU(),
    "swish: function": Call(F.silu),
    "sigmoid": nn.Sequential(nn.Conv2d(16, 16, 1), nn.Sigmoid()),
    "leaky": nn.ELU(),
    "leaky: PReLU": nn.PReLU(),
    "gelu": nn.GELU(),
    "mish": nn.Mish(),
    "softplus": nn.Softplus(),
    "align-corners": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "align-corners: function": Call(
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
    ),
    "relu-after-shared-sum": Call(shared, a=nn.Conv2d(16, 16, 1), b=nn.Conv2d(16, 16, 1)),
    "relu-after-sum": Call(lambda self, x: F.gelu(x + self.c(x)), c=nn.Conv2d(16, 16, 1)),
}


def outputs(model, shape=SHAPE):
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64)
    with torch.no_grad():
        return copy.deepcopy(model).double().eval()(x)


def differs(one, other):
    return float((one - other).abs().max() / (one.max() - one.min()))


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_rewrite_is_done_with_the_weights_carried_over(name):
    model = Net(EXACT[name]).eval()
    fixed = fix(model, B4096, SHAPE)
    (change,) = fixed.changes
    assert (change.rule, change.effect) == (name.split(":")[0], "exact")
    assert change.max_error < LARGEST_ERROR
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR
    assert not fixed.before.summary.fully_on_dpu
    assert fixed.after.summary.fully_on_dpu
    assert set(change.ops) <= {op.name for op in fixed.before.ops}
    assert all(one.step.kind == "remedy" for one in fixed.left)


@pytest.mark.parametrize("name", APPROXIMATE)
def test_an_approximate_rewrite_is_done_where_it_is_asked_for(name):
    model = Net(APPROXIMATE[name]).eval()
    fixed = fix(model, B4096, SHAPE)
    assert not fixed.changes
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR
    (left,) = fixed.left
    assert "approximate=True" in left.reason
    fixed = fix(model, B4096, SHAPE, approximate=True)
    (change,) = fixed.changes
    assert (change.rule, change.effect) == (name.split(":")[0], "approximate")
    assert change.max_error > LARGEST_ERROR
    assert fixed.after.summary.fully_on_dpu


@pytest.mark.parametrize("name", [*EXACT, *APPROXIMATE])
def test_a_fixed_model_needs_no_fix(name):
    model = Net({**EXACT, **APPROXIMATE}[name]).eval()
    fixed = fix(model, B4096, SHAPE, approximate=True)
    again = fix(fixed.model, B4096, SHAPE, approximate=True)
    assert not again.changes
    assert all(one.step.kind == "remedy" for one in again.left)
    assert not again.difference.worse
    assert not again.difference.better


BY_NAME = {
    "unshuffle-to-convolution": nn.Sequential(
        Call(lambda x: F.pixel_unshuffle(x, downscale_factor=2)), nn.Conv2d(64, 16, 1)
    ),
    "shuffle-to-convolution": Call(
        lambda x: torch.permute(x.view(x.size(0), 4, 4, 16, 16), dims=(0, 2, 1, 3, 4)).reshape(
            shape=(x.size(0), 16, 16, 16)
        )
    ),
    "shuffle-to-convolution: method": Call(
        lambda x: (
            x.view(x.size(0), 4, 4, 16, 16).transpose(dim0=1, dim1=2).reshape(x.size(0), 16, 16, 16)
        )
    ),
    "square": Call(lambda x: torch.pow(input=x, exponent=2)),
    "divide-by-constant": Call(lambda x: torch.div(input=x, other=3.0)),
    "subtract": Call(lambda x: torch.sub(input=x, other=x)),
}


@pytest.mark.parametrize("name", BY_NAME)
def test_arguments_may_be_given_by_name(name):
    model = Net(BY_NAME[name]).eval()
    fixed = fix(model, B4096, SHAPE)
    assert [change.rule for change in fixed.changes] == [name.split(":")[0]]
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR


@pytest.mark.parametrize(
    ("name", "op", "pattern"),
    [
        ("hardswish-module", "pattern.act",
         Call(lambda self, x: x * self.act(input=x + 3) / 6, act=nn.ReLU6())),
        ("mean-to-pool", "pattern_mean", Call(lambda x: x.mean(axis=(2, 3), keepdims=True))),
    ],
)  # fmt: skip
def test_a_program_reads_arguments_by_name(name, op, pattern):
    pair = pair_of(Net(pattern).eval())
    changed, left = pair.changed(rewrite.PROGRAMS[name], [op])
    assert not left
    assert pair.error_of(changed) < LARGEST_ERROR


@pytest.mark.parametrize(
    "split",
    [
        lambda x: torch.split(x, split_size_or_sections=[4, 12], dim=1),
        lambda x: torch.split(tensor=x, split_size_or_sections=4, dim=1),
        lambda x: x.split_with_sizes(split_sizes=[4, 12], dim=1),
        lambda x: x.split(split_size=8, dim=1),
        lambda x: torch.chunk(input=x, chunks=4, dim=1),
        lambda x: x.chunk(3, -3),
        lambda x: x.tensor_split(3, dim=1),
        lambda x: x.tensor_split((3, 9), dim=1),
        lambda x: list(x.view(-1, 2, 8, *x.shape[2:]).unbind(1)),
        lambda x: torch.unbind(x.view(-1, 8, 2, *x.shape[2:]), dim=2),
    ],
)
def test_a_split_may_be_given_by_name(split):
    model = Net(Call(lambda x: torch.cat([*split(x)], dim=1))).eval()
    pair = pair_of(model)
    (split_node,) = (
        one.name
        for one in pair.module.graph.nodes
        if "_getitem" not in one.name
        and any(kind in one.name for kind in ("split", "chunk", "unbind"))
    )
    changed, left = pair.changed(rewrite.PROGRAMS["chunk-to-slices"], [split_node])
    assert not left
    assert pair.error_of(changed) == 0


def test_a_product_may_be_given_by_name():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(16, 8))

        def forward(self, x):
            return torch.matmul(x, other=self.weight)

    pair, _ = first_pair(traced(Net(), (1, 16)))
    changed, left = pair.changed(rewrite.PROGRAMS["einsum-to-linear"], ["matmul"])
    assert not left
    assert pair.error_of(changed) < LARGEST_ERROR


@pytest.mark.parametrize("given", [{"inplace": True}, True], ids=["by name", "by position"])
def test_a_function_in_place_is_written_out(given):
    def forward(self, x):
        x = self.c(x)
        F.hardswish(x, **given) if isinstance(given, dict) else F.hardswish(x, given)
        return x

    model = Net(Call(forward, c=nn.Conv2d(16, 16, 3, groups=4))).eval()
    fixed = fix(model, B4096, SHAPE)
    assert fixed.changes
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR


def test_what_a_program_fails_at_is_left_with_the_reason(monkeypatch):
    done = rewrite.PROGRAMS["group-to-dense"]

    def fails(edit, node):
        if node.name == "pattern_1":
            edit.add(nn.ReLU(), node, node, "half")
            raise IndexError("tuple index out of range")
        done(edit, node)

    monkeypatch.setitem(rewrite.PROGRAMS, "group-to-dense", fails)
    grouped = [nn.Conv2d(16, 16, 3, groups=4) for _ in range(3)]
    model = Net(nn.Sequential(*grouped)).eval()
    fixed = fix(model, B4096, SHAPE)
    (change,) = fixed.changes
    assert change.ops == ("pattern.0", "pattern.2")
    (left,) = fixed.left
    assert left.ops == ("pattern.1",)
    assert "the rewrite fails there: IndexError: tuple index out of range" in left.reason
    assert "half" not in str(fixed.model.graph)
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR


class Gated(nn.Module):
    """A ReLU6 after a convolution, and one after a product, which fuses ReLU alone."""

    def __init__(self):
        super().__init__()
        self.conv, self.first, self.second = nn.Conv2d(16, 16, 1), nn.ReLU6(), nn.ReLU6()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 16, 1), nn.Hardsigmoid())

    def forward(self, x):
        x = self.first(self.conv(x))
        return self.second(x * self.gate(x))


def test_an_obstacle_whose_rewrite_moves_it_to_the_cpu_is_left():
    model = Net(Gated()).eval()
    fixed = fix(model, B4096, SHAPE)
    (change,) = fixed.changes
    assert (change.rule, change.ops) == ("relu6-as-hardtanh", ("pattern.first",))
    (left,) = fixed.left
    assert left.ops == ("pattern.second",)
    assert left.reason == "fix does not automate it; do it by hand"
    assert not fixed.difference.worse


def test_an_expand_that_its_reader_needs_is_no_step():
    spread = Call(lambda x: F.adaptive_avg_pool2d(x, 1).expand(-1, -1, 16, 16))
    fixed = fix(Net(spread).eval(), B4096, SHAPE)
    assert "drop-expand" not in [one.rewrite for one in fixed.before.steps]
    assert not fixed.changes


def test_a_division_by_zero_is_left():
    pair = pair_of(Net(Call(lambda x: x / 0)).eval())
    changed, left = pair.changed(rewrite.PROGRAMS["divide-by-constant"], ["pattern_truediv"])
    assert changed is None
    assert left == {"pattern_truediv": "it divides by 0"}


class OwnReader(nn.Module):
    """A convolution that its batch norm reads, and a sum."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 3), nn.Conv2d(16, 8, 1)
        self.norm = nn.BatchNorm2d(16)
        with torch.no_grad():
            self.norm.running_mean.normal_()

    def forward(self, x):
        x = self.a(x)
        return self.b(self.norm(x) + x)


class Product(nn.Module):
    """Features times a parameter."""

    def __init__(self, equation, shape):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 16, 3), nn.AdaptiveAvgPool2d(1)
        self.weight, self.equation = nn.Parameter(torch.randn(shape)), equation

    def forward(self, x):
        return torch.einsum(self.equation, self.pool(self.conv(x)).flatten(1), self.weight)


@pytest.mark.parametrize(
    ("equation", "shape"), [("bi,io->bo", (16, 8)), ("n i, o i -> n o", (8, 16))]
)
def test_an_einsum_with_a_parameter_becomes_a_linear(equation, shape):
    model = Product(equation, shape).eval()
    fixed = fix(model, B4096, SHAPE)
    assert [change.rule for change in fixed.changes] == ["einsum-to-linear"]
    assert fixed.after.summary.fully_on_dpu
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR


def test_an_obstacle_of_the_quantiser_is_removed():
    model = OwnReader().eval()
    fixed = fix(model, B4096, SHAPE)
    assert [change.rule for change in fixed.changes] == ["batch-norm-own-reader"]
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR
    assert len([one for one in fixed.model.modules() if isinstance(one, nn.Conv2d)]) == 3
    before, after = (
        {one.id for one in inspection.quantizer.obstacles}
        for inspection in (fixed.before, fixed.after)
    )
    assert before - after
    assert after <= before


def test_the_users_model_is_untouched():
    model = Net(nn.Sequential(nn.Conv2d(16, 16, 3, groups=4), nn.ReLU(inplace=True))).train()
    model.first.weight.requires_grad_(False)
    calls = []
    model.first.register_forward_hook(lambda *given: calls.append(1))
    state = {name: one.clone() for name, one in model.state_dict().items()}
    modules = [(path, id(one)) for path, one in model.named_modules()]
    random = torch.get_rng_state()
    fixed = fix(model, B4096, SHAPE)
    assert [one.rule for one in fixed.changes] == ["group-to-dense"]
    assert model.training
    assert all(one.training for one in model.modules())
    assert [(path, id(one)) for path, one in model.named_modules()] == modules
    assert all(torch.equal(one, state[name]) for name, one in model.state_dict().items())
    assert not calls
    assert len(model.first._forward_hooks) == 1
    assert model.pattern[1].inplace
    assert not model.first.weight.requires_grad
    assert torch.equal(torch.get_rng_state(), random)
    # The new model has weights of its own, which train as the user's do.
    own = dict(fixed.model.named_parameters())
    assert not own["first.weight"].requires_grad
    assert own["last.weight"].requires_grad
    assert own["first.weight"].data_ptr() != model.first.weight.data_ptr()
    assert not fixed.model.training


TRAINED = {
    "a number that divides": Call(lambda self, x: self.c(x / self.by), c=nn.Conv2d(16, 16, 1)),
    "a sum in a bias": Call(lambda self, x: self.c(x) + self.by, c=nn.Conv2d(16, 16, 1)),
}
for one in (TRAINED["a number that divides"], TRAINED["a sum in a bias"]):
    one.by = nn.Parameter(torch.rand(16, 1, 1) + 0.5)


@pytest.mark.parametrize("name", [*EXACT, *TRAINED])
@pytest.mark.parametrize("trains", [True, False], ids=["trains", "frozen"])
def test_new_weights_train_where_those_that_they_come_from_do(name, trains):
    model = Net({**EXACT, **TRAINED}[name]).requires_grad_(trains).eval()
    fixed = fix(model, B4096, SHAPE)
    assert fixed.changes
    own = dict(fixed.model.named_parameters())
    if not trains:
        assert not [path for path, one in own.items() if one.requires_grad]
        return
    constants = {path for path, one in own.items() if not one.requires_grad}
    assert not constants & {path for path, _ in model.named_parameters()}
    if name not in FILLED_WITH_CONSTANTS:
        assert not constants


FILLED_WITH_CONSTANTS = {
    "batch-norm-between", "channel-mean", "frozen-batch-norm", "parameter-to-depthwise: a sum",
    "shuffle-to-convolution", "shuffle-to-convolution: function", "shuffle-to-convolution: module",
    "subtract", "subtract: negated", "subtract: from a number", "unshuffle-to-convolution",
    "unshuffle-to-convolution: channels last", "unshuffle-to-convolution: slices",
}  # fmt: skip


class Split(nn.Module):
    """Channels of a convolution, its batch norm between, taken apart."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(16, 16, 1), nn.BatchNorm2d(16), nn.Dropout()
        with torch.no_grad():
            self.norm.running_mean.normal_()

    def forward(self, x):
        x = self.drop(self.norm(self.conv(x)))
        first, second = x.split([4, 12], 1)
        return torch.cat([second, first], 1) + x


def test_the_parts_of_a_convolution_that_is_split_are_convolutions():
    model = Net(Split()).eval()
    fixed = fix(model, B4096, SHAPE)
    (change,) = fixed.changes
    assert change.rule == "slices-to-convolutions"
    assert change.ops == ("pattern.split/part_0", "pattern.split/part_1")
    assert fixed.after.summary.fully_on_dpu
    assert differs(outputs(model), outputs(fixed.model)) < LARGEST_ERROR


@pytest.mark.parametrize("trains", [True, False], ids=["trains", "frozen"])
def test_the_convolution_of_a_slice_trains_as_the_whole_does(trains):
    cut = Call(lambda self, x: self.c(x)[:, 4:20], c=nn.Conv2d(16, 32, 1))
    pair = pair_of(Net(cut).requires_grad_(trains).eval())
    changed, left = pair.changed(rewrite.PROGRAMS["slices-to-convolutions"], ["pattern_getitem"])
    assert not left
    assert {one.requires_grad for one in changed.module.parameters()} == {trains}


def pair_of(model):
    return first_pair(traced(model, SHAPE))[0]


def tokens(x):
    """Patches of all images as tokens: a size is computed with the batch, as in MobileViT."""
    batch, channels = x.shape[:2]
    x = x.reshape(batch * channels, 4, -1)
    rows, patches, width = x.shape
    x = x.reshape(rows, patches, 2, width // 2).transpose(1, 2).reshape(rows, patches, width)
    return x.reshape(batch, channels, 16, 16)


def test_a_size_computed_with_the_batch_fixes_it():
    fixed = fix(Net(Call(tokens)).eval(), B4096, SHAPE)
    (note,) = fixed.notes
    assert "the batch is fixed" in note
    assert "the call pattern_" in note


def test_the_batch_stays_open():
    model = Net(Call(lambda x: x.mean((2, 3)).view(x.size(0), -1, 1, 1))).eval()
    fixed = fix(model, B4096, SHAPE)
    assert [one.rule for one in fixed.changes] == ["mean-to-pool"]
    assert outputs(fixed.model, (4, 3, 32, 32)).shape[0] == 4
    assert not fixed.notes


def test_a_change_that_computes_something_else_is_taken_back(monkeypatch):
    def wrong(edit, node):
        conv = copy.deepcopy(edit.called(node, "Conv2d"))
        edit.swap(node, nn.Conv2d(16, 16, 3).to(conv.weight))

    monkeypatch.setitem(rewrite.PROGRAMS, "group-to-dense", wrong)
    model = Net(nn.Conv2d(16, 16, 3, groups=4)).eval()
    fixed = fix(model, B4096, SHAPE)
    assert not fixed.changes
    assert "taken back, as outputs differ by" in fixed.left[0].reason
    assert differs(outputs(model), outputs(fixed.model)) == 0


def test_a_rewrite_without_a_program_is_left_as_advice(monkeypatch):
    monkeypatch.delitem(rewrite.PROGRAMS, "group-to-dense")
    fixed = fix(Net(nn.Conv2d(16, 16, 3, groups=4)).eval(), B4096, SHAPE)
    assert "advice only" in fixed.left[0].reason
    assert "advice only" in repr(fixed)


def test_in_place_modules_stay_what_they_are():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.c, self.act = nn.Conv2d(3, 8, 3), nn.SiLU(inplace=True)
            self.d = nn.Conv2d(8, 8, 1)

        def forward(self, x):
            x = self.c(x)
            y = self.act(x)
            return self.d(x) + self.d(y)  # x is y by now

    model = Both().eval()
    assert differs(outputs(model), outputs(fix(model, B4096, SHAPE).model)) < LARGEST_ERROR


def test_what_cannot_be_fixed_is_refused_in_one_line():
    class Asks(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv2d(3, 8, 3)

        def forward(self, x):
            x = self.c(x)
            return x if x.sum() > 0 else -x

    with pytest.raises(CaptureError, match=r"cannot be written as a graph of calls: .* by hand\."):
        fix(Asks(), B4096, SHAPE)
    exported = torch.export.export(Net(nn.ReLU()).eval(), (torch.zeros(SHAPE),))
    with pytest.raises(ModelError, match="exported program"):
        fix(exported, B4096)


def test_notes_and_errors_name_the_users_line(tmp_path, monkeypatch):
    (tmp_path / "lines.py").write_text(LINES)
    monkeypatch.syspath_prepend(str(tmp_path))
    import lines

    fixed = fix(lines.Counts().eval(), B4096, SHAPE)
    (note,) = fixed.notes
    assert note.endswith("makes a number of it: lines.py:11")
    with pytest.raises(CaptureError, match=r"bool\(\) at lines\.py:17"):
        fix(lines.Asks().eval(), B4096, SHAPE)
    assert fixed.before.ops[-2].op.origin.source[-1].line == 12


LINES = """from torch import nn


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 16, 3, groups=1)

    def forward(self, x):
        x = self.c(x)
        count = int(x.shape[0])
        return x.reshape(count, -1)


class Asks(Counts):
    def forward(self, x):
        return x if x.sum() > 0 else -x
"""


def spectral_norm(conv):
    made = nn.utils.spectral_norm(conv)
    made(torch.zeros(1, 16, 8, 8))  # a step of the power iteration
    return made


COMPUTED = {
    "weight_norm": nn.utils.weight_norm,
    "spectral_norm": spectral_norm,
    "pruning": lambda conv: prune.l1_unstructured(conv, "weight", 0.5),
    "parametrised": lambda conv: nn.utils.parametrizations.weight_norm(conv),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("trains", [True, False], ids=["trains", "frozen"])
@pytest.mark.parametrize("name", COMPUTED)
def test_weights_that_torch_computes_are_parameters(name, trains):
    pattern = nn.Sequential(COMPUTED[name](nn.Conv2d(16, 16, 3)), nn.Conv2d(16, 16, 3, groups=4))
    model = Net(pattern).requires_grad_(trains).eval()
    for one in pattern[0].parameters():  # as load_state_dict does: nothing is computed yet
        one.data.mul_(1.5)
    fixed = fix(model, B4096, SHAPE)
    assert [change.rule for change in fixed.changes] == ["group-to-dense"]
    own = dict(fixed.model.named_parameters())
    assert sorted(path for path in own if path.startswith("pattern.0.")) == [
        "pattern.0.bias", "pattern.0.weight",
    ]  # fmt: skip
    assert own["pattern.0.weight"].requires_grad == trains
    x = torch.randn(SHAPE)
    with torch.no_grad():
        assert differs(model(x), fixed.model(x)) < LARGEST_ERROR


def test_a_forward_that_computes_in_float32_is_checked_in_it():
    model = Net(Call(lambda self, x: self.c(x.float()), c=nn.Conv2d(16, 16, 3, groups=4))).eval()
    fixed = fix(model, B4096, SHAPE)
    (change,) = fixed.changes
    assert change.rule == "group-to-dense"
    (note,) = fixed.notes
    assert note.startswith("changes are checked in float32, as the forward fails in float64")
    x = torch.randn(SHAPE)
    with torch.no_grad():
        assert differs(model(x), fixed.model(x)) < LARGEST_ERROR


def test_the_loop_takes_back_what_makes_it_worse(monkeypatch):
    def worse(edit, node):
        edit.replace(node, edit.add(nn.Softmax(1), node.args[0], node, "softmax"))

    monkeypatch.setitem(rewrite.PROGRAMS, "swish", worse)
    fixed = fix(Net(nn.SiLU()).eval(), B4096, SHAPE, approximate=True)
    assert not fixed.changes
    assert "makes the whole worse: " in fixed.left[0].reason
    assert type(fixed.model.pattern) is nn.SiLU


BY_HAND = {
    "add-layer", "batch-norm-beta", "clone-shared", "convolution-between", "crop-to-depthwise",
    "dense-to-convolution", "flatten-nested", "kernel-in-range",
    "keras-pad", "one-d-to-two-d", "permute-first", "quantised-form", "reparameterise",
    "silu-to-product", "split-channels", "split-separable",
}  # fmt: skip


def test_every_rewrite_is_done_by_program_or_is_advice_alone():
    known = {one.id: one for one in REWRITES}
    assert set(rewrite.PROGRAMS) | BY_HAND == set(known)
    assert not BY_HAND & set(rewrite.PROGRAMS)
    assert len(known) == len(REWRITES)
    for name, one in known.items():
        assert one.advice or name == "quantised-form"


def test_the_remedies_of_the_rules_name_rewrites():
    named = set()
    for file in (pathlib.Path(__file__).parent.parent / "rules").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = getattr(getattr(node, "func", None), "id", "")
            if called in ("exact", "approximate") and len(node.args) > 1:
                named.add(getattr(node.args[1], "value", None))
    named.discard(None)  # a name in place of the text
    assert named <= {one.id for one in REWRITES}
    assert len(named) > 10


SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 3, groups=1), nn.Conv2d(16, 16, 3, groups=4)
        self.fc = nn.Linear(16, 4)

    def forward(self, x):
        x = self.b(self.a(x))
        return self.fc(x.mean((2, 3)))
"""


@pytest.fixture
def net(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(SOURCE)
    return tmp_path


ARGUMENTS = ("net.py:Net", "-t", "KV260", "--input-shape", "1,3,32,32")


def test_the_command_says_what_it_did_and_writes_nothing_unasked(net, vai_inspect):  # noqa: F811
    code, out, _ = vai_inspect("fix", *ARGUMENTS)
    assert code == 0
    assert "done (2 changes):" in out
    assert "group-to-dense (exact), 1 operator: b; largest difference 0.0e+00" in out
    assert "operators on the CPU" in out
    assert [path.name for path in net.iterdir() if path.is_file()] == ["net.py"]


def test_the_command_prints_the_lines_to_change(net, vai_inspect):  # noqa: F811
    code, out, _ = vai_inspect("fix", *ARGUMENTS, "--diff")
    assert code == 0
    place = next(line for line in out.splitlines() if "net.py:" in line)
    assert place == f"{net / 'net.py'}:13 in forward: b"
    listed = out[out.index(place) :].splitlines()
    assert listed[1] == "    x = self.b(self.a(x))"
    assert listed[2].startswith("  group-to-dense: use a convolution with groups=1")
    assert f"{net / 'net.py'}:14 in forward: mean" in listed


def test_lines_are_for_pytorch():
    model = types.SimpleNamespace(framework="keras")
    fixed = types.SimpleNamespace(before=types.SimpleNamespace(model=model))
    assert source_lines.render(fixed).count("\n") == 1
    assert "--diff is for PyTorch" in source_lines.render(fixed)


def test_what_the_command_writes_is_the_fixed_model(net, vai_inspect):  # noqa: F811
    for output, more in (("fixed.pt2", ()), ("fixed.pt", ("--pickle",))):
        code, out, _ = vai_inspect("fix", *ARGUMENTS, "--output", output, *more)
        assert code == 0
        assert f"written: {output}" in out
        shape = () if output == "fixed.pt2" else ("--input-shape", "1,3,32,32")
        code, out, _ = vai_inspect(
            "inspect", output, "--trust", "-t", "KV260", *shape, "--verbose", "0", "--json"
        )
        assert code == 0
        assert '"cpu_ops": 0' in out


FIXES_BATCH = SOURCE.replace("(x.mean((2, 3)))", "(x.mean((2, 3)).view(int(x.shape[0]), 16))")


@pytest.mark.parametrize(("source", "is_open"), [(SOURCE, True), (FIXES_BATCH, False)])
def test_the_batch_of_a_written_program_is_open_unless_the_module_fixes_it(
    net, vai_inspect, source, is_open  # noqa: F811
):  # fmt: skip
    (net / "net.py").write_text(source)
    code, out, _ = vai_inspect("fix", *ARGUMENTS, "--output", "fixed.pt2")
    assert code == 0
    assert ("note: the batch of the program is fixed" in out) is not is_open
    program = torch.export.load("fixed.pt2").module()
    for batch in (1, 3) if is_open else (1,):
        assert program(torch.randn(batch, 3, 32, 32)).shape == (batch, 4)


WRONG = [
    (("--output", "x.keras"), "the file's ending is .pt2"),
    (("--output", "x.pt"), "give --pickle, too"),
    (("--output", "x.pt2", "--pickle"), "with --pickle the file's ending is .pt or .pth"),
    (("--pickle",), "--pickle is for --output"),
    (("--output", "missing/x.pt2"), "there is no folder missing"),
]


@pytest.mark.parametrize(("given", "told"), WRONG)
def test_wrong_options_are_refused_in_one_line(net, vai_inspect, given, told):  # noqa: F811
    code, out, err = vai_inspect("fix", *ARGUMENTS, *given)
    assert code == 2
    assert told in err
    assert err.count("\n") == 1
    assert not out


def test_a_file_needs_trust(net, vai_inspect):  # noqa: F811
    torch.save(nn.Sequential(nn.Conv2d(3, 16, 3, groups=1), nn.Conv2d(16, 8, 3, groups=4)), "m.pt")
    given = ("fix", "m.pt", "-t", "KV260", "--input-shape", "1,3,32,32")
    code, _, err = vai_inspect(*given)
    assert code == 2
    assert "--trust" in err
    with pytest.raises(ModelError, match="trust"):
        fix("m.pt", B4096, SHAPE)
    code, out, _ = vai_inspect(*given, "--trust")
    assert code == 0
    assert "group-to-dense" in out


@pytest.mark.parametrize("trust", [(), ("--trust",)])
def test_a_program_is_refused_unread(net, vai_inspect, trust):  # noqa: F811
    (net / "m.pt2").write_bytes(b"")
    code, _, err = vai_inspect("fix", "m.pt2", "-t", "KV260", *trust)
    assert code == 2
    assert "'m.pt2': fix changes the modules of a model, and an exported program has none" in err
    assert err.count("\n") == 1
