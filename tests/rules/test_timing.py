"""The timing model: what each operator takes, what layers are made of, what travels."""

from __future__ import annotations

import dataclasses

import pytest

from tests.graphs import batch_norm, conv, node
from tests.inspecting import inspected
from vai_inspect.core.errors import EstimateError, RuleError
from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Graph
from vai_inspect.core.ir import attrs as a
from vai_inspect.rules.czdx8g.timing import TIMING
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.example import made_for
from vai_inspect.rules.targets.lookup import lookup
from vai_inspect.rules.timing import table
from vai_inspect.rules.timing.layers import Layers
from vai_inspect.rules.timing.work import COSTS, Engines, work

B4096, B512 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B512"
WHOLE = {"pad": (1, 1, 1, 1)}


def taken(op, *inputs, target=B4096):
    types = [one.output for one in inputs]
    return work(op, types, Engines.of(lookup(target)))


def source(shape):
    return node("in", "data", shape=shape)


def layers(*ops, dpu=None, target=B4096):
    """The layers with everything on the DPU but the graph's inputs, outputs and constants."""
    names = {op.name for op in ops if op.kind not in ("data", "return", "const")}
    return Layers(ops, Engines.of(lookup(target))).on(names if dpu is None else dpu)[0]


@pytest.mark.parametrize(
    ("target", "lanes"),
    [(B4096, (8, 16, 16, (16, 4), 262144)), (B512, (4, 8, 8, (8, 2), 65536))],
)
def test_parallelism_is_that_of_the_target(target, lanes):
    engines = Engines.of(lookup(target))
    found = (engines.pixels, engines.inputs, engines.outputs, engines.depthwise, engines.bank)
    assert found == lanes
    assert engines.pool == engines.eltwise == engines.depthwise


def test_an_instruction_set_without_an_alu_has_engines_of_its_own():
    engines = Engines.of(lookup("DPUCZDX8G_ISA0_B4096_MAX_BG2"))
    assert (engines.inputs, engines.outputs) == (16, 16)
    assert engines.pool[0] == engines.eltwise[0] == engines.depthwise[0] == 16


@pytest.mark.parametrize(
    ("shape", "oc", "options", "cycles", "padded"),
    [
        # 3*3 * 4 * 8 groups of channels * 56 columns * 7 groups of rows
        ((1, 56, 56, 64), 128, {"kernel": (3, 3), **WHOLE}, 9 * 4 * 8 * 56 * 7, []),
        # one channel too many costs a group of 16 more, on either side
        ((1, 56, 56, 65), 128, {}, 5 * 8 * 56 * 7, ["65 input channels cost as much as 80"]),
        ((1, 56, 56, 64), 129, {}, 4 * 9 * 56 * 7, ["129 output channels cost as much as 144"]),
        ((1, 7, 7, 64), 64, {}, 4 * 4 * 7 * 1, ["7 rows cost as much as 8"]),
        # few input channels are laid out along the kernel's width: 7 * ceil(7 * 3 / 16)
        (
            (1, 224, 224, 3),
            64,
            {"kernel": (7, 7), "stride": (2, 2), "pad": (3, 3, 3, 3)},
            14 * 4 * 112 * 14,
            [],
        ),
    ],
)
def test_a_convolution_takes_what_its_padded_sizes_take(shape, oc, options, cycles, padded):
    found = taken(conv("c", "in", shape, oc, **options), source(shape))
    assert (found.array, found.engine) == (cycles, 0)
    assert list(map(str, found.padded)) == padded


WINDOW = {"kernel": (3, 3), "stride": (1, 1), "pad": (1, 1, 1, 1)}


