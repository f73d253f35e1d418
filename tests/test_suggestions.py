"""A suggestion is tested: applied to the network, it makes the finding go away.

Each case is a target, a network as it was, the operator and constraint that speak against it, a
part of the suggestion, and the network after the change. What is changed stays the same otherwise.
"""

from __future__ import annotations

from collections import namedtuple

import pytest

from tests.inspecting import inspected
from tests.test_observed import (
    EVERY,
    SHAPE,
    SLOPE,
    batch_norm,
    behind,
    conv,
    data,
    depthwise_op,
    global_pool,
    op,
    permuted_product,
    pool,
    resized,
    squeeze_excite,
    upsample_net,
    whole,
    written_hard_swish,
)
from vai_inspect.core.ir import attrs as a
from vai_inspect.rules.shared.examples import conv_op

B4096, C32B3, DWC, SP = (
    "DPUCZDX8G_ISA1_B4096",
    "DPUCVDX8G_ISA3_C32B3",
    "DPUCAHX8H_ISA2_DWC",
    "DPUCAHX8L_ISA0_SP",
)
Case = namedtuple("Case", "target before constraint says after")
WIDE = (1, 40, 40, 16)


def alone(shape=WIDE, **attrs):
    return [data(shape), conv_op(shape, name="x", **attrs)]


def one(kind, attrs, shape=WIDE, out=None, source=None, weights=None):
    """An operator named x on an input or behind a convolution."""
    first = [data(shape)] if source is None else [data(shape), conv(shape=shape, oc=shape[3])]
    name = source or "data"
    return [*first, op(kind, [name], out or shape, attrs, "x", weights)]


def shuffled(shape):
    return (shape[0], shape[1] * 2, shape[2] * 2, shape[3] // 4)


def act(kind, attrs=None, first=None):
    return [data(SHAPE), first or conv(), op(kind, ["conv"], SHAPE, attrs, "x")]


def deep(name="conv", **attrs):
    return depthwise_op(SHAPE, name, pad=(1,) * 4, **attrs)


def pooled_relu(*between):
    last = between[-1].name if between else "pool"
    return [data(SHAPE), conv(), pool(), *between, behind("relu", "x", last, (1, 8, 8, 16))]


def features(count, out=10):
    return one("inner-product", a.InnerProductAttrs(1), (1, count), (1, out), weights=(out, count))


def averaged(kernel, size):
    attrs = a.AvgPool2dAttrs(kernel, kernel)
    out = (1, size[0] // kernel[1], size[1] // kernel[0], 16)
    return one("avgpool2d", attrs, (1, *size, 16), out)


def up(mode, scale, half=False, corners=False):
    size = int(16 * scale)
    attrs = a.ResizeAttrs(mode, corners, half, (scale, scale))
    return one("resize", attrs, SHAPE, (1, size, size, 16))


def twice():
    attrs = a.ResizeAttrs("BILINEAR", False, True, (2.0, 2.0))
    first = op("resize", ["data"], (1, 32, 32, 16), attrs, "first")
    return [data(SHAPE), first, op("resize", ["first"], (1, 64, 64, 16), attrs, "x")]


def gap(width, height):
    return [data((1, height, width, 16)), global_pool("data", (1, height, width, 16), "x")]


def transposed(kernel, added=0):
    attrs = a.TransposedConv2dAttrs((kernel, kernel), (2, 2), output_padding=(added, added))
    size = 15 * 2 + kernel + added
    weights = (16, kernel, kernel, 16)
    return one("transposed-conv2d", attrs, SHAPE, (1, size, size, 16), weights=weights)


def padded(mode):
    attrs = a.PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), mode)
    return [data(SHAPE), op("pad", ["data"], (1, 18, 18, 16), attrs, "x")]


def product_with(other):
    return [data(SHAPE), conv(), *other, op("mul", ["conv", other[-1].name], SHAPE, name="x")]


def split_channels(count, parts):
    """A 1x1 convolution, or several of a share of the output channels and a concatenation."""
    shape = (1, 4, 4, 16)
    if parts == 1:
        return [data(shape), conv_op(shape, count, "x", kernel=(1, 1))]
    share = count // parts
    ops = [
        conv_op(shape, share, "x{}".format(n) if n else "x", kernel=(1, 1)) for n in range(parts)
    ]
    joined = op("concat", [part.name for part in ops], (1, 4, 4, count), a.AxisAttrs(3), "all")
    return [data(shape), *ops, joined]


