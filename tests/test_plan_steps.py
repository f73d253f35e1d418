"""Steps of the plan beside cuts and rewrites, and what makes one step better than none."""

from __future__ import annotations

import dataclasses
import io

import pytest

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from tests.test_plan import counts, inspect, promised  # noqa: E402
from vai_inspect.core.inspection import Inspection  # noqa: E402
from vai_inspect.core.plan import PlanCounts  # noqa: E402
from vai_inspect.planning.planner import better  # noqa: E402
from vai_inspect.reports.console import console  # noqa: E402
from vai_inspect.reports.html import page as html  # noqa: E402
from vai_inspect.reports.text import text  # noqa: E402
from vai_inspect.reports.text.plan import steps as in_words  # noqa: E402

BASE = PlanCounts(4, 3, 6, 1000, 1_000_000, 2.0)


@pytest.mark.parametrize(
    ("after", "is_better"),
    [
        ({"dpu_subgraphs": 2, "crossings": 4, "cpu_ops": 9}, True),
        ({"crossings": 5, "dpu_ms": 9.0}, True),
        ({"dpu_subgraphs": 4, "crossings": 0, "cpu_ops": 0}, False),
        ({"dpu_subgraphs": 1, "crossings": 7}, False),
        ({"cpu_ops": 3}, True),
        ({"cpu_ops": 3, "dpu_ms": 2.1}, False),  # time for nothing
        ({"cpu_ops": 3, "dpu_ms": 2.1, "dpu_macs": 1_100_000}, True),
        ({"cpu_ops": 3, "dpu_ms": None}, True),
        ({"cpu_ops": 5}, False),
        ({}, False),
    ],
)
def test_better_saves_something_and_makes_nothing_worse(after, is_better):
    assert better(BASE, dataclasses.replace(BASE, **after)) is is_better


@pytest.mark.parametrize(
    ("after", "is_better"),
    [
        ({"dpu_subgraphs": 3, "crossings": 6, "dpu_macs": 1, "cpu_ops": 9}, True),
        ({"dpu_subgraphs": 1, "cpu_ops": 0}, False),  # no work moves
        ({"cpu_ops": 3}, False),
    ],
)
def test_the_first_work_on_the_dpu_is_an_improvement(after, is_better):
    nothing = PlanCounts(9, 0, 0, 0, 0, 0.0)
    assert better(nothing, dataclasses.replace(nothing, **after)) is is_better


class AllInFloat(nn.Module):
    """Nothing of it runs on the DPU: the quantiser leaves padding="same" in float."""

    def __init__(self, numbers=False):
        super().__init__()
        padding = 1 if numbers else "same"
        self.a = nn.Conv2d(3, 8, 3, padding=padding)
        self.b = nn.Conv2d(8, 8, 3, padding=padding)
        self.act = nn.Hardsigmoid() if numbers else nn.Sigmoid()

    def forward(self, x):
        return self.b(self.act(self.a(x))).softmax(1)


def test_a_network_without_a_dpu_subgraph_has_a_plan():
    steps = inspect(AllInFloat(), (1, 3, 16, 16)).plan()
    assert steps[0].before.dpu_subgraphs == 0
    assert [(step.kind, step.rewrite, step.ops) for step in steps] == [
        ("rewrite", "numeric-padding", ("a", "b")),
        ("rewrite", "sigmoid", ("act",)),
        ("cut", None, ("b",)),
    ]
    assert counts(inspect(AllInFloat(numbers=True), (1, 3, 16, 16))) == promised(steps[1])


class Island(nn.Module):
    """A small convolution between what no change brings to the DPU."""

    def __init__(self, on_host=False, width=2):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(width, 64, 3, padding=1)
        self.wide = nn.Conv2d(64, 64, 3, padding=1)
        # The quantiser leaves a convolution whose padding is text in float, for the CPU.
        self.small = nn.Conv2d(64, width, 1, padding="same" if on_host else 0)

    def forward(self, x):
        x = self.wide(F.relu(self.first(x))).softmax(1)
        return self.last(self.small(x).softmax(1))


def test_a_part_that_is_not_worth_its_crossings_is_left_to_the_host():
    (step,) = inspect(Island(), (1, 3, 16, 16)).plan()
    assert (step.kind, step.ops, step.effect, step.rewrite) == ("leave", ("small",), "none", None)
    assert (step.before.dpu_subgraphs, step.after.dpu_subgraphs) == (3, 2)
    assert step.before.dpu_macs - step.after.dpu_macs == 2 * 64 * 16 * 16
    assert counts(inspect(Island(on_host=True), (1, 3, 16, 16))) == promised(step)


def test_what_the_plan_does_not_reach_is_said_in_every_report():
    inspection = inspect(Island(), (1, 3, 16, 16))
    (step,) = inspection.plan()
    printed = io.StringIO()
    console.show_plan(inspection, printed)
    rest = f"{step.after.cpu_ops} CPU operators remain"
    for report in (text.render(inspection), printed.getvalue(), html.render(inspection)):
        assert rest in report
    assert "remain:" not in text.render(inspect(nn.Conv2d(3, 8, 3), (1, 3, 16, 16)))


