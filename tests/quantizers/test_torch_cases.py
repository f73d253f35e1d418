"""Small modules of which it is known what vai_q_pytorch does with them in each release."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.quantizers.expected import B4096, OK, Case, always, check, labelled, since_3  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402


def conv(inputs=3, outputs=8, **options):
    options.setdefault("padding", 1)
    return nn.Conv2d(inputs, outputs, 3, **options)


class Net(nn.Module):
    """A module of parts; what it computes is given."""

    def __init__(self, computes, buffers=None, **parts):
        super().__init__()
        self.computes = computes
        for name, part in parts.items():
            setattr(self, name, part)
        for name, buffer in (buffers or {}).items():
            self.register_buffer(name, buffer)

    def forward(self, *inputs):
        return self.computes(self, *inputs)


def image(size=16, batch=1):
    return torch.zeros(batch, 3, size, size)


def after(module, size=16, **options):
    """A module after a convolution."""
    return Net(lambda s, x: s.last(s.conv(x)), conv=conv(**options), last=module), image(size)


def halves(cut):
    """Both parts of a map are used; one goes through a convolution."""

    def computes(s, x):
        first, second = cut(s.conv(x))
        return torch.cat([second, s.inner(first)], 1)

    return Net(computes, conv=conv(3, 16), inner=conv(8, 8)), image()


def uneven(s, x):
    first, second = torch.split(s.conv(x), [8, 4], 1)
    return torch.cat([second, s.inner(first)], 1)


def control():
    return (
        Net(lambda s, x: s.act(s.bn(s.conv(x))), conv=conv(), bn=nn.BatchNorm2d(8), act=nn.ReLU()),
        image(),
    )


def normalised():
    buffers = {"mean": torch.zeros(1, 3, 1, 1), "std": torch.ones(1, 3, 1, 1)}
    return Net(lambda s, x: s.conv((x - s.mean) / s.std), buffers, conv=conv()), image()


def reused():
    def computes(s, x):
        for _ in range(2):
            x = s.act(s.again(x))
        return x

    return Net(computes, again=conv(3, 3), act=nn.ReLU()), image()


def two_results():
    return Net(lambda s, x: {"out": s.a(x), "aux": s.b(x)}, a=conv(), b=conv()), image()


def added():
    return Net(lambda s, x: F.relu(s.a(x) + s.b(x)), a=conv(), b=conv()), image()


def pooled():
    return Net(lambda s, x: s.fc(s.conv(x).mean((2, 3))), conv=conv(), fc=nn.Linear(8, 4)), image()


def sequence():
    return Net(lambda s, x: F.relu(s.conv(x)), conv=nn.Conv1d(3, 8, 3)), torch.zeros(1, 3, 32)


CASES = (
    Case("conv, batch norm, relu", control, always(OK)),
    Case("modules called twice", reused, always(OK)),
    Case(
        "padding='same'",
        lambda: after(nn.ReLU(), padding="same"),
        since_3(
            ("float", "quantise", "FLOAT_OP"),
            ("fails", "quantise", "UNSUPPORTED_OPS"),
        ),
    ),
    Case(
        "chunk",
        lambda: halves(lambda x: x.chunk(2, 1)),
        {
            "2.5": ("changes", "export", None),
            "3.0": ("fails", "export", "CONVERT_XMODEL"),
            "3.5": OK,
        },
    ),
    Case(
        "split",
        lambda: (Net(uneven, conv=conv(3, 12), inner=conv(8, 8)), image()),
        {
            "2.5": ("fails", "quantise", "AttributeError"),
            "3.0": ("changes", "export", None),
            "3.5": OK,
        },
    ),
    Case("mean of height and width", pooled, always(OK)),
    Case(
        "a scale of each channel as a depthwise convolution",
        lambda: after(nn.Conv2d(8, 8, 1, groups=8, bias=False)),
        always(OK),
    ),
    Case(
        "an input normalised with buffers",
        normalised,
        since_3(("fails", "export", "ValueError"), ("fails", "export", "EXPORT_XMODEL")),
    ),
    Case("a dict of results", two_results, always(OK)),
    Case("SiLU", lambda: after(nn.SiLU()), always(("float", "quantise", "FLOAT_OP"))),
    Case(
        "LeakyReLU(0.2)",
        lambda: after(nn.LeakyReLU(0.2)),
        since_3(("changes", "quantise", "LEAKYRELU"), ("changes", "quantise", None)),
    ),
    Case(
        "Hardswish",
        lambda: after(nn.Hardswish()),
        since_3(OK, ("fails", "quantise", "NameError")),
    ),
    Case(
        "an adaptive pool that does not divide",
        lambda: after(nn.AdaptiveAvgPool2d(5), 14),
        since_3(("float", "quantise", None), ("changes", "export", None)),
    ),
    Case("Conv1d", sequence, since_3(OK, ("fails", "export", "TypeError"))),
    Case(
        "batch 2",
        lambda: (Net(lambda s, x: F.relu(s.conv(x)), conv=conv()), image(batch=2)),
        always(("warns", "export", "XMODEL_BATCHSIZE")),
    ),
    Case(
        "a dilated max pool",
        lambda: after(nn.MaxPool2d(3, 1, dilation=2)),
        {"3.5": ("changes", "export", None)},
    ),
    Case(
        "BatchNorm2d(affine=False)",
        lambda: after(nn.BatchNorm2d(8, affine=False)),
        since_3(
            ("changes", "quantise", "BATCHNORM_AFFINE"), ("fails", "quantise", "AttributeError")
        ),
    ),
    Case("+ when training with quantisation", added, {"3.5": ("fails", "qat", "NOT_A_MODULE")}),
)


@pytest.mark.parametrize(("case", "release", "stated"), **labelled(CASES))
def test_case(case, release, stated):
    model, inputs = case.build()
    inspector = Inspector(B4096, release=release)
    result = inspector.inspect(model.eval(), inputs, "cpu", None, 0)
    assert (result.quantizer.flow, result.quantizer.release) == ("vai_q_pytorch", release)
    assert release in result.target.releases
    check(result.quantizer, stated)