def renamed(ops, old, new="x"):
    """The same operators, one of them under another name."""
    out = []
    for part in ops:
        inputs = tuple(type(v)(new if v.op == old else v.op, v.index) for v in part.inputs)
        out.append(part.replaced(name=new if part.name == old else part.name, inputs=inputs))
    return out


CASES = {
    "a smaller kernel": Case(
        B4096, alone(kernel=(17, 17)), "conv.kernel", "kernel 16", alone(kernel=(16, 16))
    ),
    "the nearest stride": Case(
        DWC, alone(stride=(5, 5)), "conv.stride", "stride 4", alone(stride=(4, 4))
    ),
    "a chain of smaller kernels": Case(
        C32B3,
        alone(kernel=(9, 9)),
        "conv.window",
        "smaller kernel",
        [
            data(WIDE),
            conv_op(WIDE, name="first", kernel=(5, 5)),
            conv_op((1, 36, 36, 16), name="x", source="first", kernel=(5, 5)),
        ],
    ),
    "one group": Case(
        B4096,
        [data(SHAPE), conv("x", group=2)],
        "conv.group",
        "as many groups as channels",
        [data(SHAPE), deep("x")],
    ),
    "one dilation for both axes": Case(
        C32B3,
        [data(SHAPE), deep("x", dilation=(2, 1))],
        "depthwise.dilation_square",
        "one dilation",
        [data(SHAPE), deep("x", dilation=(2, 2))],
    ),
    "stride moved from a dilated convolution": Case(
        C32B3,
        alone(dilation=(2, 2), stride=(2, 2)),
        "conv.dilated_stride",
        "move the stride",
        alone(dilation=(2, 2)),
    ),
    "output channels split and concatenated": Case(
        B4096,
        split_channels(8192, 1),
        "conv.output_channels",
        "concatenate",
        split_channels(4096, 2),
    ),
    "slope 26/256": Case(
        B4096,
        act("leaky-relu", a.LeakyReluAttrs(0.01)),
        "activation.slope",
        "26/256",
        act("leaky-relu", a.LeakyReluAttrs(SLOPE)),
    ),
    "leaky ReLU after a depthwise convolution made ReLU6": Case(
        B4096,
        act("leaky-relu", a.LeakyReluAttrs(SLOPE), deep()),
        "activation.fused",
        "relu6",
        act("relu6", None, deep()),
    ),
    "a square as a product": Case(
        B4096,
        act("unknown", a.UnknownAttrs("pow")),
        "op.foreign",
        "x * x",
        [data(SHAPE), conv(), op("mul", ["conv", "conv"], SHAPE, name="x")],
    ),
    "a clamp as ReLU6": Case(
        B4096, act("unknown", a.UnknownAttrs("clamp")), "op.foreign", "ReLU6", act("relu6")
    ),
    "layer normalisation as batch normalisation": Case(
        B4096,
        act("unknown", a.UnknownAttrs("LayerNorm")),
        "op.foreign",
        "batch normalisation",
        [data(SHAPE), conv("x"), batch_norm("x")],
    ),
    "swish to Hardswish": Case(B4096, act("swish"), "swish.cpu", "Hardswish", act("hard-swish")),
    "swish to leaky ReLU": Case(
        DWC, act("swish"), "swish.cpu", "26/256", act("leaky-relu", a.LeakyReluAttrs(SLOPE))
    ),
    "pixel shuffle directly after a convolution": Case(
        B4096,
        [
            *act("relu")[:2],
            op("relu", ["conv"], SHAPE, name="relu"),
            op("pixel-shuffle", ["relu"], shuffled(SHAPE), a.PixelShuffleAttrs(2), "x"),
        ],
        "pixel_shuffle.convolution",
        "a convolution directly before it",
        [
            data(SHAPE),
            conv(),
            op("pixel-shuffle", ["conv"], shuffled(SHAPE), a.PixelShuffleAttrs(2), "x"),
        ],
    ),
    "GELU to ReLU": Case(SP, act("gelu"), "activation.cpu", "ReLU", act("relu")),
    "sigmoid to hard-sigmoid": Case(
        B4096, act("sigmoid"), "sigmoid.cpu", "hard-sigmoid", act("hard-sigmoid")
    ),
    "tanh to ReLU": Case(B4096, act("tanh"), "tanh.cpu", "ReLU", act("relu")),
    "a batch norm between max pool and ReLU": Case(
        B4096,
        pooled_relu(),
        "activation.fused",
        "batch normalisation between pool and the activation",
        pooled_relu(batch_norm("pool", (1, 8, 8, 16))),
    ),
    "Hardswish after a sum, put after a convolution": Case(
        B4096,
        [
            data(SHAPE),
            conv(),
            behind("add", "sum", ["conv", "data"]),
            behind("hard-swish", "x", "sum"),
        ],
        "activation.fused",
        "after a convolution",
        [data(SHAPE), conv(), behind("hard-swish", "x"), behind("add", "sum", ["x", "data"])],
    ),
    "a second reader led to the activation": Case(
        B4096,
        [data(SHAPE), conv(), behind("relu", "x"), behind("add", "sum", ["conv", "x"])],
        "activation.single_reader",
        "read the activation's output",
        [data(SHAPE), conv(), behind("relu", "x"), behind("add", "sum", ["x", "x"])],
    ),
    "written-out hard-swish to one operator": Case(
        B4096,
        renamed(written_hard_swish(), "clamp"),
        "hard_swish.written_out",
        "nn.Hardswish",
        [data(SHAPE), conv(), behind("hard-swish", "x"), conv("last", "x")],
    ),
    "two means to an adaptive pool": Case(
        B4096,
        renamed(squeeze_excite(True), "mean_w"),
        "mean.axes",
        "AdaptiveAvgPool2d(1)",
        renamed(squeeze_excite(False), "pool"),
    ),
    "a permute that cancels the inserted one": Case(
        SP,
        renamed(upsample_net("NEAREST", 2), "moved"),
        "transpose.folded",
        "permute(0, 2, 3, 1)",
        renamed(upsample_net("NEAREST", 2, permuted=False), "pool"),
    ),
    "bilinear to nearest on a DPU without the engine": Case(
        SP,
        [data((1, 6, 6, 128)), resized("BILINEAR", shape=(1, 12, 12, 128), name="x")],
        "resize.engine",
        "use nearest",
        [data((1, 6, 6, 128)), resized("NEAREST", shape=(1, 12, 12, 128), name="x")],
    ),
    "bilinear by 3 made 4 with half-pixel centres": Case(
        B4096,
        up("BILINEAR", 3.0),
        "resize.bilinear",
        "2 or 4 with half-pixel centres",
        up("BILINEAR", 4.0, half=True),
    ),
    "aligned corners given up": Case(
        B4096,
        up("BILINEAR", 2.0, corners=True),
        "resize.bilinear",
        "without aligned corners",
        up("BILINEAR", 2.0, half=True),
    ),
    "bicubic to bilinear": Case(
        B4096, up("BICUBIC", 2.0), "resize.mode", "bilinear by 2", up("BILINEAR", 2.0, half=True)
    ),
    "half-pixel centres by 8 in two steps": Case(
        B4096, up("BILINEAR", 8.0, half=True), "resize.bilinear", "for 8 two of them", twice()
    ),
    "nearest by an integer factor": Case(
        B4096, up("NEAREST", 1.5), "resize.nearest", "integer factor", up("NEAREST", 2.0)
    ),
    "a square average": Case(
        DWC, averaged((2, 4), (16, 16)), "pool.square", "square", averaged((4, 4), (16, 16))
    ),
    "a map made smaller before a global pool": Case(
        DWC, gap(14, 14), "pool.kernel", "8 x 8", gap(8, 8)
    ),
    "a window pooled in two steps": Case(
        B4096,
        averaged((182, 136), (136, 182)),
        "pool.window",
        "first by 2 x 2 with stride 2",
        [
            data((1, 136, 182, 16)),
            pool("first", "data", 2, 2, "avgpool2d", (1, 68, 91, 16)),
            op("avgpool2d", ["first"], (1, 1, 1, 16), a.AvgPool2dAttrs((91, 68), (91, 68)), "x"),
        ],
    ),
    "no output padding": Case(
        B4096, transposed(3, 1), "transposed.output_padding", "kernel 2 or 4", transposed(4)
    ),
    "the nearest transposed kernel": Case(
        B4096, transposed(34), "transposed.kernel", "kernel 32", transposed(32)
    ),
    "zeros in place of a reflection": Case(
        B4096, padded("REFLECT"), "pad.mode", "pad with zeros", padded("CONSTANT")
    ),
    "fewer features before an inner product": Case(
        B4096, features(4099), "inner_product.input", "reduce the features", features(4096)
    ),
    "fewer output features": Case(
        B4096, features(64, 5000), "inner_product.output", "split", features(64, 2500)
    ),
    "a sum in place of a product": Case(
        DWC,
        product_with([conv("other")]),
        "eltwise.type",
        "by a sum",
        [data(SHAPE), conv(), conv("other"), behind("add", "x", ["conv", "other"])],
    ),
    "a batch of 4": Case(
        "DPUCADF8H_ISA0",
        [data((2, 16, 16, 16)), conv_op((2, 16, 16, 16), name="x")],
        "batch.four",
        "batch 4",
        alone(SHAPE),
    ),
    "group normalisation to batch normalisation": Case(
        B4096,
        act("groupnorm", a.GroupNormAttrs(4, 16, 1e-5, True)),
        "normalisation.cpu",
        "batch normalisation",
        [data(SHAPE), conv("x"), batch_norm("x")],
    ),
    "a slice of channels written as two convolutions": Case(
        DWC,
        one(
            "strided_slice",
            a.StridedSliceAttrs((0,) * 4, (1, 16, 16, 8), (1,) * 4),
            SHAPE,
            (1, 16, 16, 8),
            "conv",
        ),
        "strided_slice.cpu",
        "two convolutions",
        [data(SHAPE), conv("x", oc=8), conv("y", oc=8)],
    ),
    "a difference written as a sum": Case(
        B4096,
        [data(SHAPE), conv("one"), conv("two"), behind("sub", "x", ["one", "two"])],
        "eltwise.cpu",
        "sum with a negated convolution",
        [data(SHAPE), conv("one"), conv("two"), behind("add", "x", ["one", "two"])],
    ),
    "a permute to NCHW before the flatten, whose weights take it in": Case(
        B4096,
        [
            data(SHAPE),
            conv(),
            op("transpose", ["conv"], SHAPE, a.TransposeAttrs((0, 2, 1, 3)), "x"),
        ],
        "transpose.folded",
        "NHWC order",
        renamed(permuted_product(), "moved"),
    ),
}


