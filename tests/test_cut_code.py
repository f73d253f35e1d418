"""The code of a cut runs, and gives the part that the plan promises."""

from __future__ import annotations

import io
import textwrap

import pytest

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from tests.test_plan import B4096, counts, inspect, promised  # noqa: E402
from vai_inspect.reports.console import console  # noqa: E402
from vai_inspect.reports.text import text  # noqa: E402


def cut_of(steps):
    (step,) = [step for step in steps if step.kind == "cut"]
    return step


def part(code, model, **names):
    scope = {"model": model, **names}
    exec(code, scope)
    return scope["part"]


class Conv(nn.Module):
    def __init__(self, c1, c2, k=1, s=1):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c1, c2, k, s, k // 2, bias=False), nn.BatchNorm2d(c2)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Detect(nn.Module):
    """A head as YOLO's: levels, a distribution's mean, anchors that the forward makes."""

    dynamic, shape = False, None

    def __init__(self, channels, classes=4, reg=16):
        super().__init__()
        self.no, self.reg = classes + 4 * reg, reg
        self.cv2 = nn.ModuleList(nn.Sequential(Conv(c, c, 3), nn.Conv2d(c, 4 * reg, 1))
                                 for c in channels)  # fmt: skip
        self.cv3 = nn.ModuleList(nn.Sequential(Conv(c, c, 3), nn.Conv2d(c, classes, 1))
                                 for c in channels)  # fmt: skip
        self.dfl = nn.Conv2d(reg, 1, 1, bias=False)

    def forward(self, levels):
        y = [torch.cat((self.cv2[i](x), self.cv3[i](x)), 1) for i, x in enumerate(levels)]
        if self.training:
            return y
        shape = levels[0].shape
        if self.dynamic or self.shape != shape:
            anchors = []
            for one in y:
                h, w = one.shape[2:]
                sy, sx = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
                anchors.append(torch.stack((sx, sy), -1).view(-1, 2))
            self.anchors, self.shape = torch.cat(anchors).transpose(0, 1), shape
        box, cls = torch.cat([one.flatten(2) for one in y], 2).split((4 * self.reg, 4), 1)
        box = self.dfl(box.view(1, 4, self.reg, -1).transpose(2, 1).softmax(1)).view(1, 4, -1)
        low, high = box.chunk(2, 1)
        box = torch.cat((self.anchors - low, self.anchors + high), 1)
        return torch.cat((box, cls.sigmoid()), 1), y


class Yolo(nn.Module):
    """Modules in a list, each told where it reads, as ultralytics builds its networks."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(Conv(3, 16, 3, 2), Conv(16, 32, 3, 2), Conv(32, 32, 3, 2),
                                   Detect((16, 32, 32)))  # fmt: skip
        for number, layer in enumerate(self.model):
            layer.f = [0, 1, 2] if number == 3 else -1

    def forward(self, x):
        y = []
        for layer in self.model:
            if layer.f != -1:
                x = [y[number] for number in layer.f]
            x = layer(x)
            y.append(x)
        return x


class SharedHead(nn.Module):
    """One head for all levels."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.head = Conv(3, 16, 3, 2), Conv(16, 16, 3, 2), nn.Conv2d(16, 8, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        return torch.cat([self.head(one).flatten(2) for one in (a, b)], 2).softmax(1)


class OnValues(nn.Module):
    """No tracer follows it without values."""

    def __init__(self):
        super().__init__()
        self.a, self.head = Conv(3, 16, 3, 2), nn.Conv2d(16, 8, 1)

    def forward(self, x):
        x = self.head(self.a(x)).softmax(1)
        if float(x.sum()) > 0:
            x = x.flatten(1).sort(1)[0]
        return x


class Residual(nn.Module):
    """Blocks that end with a sum, an identity after the last one, and a norm that is cut off."""

    def __init__(self):
        super().__init__()
        self.stem, self.blocks = Conv(3, 16, 3, 2), nn.Sequential(Block(), Block())
        self.drop, self.norm = nn.Dropout(), nn.LayerNorm(16)

    def forward(self, x):
        return self.norm(self.drop(self.blocks(self.stem(x))).permute(0, 2, 3, 1))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Conv(16, 16, 3)

    def forward(self, x):
        return x + self.body(x)


class Unread(SharedHead):
    """The head is called once more, for nothing."""

    def forward(self, x):
        a = self.a(x)
        self.head(a)
        return torch.cat([self.head(one).flatten(2) for one in (a, self.b(a))], 2).softmax(1)


class Aside(nn.Module):
    """One output stays as it is, one is decoded."""

    def __init__(self):
        super().__init__()
        self.body, self.mask, self.box = Conv(3, 16, 3, 2), nn.Conv2d(16, 8, 1), nn.Conv2d(16, 4, 1)

    def forward(self, x):
        x = self.body(x)
        return self.mask(x), self.box(x).softmax(1)