@pytest.mark.parametrize(
    ("op", "array", "engine"),
    [
        (node("x", "inner-product", shape=(1, 1000), attrs=a.InnerProductAttrs()), 4 * 63, 0),
        (
            node(
                "x", "depthwise-conv2d", shape=(1, 8, 8, 64), attrs=a.DepthwiseConv2dAttrs(**WINDOW)
            ),
            0,
            9 * 4 * 8 * 2,
        ),
        (node("x", "maxpool2d", shape=(1, 8, 8, 64), attrs=a.MaxPool2dAttrs(**WINDOW)), 0, 576),
        (
            node("x", "avgpool2d", shape=(1, 1, 1, 64), attrs=a.AvgPool2dAttrs((8, 8), (1, 1))),
            0,
            64 * 4,
        ),
        (
            node("x", "reduction_mean", shape=(1, 1, 1, 64), attrs=a.ReductionAttrs((1, 2), True)),
            0,
            64 * 4,
        ),
        (node("x", "batchnorm", shape=(1, 8, 8, 64), attrs=a.BatchNormAttrs(3)), 0, 4 * 8 * 2),
        (node("x", "hard-sigmoid", shape=(1, 8, 8, 64)), 0, 64),
        (node("x", "hard-swish", shape=(1, 8, 8, 64)), 0, 3 * 64),
        (node("x", "mul", shape=(1, 8, 8, 64)), 0, 64),
        (
            node(
                "x",
                "transposed-conv2d",
                shape=(1, 16, 16, 32),
                attrs=a.TransposedConv2dAttrs((2, 2), (2, 2)),
            ),
            4 * 4 * 2 * 8 * 1,
            0,
        ),
        (node("x", "resize", shape=(1, 16, 16, 64), attrs=a.ResizeAttrs("NEAREST")), 0, 0),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_other_operators_take_their_engines_time(op, array, engine):
    shape = (1, 64) if op.kind == "inner-product" else (1, 8, 8, 64)
    found = taken(op, source(shape))
    assert (found.array, found.engine) == (array, engine)


def test_a_sum_is_a_pass_for_each_operand():
    given = source((1, 8, 8, 64))
    assert taken(node("x", "add", shape=(1, 8, 8, 64)), given, given).engine == 2 * 4 * 8 * 2


def test_every_kind_that_the_dpu_can_run_has_a_cost():
    family = registry.family("czdx8g")
    kinds = set(family.takes)
    for target in map(lookup, family.example_targets):
        for rule in family.constraints:
            for example in made_for(target, rule.passes):
                found = inspected(example.graph(), target)
                assert "cost" not in (found.estimate_unknown or ""), (rule.id, example.text)
                kinds |= {op.type for op in found.on(Device.DPU)}
    assert kinds <= set(COSTS)
    assert len(kinds) > 25


RELU6 = node("r", "relu6", ["d"], (1, 32, 32, 64))


def test_a_depthwise_convolution_is_one_layer_with_the_convolution_that_alone_reads_it():
    given = source((1, 32, 32, 64))
    d = node("d", "depthwise-conv2d", ["in"], (1, 32, 32, 64), a.DepthwiseConv2dAttrs(**WINDOW))
    p = conv("p", "r", (1, 32, 32, 64), 128)
    end = node("out", "return", ["p"], (1, 32, 32, 128))
    (layer,) = layers(given, d, RELU6, p, end)
    assert layer.ops == ["d", "p"]
    assert layer.read == 32 * 32 * 64 + 9 * 64 + 64 * 128  # what is between stays on chip
    assert layer.written == 32 * 32 * 128
    twice = layers(given, d, RELU6, p, end, node("too", "return", ["r"], (1, 32, 32, 64)))
    assert [one.ops for one in twice] == [["d"], ["p"]]


def test_a_sum_is_part_of_the_convolution_that_alone_gives_its_operand():
    given, big = source((1, 64, 64, 128)), (1, 64, 64, 128)
    first, second = conv("a", "in", big, 128), conv("b", "a", big, 128)
    end = node("out", "return", ["s"], big)
    found = layers(given, first, second, node("s", "add", ["b", "a"], big), end)
    assert [one.ops for one in found] == [["a"], ["b", "s"]]
    assert [one.serial for one in found] == [False, True]
    size = 64 * 64 * 128  # more than a bank: both operands travel
    assert found[1].read == 2 * size + 128 * 128
    assert found[1].written == size


def test_a_small_output_stays_on_chip_for_the_very_next_layer():
    given, small = source((1, 32, 32, 64)), (1, 32, 32, 64)
    chain = [conv("a", "in", small, 64), conv("b", "a", small, 64), conv("c", "b", small, 64)]
    end = node("out", "return", ["c"], small)
    found = layers(given, *chain, end)
    assert [one.written for one in found] == [0, 0, 32 * 32 * 64]
    assert [one.read for one in found] == [32 * 32 * 64 + 4096, 4096, 4096]
    late = node("late", "add", ["a", "c"], small)
    found = layers(given, *chain, late, node("out", "return", ["late"], small))
    assert found[0].written == 32 * 32 * 64  # the sum reads it later
    assert found[1].read == 4096


def test_a_concatenation_writes_nothing_and_its_readers_read_the_parts():
    given, half = source((1, 64, 64, 128)), (1, 64, 64, 128)
    a1, b1 = conv("a", "in", half, 128), conv("b", "in", half, 128)
    joined = node("cat", "concat", ["a", "b"], (1, 64, 64, 256), a.AxisAttrs(3))
    last = conv("c", "cat", (1, 64, 64, 256), 64)
    found = layers(given, a1, b1, joined, last, node("out", "return", ["c"], (1, 64, 64, 64)))
    assert [one.ops for one in found] == [["a"], ["b"], ["c"]]
    assert found[2].read == 2 * 64 * 64 * 128 + 256 * 64


def test_where_the_stride_exceeds_the_kernel_only_the_rows_that_are_used_are_read():
    given = source((1, 64, 64, 64))
    (layer,) = layers(given, conv("c", "in", (1, 64, 64, 64), 64, stride=(2, 2)))
    assert layer.read == 64 * 64 * 64 / 2 + 64 * 64


def test_what_a_cpu_operator_reads_or_gives_travels():
    given, small = source((1, 32, 32, 64)), (1, 32, 32, 64)
    ops = [
        given,
        conv("a", "in", small, 64),
        node("gate", "sigmoid", ["a"], small),
        conv("b", "gate", small, 64),
        node("out", "return", ["b"], small),
    ]
    found = layers(*ops, dpu={"a", "b"})
    assert [one.written for one in found] == [32 * 32 * 64] * 2
    assert found[1].read == 32 * 32 * 64 + 4096


def test_figures_are_of_one_image_whatever_the_batch():
    def of_batch(n):
        given = source((n, 32, 32, 64))
        ops = [given, conv("a", "in", (n, 32, 32, 64), 64), conv("b", "a", (n, 32, 32, 64), 64)]
        return layers(*ops, node("out", "return", ["b"], (n, 32, 32, 64)))

    one, four = of_batch(1), of_batch(4)
    assert [dataclasses.astuple(layer) for layer in one] == [
        dataclasses.astuple(layer) for layer in four
    ]


def test_a_kind_without_a_cost_is_an_error_that_names_it():
    odd = [source((1, 8, 8, 16)), node("x", "exp", ["in"], (1, 8, 8, 16))]
    timed = TIMING.timed(odd, lookup(B4096))
    from vai_inspect.estimating import platform_for

    with pytest.raises(EstimateError, match="no cost for exp"):
        timed.dpu_ms({"x"}, platform_for(lookup(B4096)))


def test_the_shipped_table_says_where_each_figure_is_from():
    found = table.load("vai_inspect.rules.czdx8g")
    constants = [one for one in vars(found).items() if isinstance(one[1], table.Constant)]
    assert len(constants) == 5
    for name, constant in constants:
        assert 0 < constant.low <= constant.value <= constant.high, name
        assert constant.unit
        assert "release 2.5" in constant.source
    boards = {"KV260", "ZCU104", "ZCU102"}
    assert set(found.checked) == {
        (board, release) for board in boards for release in ("2.5", "3.0")
    }
    for checked in found.checked.values():
        assert (checked.networks, checked.families) == (16, 6)
        assert 0 < checked.frame[0] < checked.frame[1]
    # AXI: two ports of 128 bits move 32 bytes a cycle at most
    assert found.port.value < 32


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"fitted: [", "cannot be read"),
        (b"fitted: {}", "timing.yaml: checked: received nothing; valid is a mapping"),
        (b"{fitted: {}, checked: {KV260: {}}}", "a board and a release, as in KV260 2.5"),
        (b"{fitted: {port: 5}, checked: {}}", "fitted: port: received 5; valid is a mapping"),
        (b"{fitted: {port: {value: fast}}, checked: {}}", "port.value: received 'fast'; valid is"),
        (b"{fitted: {ports: {}}, checked: {}}", "received 'ports'; valid is one of .*port"),
        (b"5", "valid is a mapping"),
        (b"", "valid is a mapping"),
    ],
)
def test_a_broken_table_is_one_clear_error(monkeypatch, content, says):
    monkeypatch.setattr(table.pkgutil, "get_data", lambda package, name: content)
    table.load.cache_clear()
    with pytest.raises(RuleError, match=says):
        table.load("vai_inspect.rules.czdx8g")
    table.load.cache_clear()


def test_batch_norm_left_alone_takes_a_pass_of_the_alu():
    graph = Graph("g", [source((1, 8, 8, 64)), batch_norm("n", "in", (1, 8, 8, 64))])
    (layer,) = layers(*graph.ops)
    assert (layer.array, layer.engine) == (0, 64)