def reasons(ops, target):
    found = inspected(whole(ops), target).find("x")
    assert len(found) == 1
    return {finding.constraint.split(".", 1)[1]: finding for finding in found[0].findings}


@pytest.mark.parametrize("case", sorted(CASES))
def test_applied_the_finding_is_gone(case):
    target, before, constraint, says, after = CASES[case]
    finding = reasons(before, target)[constraint]
    assert says in finding.suggestion
    assert reasons(after, target) == {}


ACTIVATIONS = {
    "ReLU": ("relu", None),
    "leaky ReLU": ("leaky-relu", a.LeakyReluAttrs(SLOPE)),
    "hard-sigmoid": ("hard-sigmoid", None),
    "Hardswish": ("hard-swish", None),
}


@pytest.mark.parametrize("target", EVERY)
@pytest.mark.parametrize("kind", ["swish", "gelu", "sigmoid", "tanh"])
def test_each_activation_that_is_suggested_runs_there(target, kind):
    (finding,) = reasons(act(kind), target).values()
    named = finding.suggestion.replace("leaky ReLU", "leaky")
    words = [word for word in ACTIVATIONS if word.replace("leaky ReLU", "leaky") in named]
    assert words or "on the host" in named
    for word in words:
        assert reasons(act(*ACTIVATIONS[word]), target) == {}


@pytest.mark.parametrize(
    ("shape", "axis", "says"),
    [
        ((1, 8, 8, 4200), 3, "concatenate fewer channels"),
        ((1, 8, 16, 4200), 2, "use feature maps of at most 4096 channels"),
        ((1, 64, 8400), 2, "run it on the host"),  # the anchors of flattened heads
        ((1, 128, 8400), 1, "run it on the host"),
        ((1, 8400), 1, "run it on the host"),
        ((1, 1, 1, 8400), 3, "concatenate fewer channels"),
    ],
)
def test_the_advice_for_a_concatenation_fits_its_axis(shape, axis, says):
    part = (*shape[:axis], shape[axis] // 2, *shape[axis + 1 :])
    joined = [data(part), op("concat", ["data", "data"], shape, a.AxisAttrs(axis), "x")]
    finding = reasons(joined, B4096)["concat.channels"]
    assert says in finding.suggestion
    along_another = axis != len(shape) - 1 and len(shape) < 4
    assert ("along another axis" in finding.message) is along_another