class Prepared(nn.Module):
    """The host's work stands at both ends."""

    def __init__(self, channels_last=False):
        super().__init__()
        self.body, self.head = Conv(3, 16, 3, 2), nn.Conv2d(16, 8, 1)
        self.channels_last = channels_last

    def forward(self, x):
        if self.channels_last:
            x = x.permute(0, 3, 1, 2)
        return self.head(self.body((x - 0.5).div(0.25))).softmax(1)


class Padded(nn.Module):
    """The padding before the last convolution is folded into it."""

    def __init__(self):
        super().__init__()
        self.body, self.pad, self.head = Conv(3, 16, 3, 2), nn.ZeroPad2d(1), nn.Conv2d(16, 8, 3)

    def forward(self, x):
        return self.head(self.pad(self.body(x))).softmax(1)


IMAGE = (1, 3, 64, 64)
TORCH = [
    (Yolo, IMAGE, ["model.3.cv2.0.1", "model.3.cv2.1.1", "model.3.cv2.2.1", "model.3.cv3.0.1",
                   "model.3.cv3.1.1", "model.3.cv3.2.1"]),
    (SharedHead, IMAGE, ["head"]),
    (OnValues, IMAGE, ["head"]),
    (Residual, IMAGE, ["blocks.1"]),
    (Aside, IMAGE, ["mask", "box"]),
    (Padded, IMAGE, ["head"]),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")
@pytest.mark.parametrize(("net", "shape", "ends"), TORCH)
def test_the_part_of_a_module(net, shape, ends):
    model = net().eval()
    step = cut_of(inspect(model, shape).plan())
    assert all(repr(name) in step.code for name in ends)
    made = part(step.code, model)
    assert counts(inspect(made, shape)) == promised(step)
    image = torch.rand(shape)
    outputs = made(image)
    assert made(image)[0].equal(outputs[0])  # a second run begins anew
    assert all(one.ndim == 4 for one in outputs)
    traced = torch.jit.trace(made, image)  # as the vendor's quantiser reads it
    assert all(a.allclose(b, atol=1e-6) for a, b in zip(traced(image), outputs))
    with torch.no_grad():
        model(image)  # the model runs whole as before
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_part_of_a_module_begins_after_what_the_host_prepares(channels_last):
    model = Prepared(channels_last).eval()
    shape = (1, 64, 64, 3) if channels_last else IMAGE
    step = cut_of(inspect(model, shape).plan())
    inputs = (torch.rand(shape),)
    made = part(step.code, model, inputs=inputs)
    assert counts(inspect(made, IMAGE)) == promised(step)
    image = inputs[0].permute(0, 3, 1, 2) if channels_last else inputs[0]
    (output,) = made((image - 0.5) / 0.25)
    assert output.softmax(1).allclose(model(*inputs), atol=1e-6)


def test_the_code_stands_in_the_reports_as_it_runs():
    inspection = inspect(SharedHead().eval(), IMAGE)
    code = cut_of(inspection.plan()).code
    for report in (text.render(inspection), printed(inspection)):
        lines = [line.rstrip() for line in report.splitlines()]
        (start,) = [at for at, line in enumerate(lines) if line.strip() == "import torch"]
        shown = textwrap.dedent("\n".join(lines[start : start + len(code.splitlines())]))
        assert shown == code


def printed(inspection):
    stream = io.StringIO()
    console.show_plan(inspection, stream)
    return stream.getvalue()


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Conv(3, 16, 3, 2)

    def forward(self, x):
        x = self.body(x)
        return torch.softmax(x + x, 1)


def test_where_no_module_ends_the_part_the_code_names_the_line():
    step = cut_of(inspect(Functional().eval(), IMAGE).plan())
    lines = step.code.splitlines()
    assert all(line.startswith("# ") for line in lines)
    assert lines[-1].startswith("# return add, line ")
    assert "test_cut_code.py (forward)" in lines[-1]


class Unnamed(SharedHead):
    """No path leads to the head."""

    def __init__(self):
        super().__init__()
        self.heads = [self.head]
        del self.head

    def forward(self, x):
        return self.heads[0](self.b(self.a(x))).softmax(1)


@pytest.mark.parametrize("net", [Unread, Unnamed])
def test_a_module_that_cannot_end_the_part_alone_is_a_line_to_change(net):
    code = cut_of(inspect(net().eval(), IMAGE).plan()).code
    assert all(line.startswith("# ") for line in code.splitlines())


keras = pytest.importorskip("keras")
layers = keras.layers


def one_head():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    return keras.Model(inputs, layers.Softmax()(layers.Conv2D(4, 1, name="head")(x)))


def several_heads():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    a, b = (layers.Conv2D(4, 1, name=name)(x) for name in ("a", "b"))
    return keras.Model(inputs, [layers.Softmax()(a), layers.Softmax()(b)])


def sequential():
    return keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Conv2D(8, 3), layers.Conv2D(4, 1), layers.Softmax()]
    )