def test_what_is_more_than_negligible_work_is_not_left_to_the_host():
    assert not inspect(Island(width=32), (1, 3, 16, 16)).plan().steps


class Coming(Island):
    """The same, beside a kernel that can be made smaller."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(64, 64, 17, padding=8)


def test_nothing_is_left_to_the_host_beside_work_that_can_come_to_the_dpu():
    assert "leave" not in {step.kind for step in inspect(Coming(), (1, 3, 16, 16)).plan()}


class TwoReaders(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)

    def forward(self, x):
        x = self.conv(x)
        return self.norm(x) + x


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)
        self.scale = nn.Parameter(torch.ones(1, 8, 1, 1))

    def forward(self, x):
        return self.last(self.conv(x) * self.scale)


class Padded(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding="same"), nn.Conv2d(8, 8, 3)

    def forward(self, x):
        return self.b(self.a(x))


class InPieces(nn.Module):
    """A tensor in pieces, which no release of the quantiser exports."""

    def __init__(self):
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3)

    def forward(self, x):
        a, b = self.conv(x).tensor_split(2, 1)
        return self.last(a + b)


class Sorted(nn.Module):
    """Both results of a call are used."""

    def __init__(self):
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)

    def forward(self, x):
        values, places = self.conv(x).sort(1)
        return self.last(values + places)


class PiecesAtTheEnd(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)

    def forward(self, x):
        return self.last(self.conv(x)).softmax(1).flatten(1).topk(2)


@pytest.mark.parametrize(
    ("model", "kind", "rewrite", "effect", "obstacle", "moved"),
    [
        (TwoReaders, "rewrite", "batch-norm-own-reader", "exact",
         "torch.normalization.shared_convolution", 0),
        (InPieces, "rewrite", "chunk-to-slices", "exact", "torch.splits.several_results", 2),
        (Sorted, "remedy", None, "open", "torch.splits.several_results", 0),
        (Scaled, "rewrite", "parameter-to-depthwise", "exact", "torch.parameters.on_map", 0),
        (Padded, "rewrite", "numeric-padding", "exact", None, 1),
    ],
)  # fmt: skip
def test_what_the_quantiser_asks_for_is_the_first_step(
    model, kind, rewrite, effect, obstacle, moved
):
    inspection = inspect(model(), (1, 3, 32, 32))
    first = inspection.plan()[0]
    assert (first.kind, first.rewrite, first.obstacle) == (kind, rewrite, obstacle)
    assert first.effect == effect
    assert set(first.ops) <= {op.name for op in inspection.ops}
    assert first.before.cpu_ops - first.after.cpu_ops == moved
    assert moved or first.before == first.after
    if obstacle is not None:
        assert inspection.quantizer.blocking[0].id == obstacle
    steps = [(step.rewrite, op) for step in inspection.plan() for op in step.ops]
    assert len(steps) == len(set(steps))
    assert Inspection.from_dict(inspection.to_dict()).plan() == inspection.plan()


def test_the_host_s_part_needs_no_remedy():
    inspection = inspect(PiecesAtTheEnd(), (1, 3, 16, 16))
    assert [one.id for one in inspection.quantizer.blocking] == ["torch.splits.several_results"]
    (step,) = inspection.plan()
    assert (step.kind, step.ops) == ("cut", ("last",))
    assert step.text.endswith("the host part contains 1 quantiser obstacle")


@pytest.mark.parametrize(
    ("count", "names"),
    [(1, "1 operator: 1"), (3, "3 operators: 1, 3, 5"), (5, "5 operators: 1, 3, 5 and 2 more")],
)
def test_a_rewrite_names_its_first_operators(count, names):
    layers = [layer for _ in range(count) for layer in (nn.Conv2d(4, 4, 3), nn.Softplus())]
    net = nn.Sequential(*layers, nn.Conv2d(4, 4, 3))
    (step,) = inspect(net, (1, 4, 32, 32)).plan()
    assert step.text == f"Softplus: use ReLU ({names})"


def test_a_remedy_says_what_it_gives():
    inspection = inspect(TwoReaders(), (1, 3, 32, 32))
    ((headline, gives, code),) = list(in_words(inspection))
    assert headline.startswith("1. rewrite (exact): a convolution has other readers")
    assert gives == "the exported file computes the same function as the model"
    assert code == []


def test_the_remedies_of_keras():
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    inputs = keras.Input((16, 16, 8))
    relu = keras.layers.ReLU()
    x = relu(keras.layers.Conv2D(8, 3, padding="same")(inputs))
    x = relu(keras.layers.Conv2D(8, 3, padding="same")(x))
    x = keras.layers.SeparableConv2D(8, 3, activation="relu", name="separable")(x)
    inspection = Inspector("DPUCZDX8G_ISA1_B4096").inspect(
        keras.Model(inputs, x), output_dir=None, verbose_level=0
    )
    assert [(step.kind, step.rewrite, step.obstacle) for step in inspection.plan()] == [
        ("rewrite", "split-separable", "keras.separable.activation"),
        ("rewrite", "clone-shared", "keras.shared.without_weights"),
    ]


class Tail(nn.Module):
    """Exact rewrites bring all of it to the DPU; what follows them is a negligible share."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.last = nn.Linear(16, 10)

    def forward(self, x):
        x = F.relu(self.first(x))
        y = self.second(x)
        y = y * F.relu6(y + 3) / 6 - x
        return self.last(y.mean((2, 3)))


