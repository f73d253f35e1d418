"""What published outputs of the vendor's tools and compiled models show, row by row.

Each case is a graph as the frontends give it, a target, the operators that are on the CPU with
the constraint that says so first (of a consequence: the operator that it follows), and what else
the row tells. Every other operator is on the DPU.
"""

from __future__ import annotations

from collections import namedtuple

import pytest

from tests.inspecting import inspected
from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import CallForm, Graph, Origin
from vai_inspect.core.ir import attrs as a
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.engine import registry
from vai_inspect.rules.shared.examples import const, conv_op, data, depthwise_op, op
from vai_inspect.rules.targets.lookup import lookup

SLOPE = 26 / 256
B4096, B3136, B2304, B1024 = (
    "DPUCZDX8G_ISA1_B{}".format(peak) for peak in (4096, 3136, 2304, 1024)
)
C32B6, SP = "DPUCVDX8G_ISA3_C32B6", "DPUCAHX8L_ISA0_SP"
EVERY = tuple(
    name for family in registry.families() for name in dict.fromkeys(family.example_targets)
)
SHAPE = (1, 16, 16, 16)
Case = namedtuple("Case", "target ops cpu")
Case.__doc__ = "A target, the operators of a graph, and {operator on the CPU: why}."


def whole(ops, batch=1):
    read = {value.op for one in ops for value in one.inputs}
    ends = [one for one in ops if one.name not in read]
    returns = [op("return", [end.name], end.output.shape, name="to_" + end.name) for end in ends]
    return Graph("observed", [*ops, *returns])


