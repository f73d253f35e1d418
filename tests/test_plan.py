"""The plan: what it advises, and that what it promises holds when it is carried out."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from tests.cli.conftest import vai_inspect  # noqa: E402, F401
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.core.inspection import Inspection  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"


def inspect(model, shape):
    return Inspector(B4096).inspect(model.eval(), shape, output_dir=None, verbose_level=0)


class Net(nn.Module):
    """A body on the DPU, an end given by the caller."""

    def __init__(self, tail):
        super().__init__()
        self.body, self.head = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 6, 1)
        self.tail = tail

    def forward(self, x):
        return self.tail(self.head(F.relu(self.body(x))))


TAILS = {
    "pow": lambda x: x**2,
    "clamp": lambda x: x.clamp(0, 1),
    "abs": torch.abs,
    "sqrt": lambda x: torch.sqrt(x.abs() + 1),
    "log": lambda x: torch.log(x.sigmoid()),
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "topk": lambda x: x.flatten(1).topk(5)[1],
    "sort": lambda x: x.sort(1)[0],
    "argmax": lambda x: x.argmax(1),
    "round": torch.round,
    "floor": torch.floor,
    "sin": torch.sin,
    "atan2": lambda x: torch.atan2(x[:, :1], x[:, 1:2]),
    "compare": lambda x: (x.sigmoid() > 0.5).float(),
    "where": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "gather": lambda x: x.flatten(2).gather(2, torch.zeros(1, 6, 3, dtype=torch.long)),
    "flip": lambda x: x.flip(3),
    "roll": lambda x: x.roll(1, 3),
    "cumsum": lambda x: x.cumsum(1),
    "std": lambda x: x.std(1),
    "normalize": lambda x: F.normalize(x, dim=1),
    "one_hot": lambda x: F.one_hot(x.argmax(1), 6),
    "grid_sample": lambda x: F.grid_sample(x, torch.zeros(1, 16, 16, 2), align_corners=False),
    "unfold": lambda x: F.unfold(x, 3),
    "mse": lambda x: x.pow(2).mean(),
    "yolo decode": lambda x: torch.cat(
        (x[:, :2].sigmoid() * 2 - 0.5, (x[:, 2:4].sigmoid() * 2) ** 2, x[:, 4:].sigmoid()), 1
    ),
}


def counts(inspection):
    total = inspection.summary
    return (total.cpu_ops, total.dpu_subgraphs, total.crossings, total.dpu_macs)


def promised(step):
    after = step.after
    return (after.cpu_ops, after.dpu_subgraphs, after.crossings, after.dpu_macs)


def carried_out(step, model, **names):
    scope = {"model": model, **names}
    exec(step.code, scope)
    return scope["part"]


@pytest.mark.parametrize("name", TAILS)
def test_what_follows_the_head_is_cut_off_in_one_step(name):
    model = Net(TAILS[name])
    (step,) = inspect(model, (1, 3, 32, 32)).plan()
    assert (step.kind, step.ops, step.effect) == ("cut", ("head",), "none")
    assert promised(step)[:3] == (0, 1, 0)
    torchvision_models()
    part = carried_out(step, model.eval())
    assert counts(inspect(part, (1, 3, 32, 32))) == promised(step)


class Dfl(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.box = nn.Conv2d(3, 64, 3, 2, 1), nn.Conv2d(64, 64, 1)
        self.cls, self.dfl = nn.Conv2d(64, 8, 1), nn.Conv2d(16, 1, 1, bias=False)

    def forward(self, x):
        x = F.relu(self.body(x))
        b = self.box(x).flatten(2)
        b = self.dfl(b.view(1, 4, 16, -1).transpose(2, 1).softmax(1)).view(1, 4, -1)
        return torch.cat((b, self.cls(x).flatten(2).sigmoid()), 1)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 16, 3, padding=1), nn.MaxPool2d(2)
        self.lstm, self.fc = nn.LSTM(256, 32, batch_first=True), nn.Linear(32, 6)

    def forward(self, x):
        x = self.pool(F.relu(self.conv(x))).permute(0, 3, 1, 2).flatten(2)
        return self.fc(self.lstm(x)[0][:, -1])


@pytest.mark.parametrize(
    ("model", "shape", "ends", "given_away"),
    [
        (Dfl, (1, 3, 64, 64), ("box", "cls"), 65536),
        (Recurrent, (1, 3, 32, 32), ("pool",), 192),
    ],
)
def test_a_little_work_of_the_dpu_goes_to_the_host_with_the_end(model, shape, ends, given_away):
    net = model()
    inspection = inspect(net, shape)
    (step,) = inspection.plan()
    assert (step.kind, step.ops) == ("cut", ends)
    assert step.before.dpu_macs - step.after.dpu_macs == given_away
    assert f"{given_away:,}" in step.text
    torchvision_models()
    assert counts(inspect(carried_out(step, net), shape)) == promised(step)


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.fc = nn.LSTM(32, 64, num_layers=2, batch_first=True), nn.Linear(64, 3)

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


def test_a_network_whose_work_is_all_on_the_cpu_stays_there():
    inspection = inspect(Sequence(), (1, 50, 32))
    (step,) = inspection.plan()
    assert (step.kind, step.ops) == ("leave", ("fc",))
    assert "the DPU would run 192 multiply-accumulates (1 operator: fc)" in step.text
    assert (step.after.dpu_subgraphs, step.after.crossings, step.after.dpu_macs) == (0, 0, 0)
    estimate = inspection.estimate()
    assert (estimate.fps, estimate.latency_ms) == (None, None)
    assert "1 CPU operator with 99.9% of the multiply-accumulates" in estimate.part_only


class Attention(nn.Module):
    def __init__(self, activation=F.silu):
        super().__init__()
        self.activation = activation
        channels = [3] + [16] * 7
        self.convs = nn.ModuleList([nn.Conv2d(c, 16, 3, padding=1) for c in channels])
        self.qkv, self.proj = nn.Conv2d(16, 48, 1), nn.Conv2d(16, 16, 1)

    def forward(self, x):
        for conv in self.convs:
            x = self.activation(conv(x))
        q, k, v = self.qkv(x).flatten(2).split(16, 1)
        y = (v @ (q.transpose(1, 2) @ k).softmax(-1).transpose(1, 2)).view(x.shape)
        return self.proj(x + y)


def test_the_activations_come_first_and_nothing_is_said_of_the_matmul():
    first, *rest = inspect(Attention(), (1, 3, 16, 16)).plan()
    assert (first.rewrite, first.effect, len(first.ops)) == ("swish", "approximate", 8)
    assert all(step.kind == "cut" for step in rest)
    done = inspect(Attention(F.hardswish), (1, 3, 16, 16))
    assert counts(done) == promised(first)


class Sum(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.activation = activation

    def forward(self, x):
        y = self.a(x)
        return self.b(self.activation(y + self.b(y)))


@pytest.mark.parametrize("activation", [F.gelu, F.silu, F.hardswish, F.mish])
def test_after_a_sum_only_relu_helps(activation):
    (step,) = inspect(Sum(activation), (1, 3, 16, 16)).plan()
    assert (step.kind, step.effect) == ("rewrite", "approximate")
    assert "use ReLU" in step.text
    assert counts(inspect(Sum(F.relu), (1, 3, 16, 16))) == promised(step)


class Written(nn.Module):
    """What exact rewrites bring to the DPU, in both forms."""

    def __init__(self, act, mean):
        super().__init__()
        self.a, self.b, self.fc = nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3), nn.Linear(16, 64)
        self.act, self.mean = act, mean

    def forward(self, x):
        return self.fc(self.mean(self.b(self.act(self.a(x)))))


def test_exact_rewrites_keep_their_promise():
    before = Written(lambda x: x * F.relu6(x + 3) / 6, lambda x: x.mean((2, 3)))
    after = Written(F.hardswish, lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1))
    steps = inspect(before, (1, 3, 32, 32)).plan()
    assert {step.rewrite for step in steps} == {"hardswish-module", "mean-to-pool"}
    assert {step.effect for step in steps} == {"exact"}
    assert counts(inspect(after, (1, 3, 32, 32)))[:3] == promised(steps[len(steps) - 1])[:3]


def test_a_network_on_the_dpu_has_an_empty_plan():
    assert len(inspect(Net(lambda x: x), (1, 3, 32, 32)).plan()) == 0


def test_no_step_makes_it_worse_and_each_begins_where_the_last_ended():
    for model, shape in (
        (Attention(), (1, 3, 16, 16)),
        (Net(TAILS["yolo decode"]), (1, 3, 32, 32)),
    ):
        steps = inspect(model, shape).plan()
        for one, following in zip(steps, list(steps)[1:]):
            assert one.after == following.before
        for step in steps:
            assert step.after.dpu_subgraphs <= step.before.dpu_subgraphs
            assert step.after.crossings <= step.before.crossings


def test_the_plan_stands_in_the_reports_and_is_read_back():
    inspection = inspect(Dfl(), (1, 3, 64, 64))
    again = Inspection.from_dict(inspection.to_dict())
    assert again.plan() == inspection.plan()
    assert again.to_dict()["plan"][0]["ops"] == ["box", "cls"]
    assert "end the DPU part at box, cls; run " in repr(inspection.plan())


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_command(vai_inspect, tmp_path):  # noqa: F811
    keras = pytest.importorskip("keras")
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3, name="conv")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax(name="soft")(x))
    model.save(tmp_path / "m.keras")
    code, out, _ = vai_inspect("plan", str(tmp_path / "m.keras"), "-t", B4096)
    assert code == 0
    assert "1. cut (same function): end the DPU part at conv; run the operator after it" in out
    assert "part = keras.Model(model.inputs[0], model.get_layer('conv').output)" in out
    code, out, _ = vai_inspect("plan", str(tmp_path / "m.keras"), "-t", B4096, "--json")
    (step,) = json.loads(out)
    assert step["after"]["crossings"] == 0


def test_the_code_for_keras_gives_the_part():
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector as KerasInspector

    model = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3))
    inspector = KerasInspector(B4096)
    inspection = inspector.inspect(model, output_dir=None, verbose_level=0)
    (step,) = inspection.plan()
    part = carried_out(step, model, keras=keras)  # the softmax is the last Dense layer's own
    assert counts(inspector.inspect(part, output_dir=None, verbose_level=0)) == promised(step)
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3, name="conv")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax(name="soft")(x))
    (step,) = inspector.inspect(model, output_dir=None, verbose_level=0).plan()
    part = carried_out(step, model, keras=keras)
    assert counts(inspector.inspect(part, output_dir=None, verbose_level=0)) == promised(step)


class Wide(nn.Module):
    """Nearly all of the work is in a convolution that a change brings to the DPU."""

    def __init__(self):
        super().__init__()
        self.first, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(32, 10)
        self.wide = nn.Conv2d(8, 32, 17)

    def forward(self, x):
        x = F.relu(self.wide(F.relu(self.first(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1)).softmax(1)


def test_work_that_can_come_to_the_dpu_is_not_given_to_the_host():
    (step,) = inspect(Wide(), (1, 3, 64, 64)).plan()
    assert (step.kind, step.ops) == ("cut", ("fc",))