def test_what_exact_rewrites_bring_to_the_dpu_is_not_cut_off():
    plan = inspect(Tail(), (1, 3, 32, 32)).plan()
    assert [step.rewrite for step in plan] == ["hardswish-module", "subtract", "mean-to-pool"]
    assert plan[-1].after.cpu_ops == 0


@pytest.mark.parametrize("release", ["2.5", "3.0", "3.5"])
def test_each_change_that_the_quantiser_asks_for_is_one_step(release):
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    given = keras.Input((32, 32, 8))
    x, y = (keras.layers.Conv2D(8, 3, name=name)(given) for name in "ab")
    z = keras.ops.concatenate([x + y, x], -1)
    z = keras.ops.multiply(z, keras.layers.Conv2D(16, 1, name="c")(keras.ops.sigmoid(z)))
    model = keras.Model(given, keras.layers.Conv2D(8, 3, name="d")(z))
    inspector = Inspector("DPUCZDX8G_ISA1_B4096", release=release)
    found = inspector.inspect(model, output_dir=None, verbose_level=0)
    ops = [op.split("_")[0] for step in found.steps for op in step.ops]
    asked = [op for one in found.quantizer.obstacles for op in one.ops]
    assert len(ops) == len(set(ops))
    assert {"add", "concatenate", "multiply"} <= set(ops) <= {one.split("_")[0] for one in asked}


def test_a_rewrite_of_what_the_quantiser_leaves_in_float_takes_the_place_of_its_remedy():
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    def found(activation):
        given = x = keras.Input((16, 16, 8))
        for name in "ab":
            x = keras.layers.Conv2D(8, 3, name=name)(x)
            x = keras.layers.Activation(activation, name=name + "_act")(x)
        x = keras.layers.Conv2D(8, 3, name="last")(x)
        model = keras.Model(given, keras.layers.Activation(activation, name="end")(x))
        inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        return inspector.inspect(model, output_dir=None, verbose_level=0)

    inspection = found("elu")
    (obstacle,) = inspection.quantizer.blocking
    assert set(obstacle.ops) == {"a_act", "b_act", "end"}
    assert [(step.kind, step.rewrite, step.obstacle, step.ops) for step in inspection.steps] == [
        ("cut", None, None, ("last",)),
        ("rewrite", "leaky", obstacle.id, ("a_act", "b_act")),
    ]
    (remedy,) = found("tanh").steps[:1]  # no rewrite is known
    assert (remedy.kind, remedy.obstacle) == ("remedy", obstacle.id)


@pytest.mark.parametrize("activation", ["gelu", "mish"])
def test_no_advice_for_keras_is_refused_by_its_quantiser(activation):
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    def found(act):
        given = keras.Input((16, 16, 8))
        x = act(keras.layers.Conv2D(8, 3)(given))
        model = keras.Model(given, keras.layers.Conv2D(8, 3)(x))
        inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        return inspector.inspect(model, output_dir=None, verbose_level=0)

    (step,) = found(keras.layers.Activation(activation)).steps
    assert "write x * relu6(x + 3) * (1 / 6), with ReLU(6) and Multiply layers" in step.text

    def written(x):
        gate = keras.layers.ReLU(6)(x + 3.0) * (1 / 6)
        return keras.layers.Multiply()([x, gate])

    after = found(written)
    assert counts(after) == promised(step)
    assert not after.quantizer.blocking


class Clipped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.gate, self.last = (nn.Conv2d(8, 8, 1) for _ in range(3))
        self.folded, self.alone = nn.ReLU6(), nn.ReLU6()

    def forward(self, x):
        x = self.folded(self.first(x))
        return self.last(self.alone(x * self.gate(x)))


def test_a_rewrite_of_an_obstacle_is_no_step_where_it_moves_its_operator_to_the_cpu():
    inspection = inspect(Clipped(), (1, 8, 16, 16))
    (obstacle,) = inspection.quantizer.blocking
    assert obstacle.ops == ("folded", "alone")
    assert [(step.kind, step.rewrite, step.ops, step.effect) for step in inspection.plan()] == [
        ("rewrite", "relu6-as-hardtanh", ("folded",), "exact"),
        ("remedy", None, ("alone",), "open"),
    ]
    assert all(step.before == step.after for step in inspection.plan())