def fused_activation():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    x = layers.Flatten()(layers.MaxPooling2D(30)(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax", name="classes")(x))


def prepared():
    inputs = keras.Input((32, 32, 3))
    x = layers.Normalization(mean=0.5, variance=0.1)(inputs)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    return keras.Model(inputs, layers.Softmax()(layers.Conv2D(4, 1)(x)))


def padded():
    inputs = keras.Input((32, 32, 3))
    x = layers.ZeroPadding2D()(layers.Conv2D(8, 3, activation="relu")(inputs))
    x = layers.Conv2D(4, 3, use_bias=False, name="head")(x)
    return keras.Model(inputs, layers.Softmax()(layers.BatchNormalization(name="norm")(x)))


def prepared_by_a_lambda():
    inputs = keras.Input((32, 32, 3))
    x = layers.Lambda(lambda x: x / 127.5 - 1.0, name="prepare")(inputs)
    return keras.Model(inputs, layers.Conv2D(4, 1)(layers.Conv2D(8, 3, activation="relu")(x)))


def prepared_by_a_lambda_twice():
    inputs, other = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    prepare = layers.Lambda(lambda x: x / 127.5 - 1.0)
    rows = [layers.Conv2D(8, 3, padding="same")(prepare(one)) for one in (inputs, other)]
    return keras.Model([inputs, other], layers.Conv2D(4, 1)(layers.Add()(rows)))


def own_head():
    class Head(layers.Layer):
        def __init__(self):
            super().__init__()
            self.convolution = layers.Conv2D(4, 1)

        def build(self, shape):
            self.convolution.build(shape)
            self.built = True

        def call(self, x):
            return keras.ops.softmax(self.convolution(x))

    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, Head()(layers.Conv2D(8, 3, activation="relu")(inputs)))


def preparation():
    return keras.Sequential(
        [keras.Input((64, 64, 8)), layers.Resizing(32, 32), layers.Rescaling(1 / 127.5, -1.0)]
    )


def prepared_by_a_model():
    inputs = keras.Input((64, 64, 8))
    x = layers.Conv2D(8, 3, activation="relu")(preparation()(inputs))
    return keras.Model(inputs, layers.Conv2D(4, 1)(x))


def prepared_by_a_model_before_a_model():
    x = inputs = keras.Input((64, 64, 8))
    x = layers.ZeroPadding2D(name="pad")(inner(head=False)(preparation()(x)))
    x = layers.Conv2D(8, 3, use_bias=False, name="after")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    x = layers.Flatten()(layers.MaxPooling2D(30)(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax", name="classes")(x))


def inner(head=True):
    inputs = keras.Input((32, 32, 8))
    x = layers.Conv2D(8, 3, name="stem")(inputs)
    x = layers.Conv2D(4, 1, name="last")(x)
    return keras.Model(inputs, layers.Softmax(name="soft")(x) if head else x, name="inner")


def nested():
    inputs = keras.Input((32, 32, 8))
    return keras.Model(inputs, inner()(inputs))


def nested_after_layers():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, padding="same", name="outer")(inputs)
    return keras.Model(inputs, layers.Flatten()(inner()(x)))


def after_a_nested_model():
    inputs = keras.Input((32, 32, 8))
    x = layers.Conv2D(4, 1, name="head")(inner(head=False)(inputs))
    return keras.Model(inputs, layers.Softmax()(x))


def operation():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, padding="same")(inputs)
    return keras.Model(inputs, layers.Softmax()(layers.Conv2D(8, 1)(x) + x))


KERAS = [one_head, several_heads, sequential, fused_activation, prepared, nested,
         nested_after_layers, after_a_nested_model, padded, prepared_by_a_lambda,
         prepared_by_a_lambda_twice, own_head, prepared_by_a_model,
         prepared_by_a_model_before_a_model]  # fmt: skip


@pytest.mark.parametrize("build", KERAS)
def test_the_part_of_a_keras_model(build):
    from vai_inspect.keras import Inspector

    model = build()
    inspector = Inspector(B4096)
    step = cut_of(inspector.inspect(model, output_dir=None, verbose_level=0).plan())
    made = part(step.code, model, keras=keras)
    again = inspector.inspect(made, output_dir=None, verbose_level=0)
    assert counts(again) == promised(step)
    shape = [2, *made.inputs[0].shape[1:]]
    ones = [keras.ops.ones(shape) for _ in made.inputs]
    made(ones if len(ones) > 1 else ones[0])
    if build is fused_activation:  # the user's model keeps its activation
        assert model.get_layer("classes").activation is keras.activations.softmax
        image = keras.random.uniform(shape)
        assert abs(keras.ops.softmax(made(image)) - model(image)).numpy().max() < 1e-5