def conv(name="conv", source="data", shape=SHAPE, oc=16, size=3, **attrs):
    """A convolution that keeps the size of the map."""
    pads = ((size - 1) // 2, size // 2) * 2
    return conv_op(shape, oc, name, source, kernel=(size, size), pad=pads, **attrs)


def behind(kind, name, source="conv", shape=SHAPE, attrs=None, **more):
    return op(kind, [source] if isinstance(source, str) else source, shape, attrs, name, **more)


def pool(name="pool", source="conv", size=2, stride=2, kind="maxpool2d", shape=(1, 8, 8, 16)):
    made = (a.MaxPool2dAttrs if kind == "maxpool2d" else a.AvgPool2dAttrs)(
        (size, size), (stride, stride)
    )
    return op(kind, [source], shape, made, name)


def global_pool(source, shape, name="pool"):
    size = (shape[2], shape[1])
    attrs = a.AvgPool2dAttrs(size, size, global_=True)
    return op("avgpool2d", [source], (1, 1, 1, shape[3]), attrs, name)


def resized(mode, source="data", shape=(1, 6, 6, 128), name="up", scale=2.0):
    attrs = a.ResizeAttrs(mode, False, mode == "BILINEAR", (scale, scale))
    return op("resize", [source], shape, attrs, name)


def upsample_net(mode, size=1, permuted=True):
    """Upsampling by 2, convolution, ReLU, adaptive average pool, reshape, as PyTorch gives it."""
    first = data((1, 3, 3, 128))
    up = resized(mode)
    body = conv("conv", "up", up.output.shape, 128)
    relu = behind("relu", "relu", "conv", body.output.shape)
    kernel = 6 // size
    attrs = a.AvgPool2dAttrs((kernel, kernel), (kernel, kernel), global_=size == 1)
    pooled = op("avgpool2d", ["relu"], (1, size, size, 128), attrs, "pool")
    moved = op("transpose", ["pool"], (1, 128, size, size), a.TransposeAttrs((0, 3, 1, 2)), "moved")
    flat = (1, 128 * size * size)
    last = op("reshape", ["moved" if permuted else "pool"], flat, a.ReshapeAttrs(flat), "flat")
    return [first, up, body, relu, pooled, *([moved] if permuted else []), last]


def average(width, height, channels):
    attrs = a.AvgPool2dAttrs((width, height), (width, height))
    first = data((1, height, width, channels))
    return [first, op("avgpool2d", ["data"], (1, 1, 1, channels), attrs, "pool")]


def written_hard_swish():
    return [
        data(SHAPE),
        conv(),
        const((1,), "three"),
        behind("add", "sum", ["conv", "three"]),
        behind("relu6", "clamp", "sum"),
        behind("mul", "product", ["conv", "clamp"]),
        const((1,), "six"),
        behind("div", "quotient", ["product", "six"]),
        conv("last", "quotient"),
    ]


def squeeze_excite(by_mean):
    """A gate over channels, pooled by two means or by one adaptive pool; PyTorch."""
    ops = [data(SHAPE), conv()]
    if by_mean:
        ops += [
            op("reduction_mean", ["conv"], (1, 16, 16), a.ReductionAttrs((2,)), "mean_w"),
            op("reduction_mean", ["mean_w"], (1, 16), a.ReductionAttrs((1,)), "mean_h"),
            op("reshape", ["mean_h"], (1, 16, 1, 1), a.ReshapeAttrs((1, 16, 1, 1)), "view"),
            op("transpose", ["view"], (1, 1, 1, 16), a.TransposeAttrs((0, 2, 3, 1)), "moved"),
        ]
        pooled = "moved"
    else:
        ops.append(global_pool("conv", SHAPE))
        pooled = "pool"
    small = (1, 1, 1, 16)
    ops += [
        conv("squeeze", pooled, small, 4, 1),
        behind("relu", "squeezed", "squeeze", (1, 1, 1, 4)),
        conv("excite", "squeezed", (1, 1, 1, 4), 16, 1),
        behind("hard-sigmoid", "gate", "excite", small),
        behind("mul", "gated", ["conv", "gate"]),
    ]
    return ops


def mbconv(size, activation):
    """Expansion, depthwise convolution, gate by squeeze and excitation, projection, addition."""
    wide, small = (1, 16, 16, 64), (1, 1, 1, 64)
    pads = ((size - 1) // 2,) * 4
    return [
        data(SHAPE),
        conv("entry"),
        conv("expand", "entry", SHAPE, 64, 1),
        behind(activation, "expanded", "expand", wide),
        depthwise_op(wide, "depthwise", "expanded", kernel=(size, size), pad=pads),
        behind(activation, "filtered", "depthwise", wide),
        global_pool("filtered", wide),
        conv("squeeze", "pool", small, 16, 1),
        behind("relu", "squeezed", "squeeze", (1, 1, 1, 16)),
        conv("excite", "squeezed", (1, 1, 1, 16), 64, 1),
        behind("hard-sigmoid", "gate", "excite", small),
        behind("mul", "gated", ["filtered", "gate"], wide),
        conv("project", "gated", wide, 16, 1),
        behind("add", "sum", ["entry", "project"]),
    ]


def chunked():
    """YOLOv8's C2f: channels cut right behind a convolution."""
    half = (1, 16, 16, 8)
    parts = [
        op("strided_slice", ["conv"], half, a.StridedSliceAttrs(begin, end, (1, 1, 1, 1)), name)
        for name, begin, end in (
            ("first", (0, 0, 0, 0), half),
            ("second", (0, 0, 0, 8), SHAPE),
        )
    ]
    joined = op("concat", ["first", "deep"], SHAPE, a.AxisAttrs(3), "joined")
    return [data(SHAPE), conv(), *parts, conv("deep", "second", half, 8), joined]


def permuted_product():
    return [
        data((1, 8, 8, 16)),
        conv("conv", shape=(1, 8, 8, 16)),
        op("transpose", ["conv"], (1, 16, 8, 8), a.TransposeAttrs((0, 3, 1, 2)), "moved"),
        op("flatten", ["moved"], (1, 1024), a.FlattenAttrs(1, 3), "flat"),
        op("inner-product", ["flat"], (1, 10), a.InnerProductAttrs(1), "fc", (10, 1024)),
    ]


def between(*kinds):
    """An operator of each kind in a row between two convolutions."""
    ops = [data(SHAPE), conv()]
    for number, kind in enumerate(kinds):
        attrs = a.UnknownAttrs(kind) if kind in ("pow", "layer_norm") else None
        word = "unknown" if attrs else kind
        ops.append(
            behind(word, "x{}".format(number) if number else "x", ops[-1].name, SHAPE, attrs)
        )
    return [*ops, conv("last", ops[-1].name)]


def two(kind, name="x"):
    """An operator of two convolutions."""
    return [data(SHAPE), conv("one"), conv("two"), behind(kind, name, ["one", "two"])]


def leaky(slope, source="conv"):
    return behind("leaky-relu", "act", source, attrs=a.LeakyReluAttrs(slope))


def batch_norm(source, shape=SHAPE):
    return op("batchnorm", [source], shape, a.BatchNormAttrs(3), "bn")


REFUSED_BILINEAR = {"up": "resize.engine", "moved": "transpose.folded", "flat": "-> moved"}
CUTS = ("czdx8g", "cvdx8g")
"""Families whose compiled models show cuts of channels vanish."""

CASES = {
    "bilinear by 2 on a depthwise engine of 3 and 5": Case(
        SP, upsample_net("BILINEAR"), REFUSED_BILINEAR
    ),
    "nearest by 2, and a permute written before the reshape": Case(
        SP, upsample_net("NEAREST", permuted=False), {}
    ),
    "the first, pooled to 2x2": Case(SP, upsample_net("BILINEAR", 2), REFUSED_BILINEAR),
    "leaky ReLU of slope 0.1": Case(
        B4096, [data(SHAPE), conv(), leaky(0.1)], {"act": "activation.slope"}
    ),
    "ReLU behind a max pool": Case(
        B3136,
        [data(SHAPE), conv(), pool(), behind("relu", "act", "pool", (1, 8, 8, 16))],
        {"act": "activation.fused"},
    ),
    "ReLU behind a max pool and a batch norm": Case(
        B3136,
        [
            data(SHAPE),
            conv(),
            pool(),
            batch_norm("pool", (1, 8, 8, 16)),
            behind("relu", "act", "bn", (1, 8, 8, 16)),
        ],
        {},
    ),
    "leaky ReLU behind a depthwise convolution": Case(
        B4096,
        [data(SHAPE), depthwise_op(SHAPE, "conv", pad=(1,) * 4), leaky(SLOPE)],
        {"act": "activation.fused"},
    ),
    "leaky ReLU behind a depthwise convolution, fingerprint bit 29": Case(
        "0x101000036010407",
        [data(SHAPE), depthwise_op(SHAPE, "conv", pad=(1,) * 4), leaky(SLOPE)],
        {},
    ),
    "Hardswish behind an addition": Case(
        B4096, [*two("add", "sum"), behind("hard-swish", "act", "sum")], {"act": "activation.fused"}
    ),
    "leaky ReLU that no convolution feeds": Case(
        B4096,
        [
            data(SHAPE),
            conv(),
            pool(),
            behind("leaky-relu", "act", "pool", (1, 8, 8, 16), a.LeakyReluAttrs(SLOPE)),
        ],
        {"act": "activation.fused"},
    ),
    "average pool of 182x136": Case(B4096, average(182, 136, 64), {"pool": "pool.window"}),
    "average pool of 91x68": Case(B4096, average(91, 68, 128), {}),
    "permute, flatten, inner product": Case(B4096, permuted_product(), {}),
    "max pool 2x2": Case(B4096, [data(SHAPE), conv(), pool()], {}),
    "depthwise convolution with two dilations": Case(
        "DPUCVDX8G_ISA3_C32B3",
        [data(SHAPE), depthwise_op(SHAPE, "conv", dilation=(2, 1))],
        {"conv": "depthwise.dilation_square"},
    ),
    "Hardswish written out": Case(
        B2304,
        written_hard_swish(),
        {"sum": "eltwise.constant", "clamp": "hard_swish.written_out", "quotient": "eltwise.cpu"},
    ),
    "squeeze and excitation by two means": Case(
        B2304,
        squeeze_excite(True),
        {
            "mean_w": "mean.axes",
            "mean_h": "mean.axes",
            "view": "-> mean_h",
            "moved": "transpose.folded",
        },
    ),
    "squeeze and excitation by an adaptive pool": Case(B2304, squeeze_excite(False), {}),
    **{
        "MBConv {} with {}".format(size, activation): Case(B2304, mbconv(size, activation), {})
        for size in (3, 5, 7)
        for activation in ("relu", "hard-swish")
    },
    "tanh between convolutions": Case(B4096, between("tanh"), {"x": "tanh.cpu"}),
    "sigmoid between convolutions": Case(B4096, between("sigmoid"), {"x": "sigmoid.cpu"}),
    "flatten and linear behind a pool": Case(
        B4096,
        [
            data(SHAPE),
            conv(),
            global_pool("conv", SHAPE),
            op("flatten", ["pool"], (1, 16), a.FlattenAttrs(1, 3), "flat"),
            op("inner-product", ["flat"], (1, 10), a.InnerProductAttrs(1), "fc", (10, 16)),
        ],
        {},
    ),
    "channels cut right behind a convolution": Case(C32B6, chunked(), {}),
    "leaky ReLU of slope 0.2": Case(
        B4096, [data(SHAPE), conv(), leaky(0.2)], {"act": "activation.slope"}
    ),
    "stand-alone batch norm": Case(B4096, [data(SHAPE), batch_norm("data")], {}),
    **{
        "{} behind a {} convolution on {}".format(kind, what, target): Case(
            target, [data(SHAPE), first, behind(kind, "act")], {}
        )
        for target in (B1024, B2304, B4096)
        for kind in ("hard-swish", "hard-sigmoid")
        for what, first in (
            ("plain", conv()),
            ("depthwise", depthwise_op(SHAPE, "conv", pad=(1,) * 4)),
        )
    },
    "ReLU behind an addition": Case(B4096, [*two("add", "sum"), behind("relu", "act", "sum")], {}),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_row(case):
    target, ops, expected = CASES[case]
    result = inspected(whole(ops), target)
    on_cpu = {one.name: one for one in result.ops if one.device.value == "cpu"}
    constants = {name for name, one in on_cpu.items() if one.type == "const"}
    assert set(on_cpu) - constants == set(expected)
    for name, why in expected.items():
        first = on_cpu[name].findings[0]
        if why.startswith("-> "):
            assert first.follows == why[3:]
        else:
            assert first.constraint.split(".", 1)[1] == why
            assert first.suggestion


SUBGRAPHS = {
    "Hardswish written out": 3,
    "Hardswish behind an addition": 1,
    "squeeze and excitation by an adaptive pool": 1,
    "MBConv 5 with hard-swish": 1,
    "tanh between convolutions": 2,
    "sigmoid between convolutions": 2,
    "channels cut right behind a convolution": 1,
}


@pytest.mark.parametrize("case", sorted(SUBGRAPHS))
def test_dpu_subgraphs(case):
    target, ops, _ = CASES[case]
    assert inspected(whole(ops), target).summary.dpu_subgraphs == SUBGRAPHS[case]


@pytest.mark.parametrize("target", EVERY)
@pytest.mark.parametrize("kind", ["swish", "gelu", "sub", "div", "pow", "layer_norm", "sigmoid"])
def test_never_on_any_dpu(target, kind):
    ops = two(kind) if kind in ("sub", "div") else between(kind)
    (x,) = inspected(whole(ops), target).find("x")
    assert (x.device.value, x.verdict.value) == ("cpu", "unsupported")


@pytest.mark.parametrize("target", EVERY)
def test_a_slice_of_the_map_is_on_the_cpu(target):
    attrs = a.StridedSliceAttrs((0, 2, 2, 0), (1, 14, 14, 16), (1, 1, 1, 1))
    ops = [data(SHAPE), conv(), op("strided_slice", ["conv"], (1, 12, 12, 16), attrs, "x")]
    assert inspected(whole(ops), target).find("x")[0].device.value == "cpu"


@pytest.mark.parametrize("target", EVERY)
def test_a_channel_cut_is_on_the_dpu_where_it_was_seen_and_unknown_elsewhere(target):
    result = inspected(whole(chunked()), target)
    first = result.find("first")[0]
    expected = ("dpu", "supported") if result.target.family in CUTS else ("cpu", "unknown")
    assert (first.device.value, first.verdict.value) == expected


@pytest.mark.parametrize("target", EVERY)
@pytest.mark.parametrize("is_module", [True, False])
def test_relu6_of_pytorch(target, is_module):
    """The quantisers put ReLU in place of the module; F.relu6 stays, and not all fuse it."""
    act = behind("relu6", "act")
    form = CallForm("ReLU6" if is_module else "relu6", is_module)
    act = act.replaced(origin=Origin("torch", call=form))
    result = inspected(whole([data(SHAPE), conv(), act]), target, convert=True)
    act = result.find("act")[0]
    if is_module:
        assert (act.type, act.device.value) == ("relu", "dpu")
    else:
        fused = "relu_six" in result.target.conv.nonlinear
        assert (act.type, act.verdict.value) == ("relu6", "supported" if fused else "unsupported")


@pytest.mark.parametrize("target", EVERY)
@pytest.mark.parametrize("slope", [0.01, 0.1, 0.2])
def test_other_slopes_are_refused_with_the_slope_that_the_quantisers_substitute(target, slope):
    result = inspected(whole([data(SHAPE), conv(), leaky(slope)]), target)
    (act,) = result.find("act")
    reasons = {one.constraint.split(".", 1)[1]: one for one in act.findings}
    assert act.device.value == "cpu"
    fuses = "leaky_relu" in result.target.conv.nonlinear
    expected = "the vendor's quantisers substitute" if fuses else "use ReLU"
    assert expected in reasons["activation.slope"].suggestion


@pytest.mark.parametrize("target", EVERY)
def test_a_wholly_mapped_model_is_one_dpu_subgraph(target):
    ops = [data(SHAPE), conv(), behind("relu", "act"), pool("pool", "act")]
    total = inspected(whole(ops), target).summary
    assert (total.fully_on_dpu, total.dpu_subgraphs, total.cpu_subgraphs) == (True, 1, 0)


@pytest.mark.parametrize("rank", [2, 5])
def test_a_product_of_doubtful_rank_is_unknown(rank):
    """The 3.x inspector says DPU, but compiles the operator alone."""
    shape = (1, 64) if rank == 2 else (1, 2, 4, 4, 8)
    ops = [
        data(shape),
        op("sigmoid", ["data"], shape, name="gate"),
        op("mul", ["data", "gate"], shape, name="x"),
    ]
    (product,) = inspected(whole(ops), B4096).find("x")
    assert product.verdict.value == "unknown"


@pytest.mark.parametrize("name", ["clamp", "Hardtanh(0, 4)", "sqrt", "Embedding", "LayerNorm"])
def test_what_the_inspectors_cannot_convert_is_no_open_question(name):
    ops = [data(SHAPE), conv(), behind("unknown", "x", attrs=a.UnknownAttrs(name))]
    (x,) = inspected(whole(ops), B4096).find("x")
    assert [one.constraint for one in x.findings] == ["czdx8g.op.foreign"]
    assert x.verdict.value == "unsupported"


def test_what_no_source_names_stays_unknown():
    ops = [data(SHAPE), conv(), behind("unknown", "x", attrs=a.UnknownAttrs("roll"))]
    (x,) = inspected(whole(ops), B4096).find("x")
    assert [one.constraint for one in x.findings] == ["czdx8g.op.unknown"]


@pytest.mark.parametrize("mode", ["NEAREST", "BILINEAR", "TRILINEAR"])
@pytest.mark.parametrize("target", EVERY)
def test_a_resize_whose_factor_is_not_told_is_not_on_the_dpu(target, mode):
    enlarged = op("resize", ["data"], (1, 32, 32, 16), a.ResizeAttrs(mode), "x")
    result = inspected(whole([data(SHAPE), enlarged]), target)
    assert result.find("x")[0].device.value == "cpu"
    assert not result.warnings


def test_no_rule_of_czdi4g_rests_on_a_column_of_the_user_guide():
    """UG1414's table of operators has no column for it."""
    family = registry.family("czdi4g")
    sources = [rule.provenance.source for rule in family.constraints]
    assert not [source for source in sources if "Currently Supported Operators" in source]


def test_permutes_inserted_for_an_operator_follow_it_and_come_back_with_it():
    moved = (1, 16, 16, 16)
    to_native, to_last = (a.TransposeAttrs(order) for order in ((0, 3, 1, 2), (0, 2, 3, 1)))
    ops = [
        data(SHAPE),
        conv(),
        op("transpose", ["conv"], moved, to_native, "conv_sink_transpose"),
        op("unknown", ["conv_sink_transpose"], moved, a.UnknownAttrs("LayerNorm"), "norm"),
        op("transpose", ["norm"], SHAPE, to_last, "norm_swim_transpose"),
        conv("last", "norm_swim_transpose"),
    ]
    captured = Captured(whole(ops), ModelInfo("graph", "torch", "", "fx"))
    (cause,) = inspect_graph(captured, lookup(B4096)).root_causes
    assert cause.ops == ("norm",)
    assert cause.alone.returned == ("conv_sink_transpose", "norm", "norm_swim_transpose")


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        ("DPUCZDX8G_ISA1_B4096", "supported"),
        ("0x901400044000144", "supported"),
        ("DPUCZDX8G_ISA0_B4096_MAX_BG2", "unknown"),
        ("0x1000000f6014407", "unsupported"),
    ],
)
def test_the_largest_of_the_channels_needs_an_engine(target, verdict):
    out = (1, 16, 16, 1)
    ops = [
        data(SHAPE),
        conv(),
        op("reduction_max", ["conv"], out, a.ReductionAttrs((3,), True), "x"),
    ]
    assert inspected(whole(ops), target).find("x")[0].verdict.value == verdict


def test_hard_swish_written_out_in_keras():
    """The Keras quantiser recognises relu6(x + 3) * (1/6) as a hard-sigmoid."""
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    inputs = keras.Input((16, 16, 16))
    x = keras.layers.Conv2D(16, 3, padding="same")(inputs)
    gate = keras.layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)
    x = keras.layers.Multiply()([x, gate])
    model = keras.Model(inputs, keras.layers.Conv2D(16, 3, padding="same")(x))
    result = Inspector(B4096).inspect(model, output_dir=None, verbose_level=0)
    assert "hard-swish" in [one.type for one in result.ops]
    assert (result.summary.fully_on_dpu, result.summary.dpu_subgraphs) == (True, 1)


