"""What the vendor's PyTorch quantiser makes of activations: by how the user wrote them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from vai_inspect.torch import Inspector  # noqa: E402

SLOPE = 26 / 256


class Activated(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 8, 3), function

    def forward(self, x):
        return self.function(self.conv(x))


def last_op(function, **options):
    inspector = Inspector("DPUCZDX8G_ISA1_B4096", **options)
    result = inspector.inspect(Activated(function).eval(), (1, 3, 8, 8), "cpu", None, 0)
    return result.ops[-2]


@pytest.mark.parametrize(
    ("function", "kind", "replaced"),
    [
        (nn.ReLU6(), "relu", True),
        (nn.functional.relu6, "relu6", False),
        (nn.Hardtanh(0, 6), "relu6", False),
        (nn.ReLU(), "relu", False),
    ],
    ids=("nn.ReLU6", "F.relu6", "nn.Hardtanh(0, 6)", "nn.ReLU"),
)
def test_only_the_module_relu6_becomes_relu(function, kind, replaced):
    op = last_op(function)
    assert (op.type, op.device.value) == (kind, "dpu")
    assert any("nn.ReLU6 by nn.ReLU" in message for message in op.messages) is replaced


@pytest.mark.parametrize("slope", [0.01, 0.1, 0.2, SLOPE])
@pytest.mark.parametrize("form", [nn.LeakyReLU, lambda s: lambda x: nn.functional.leaky_relu(x, s)])
def test_every_slope_becomes_that_of_the_dpu(form, slope):
    op = last_op(form(slope))
    assert (op.op.attrs.alpha, op.device.value) == (SLOPE, "dpu")
    assert any("replaces the slope" in message for message in op.messages) is (slope != SLOPE)


def test_as_written():
    op = last_op(nn.LeakyReLU(0.2), convert=False)
    assert (op.op.attrs.alpha, op.device.value) == (0.2, "cpu")
    assert last_op(nn.ReLU6(), convert=False).type == "relu6"


X = torch.zeros(1, 8, 6, 6)
TABLE = torch.zeros(8, 5)
FLOAT = {
    "softplus": nn.functional.softplus,
    "Softplus": nn.Softplus(),
    "log_sigmoid": nn.functional.logsigmoid,
    "rrelu": nn.RReLU(),
    "glu": nn.GLU(1),
    "abs": torch.abs,
    "sign": torch.sign,
    "std": lambda x: x.std((2, 3)),
    "var": lambda x: x.var((2, 3)),
    "cumsum": lambda x: x.cumsum(1),
    "roll": lambda x: x.roll(1, 2),
    "flip": lambda x: x.flip(3),
    "grid_sample": lambda x: nn.functional.grid_sample(x, x.new_zeros(1, 6, 6, 2)),
    "unfold": nn.Unfold(3),
    "einsum": lambda x: torch.einsum("bchw,cd->bdhw", x, TABLE),
    "channel_shuffle": lambda x: nn.functional.channel_shuffle(x, 2),
    "stack": lambda x: torch.stack([x, x], 1),
    "expand": lambda x: x[:, :, :1].expand(1, 8, 6, 6),
    "expand_as": lambda x: x[:, :1].expand_as(x),
    "select": lambda x: x[:, 0],
    "select by name": lambda x: x.select(1, 0),
    "an index of numbers": lambda x: x[:, [0, 2]],
    "an index of a tensor": lambda x: x[:, torch.tensor([0, 2])],
    "index_select": lambda x: x.index_select(1, torch.tensor([0, 2])),
    "rand_like": torch.rand_like,
    "randn": lambda x: x + torch.randn(1, 8, 6, 6),
    "reciprocal": torch.reciprocal,
    "normalize": nn.functional.normalize,
    "bicubic": lambda x: nn.functional.interpolate(x, scale_factor=2.0, mode="bicubic"),
    "nearest-exact": nn.Upsample(scale_factor=2.0, mode="nearest-exact"),
    "adaptive_max_pool2d": lambda x: nn.functional.adaptive_max_pool2d(x, 3),
    "AdaptiveMaxPool2d": nn.AdaptiveMaxPool2d(3),
    "fractional pool": nn.FractionalMaxPool2d(2, output_size=3),
    "alpha_dropout": nn.AlphaDropout(),
    "argmax": lambda x: x.argmax(1),
    "a slice that is written": lambda x: written(x.relu()),
    "unbind": lambda x: x.unbind(1)[0],
    "tensor_split": lambda x: torch.cat(x.tensor_split(2, 1)),
    "topk": lambda x: sum(x.topk(2, 1)),
    "max with indices": lambda x: sum(x.max(1)),
    "a cast": lambda x: x.half(),
}
"""What stays in float, by how it is written."""


def written(x):
    x[..., 0] = 0.0
    return x


@pytest.mark.parametrize("name", FLOAT)
def test_what_stays_in_float_is_on_the_cpu(name):
    inspector = Inspector("DPUCZDX8G_ISA1_B4096")
    result = inspector.inspect(Activated(FLOAT[name]).eval(), (1, 3, 8, 8), "cpu", None, 0)
    left = [op for op in result.ops if op.op.float_only is not None]
    assert left, [op.name for op in result.ops]
    for op in left:
        assert (op.device.value, op.verdict.value) == ("cpu", "unsupported")
        (reason,) = [one for one in op.findings if one.constraint == "czdx8g.op.float"]
        assert reason.evidence.value == "inspector"
        assert reason.suggestion