def test_a_pool_of_one_pixel_vanishes():
    ops = [data(SHAPE), conv(), pool(size=1, stride=1, shape=SHAPE), conv("last", "pool")]
    result = inspected(whole(ops), B4096)
    assert [one.name for one in result.ops if one.device.value != "user"] == ["conv", "last"]


def test_another_batch_is_one_cause_whose_fix_brings_back_the_network():
    ops = [data(SHAPE), conv(), behind("relu", "act"), pool("pool", "act")]
    target = lookup("DPUCADF8H_ISA0")
    captured = Captured(whole(ops), ModelInfo("graph", "torch", "", "fx"))
    (cause,) = inspect_graph(captured, target).root_causes
    assert cause.constraints == ("cadf8h.batch.four",)
    assert cause.alone.returned == ("conv", "act", "pool")


@pytest.mark.parametrize("last", ["softmax", "relu"])
def test_a_changed_batch_follows_what_reads_it_unless_that_is_the_host(last):
    """An activation behind the reshape is on the CPU, a conversion of the output always is."""
    flat = (256, 16)
    ops = [
        data(SHAPE),
        conv(),
        op("reshape", ["conv"], flat, a.ReshapeAttrs(flat), "flat"),
        behind(last, "last", "flat", flat, a.AxisAttrs(1) if last == "softmax" else None),
    ]
    (read,) = inspected(whole(ops), B4096).find("flat")
    assert [one.follows for one in read.findings] == ["last"]
    (end,) = inspected(whole(ops[:-1]), B4096).find("flat")
    assert [one.follows for one in end.findings] == [None]


@pytest.mark.parametrize("target", ["DPUCAHX8H_ISA2", "DPUCADF8H_ISA0", "DPUCVDX8H_ISA1_F2W2_8PE"])
@pytest.mark.parametrize("kind", ["relu", "relu6", "hard-swish"])
def test_without_a_depthwise_engine_the_activation_only_follows(target, kind):
    ops = [data(SHAPE), depthwise_op(SHAPE, "conv", pad=(1,) * 4), behind(kind, "act")]
    result = inspected(whole(ops), target)
    (cause,), (act,) = result.find("conv"), result.find("act")
    assert [one.constraint.split(".", 1)[1] for one in cause.findings] == ["depthwise.engine"]
    assert [one.follows for one in act.findings] == ["conv"]
