"""Forward hooks of the user's run on the copy, and reach the copy alone."""

from __future__ import annotations

import functools

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontends.torch.reading import normal_graph  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402

IMAGE = (1, 3, 16, 16)
KEPT = {}
LAST = None


class Pair(nn.Module):
    """Two convolutions; a hook at the first one is what the forward relies on."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.kept = {}

    def forward(self, x):
        y = self.b(self.a(x))
        return y + self.kept["a"]

    def keep(self, module, inputs, output):
        self.kept["a"] = output


class Holder:
    """A callable that keeps what it sees in an object of its own, as timm's do."""

    def __init__(self, model):
        self.model = model

    def __call__(self, module, inputs, output):
        self.model.kept["a"] = output

    def keep(self, key, module, inputs, output):
        self.model.kept[key] = output


def by_closure(model):
    kept = model.kept
    model.a.register_forward_hook(lambda module, inputs, output: kept.update(a=output))


def by_default(model):
    def hook(module, inputs, output, owner=model):
        owner.kept["a"] = output

    model.a.register_forward_hook(hook)


def by_global(model):
    def hook(module, inputs, output):
        KEPT["a"] = output
        globals()["LAST"] = output

    model.kept = KEPT
    model.a.register_forward_hook(hook)


HOOKS = {
    "a closure": by_closure,
    "a default": by_default,
    "a method": lambda model: model.a.register_forward_hook(model.keep),
    "a callable object": lambda model: model.a.register_forward_hook(Holder(model)),
    "a partial of a method": lambda model: model.a.register_forward_hook(
        functools.partial(Holder(model).keep, "a")
    ),
    "with keywords": lambda model: model.a.register_forward_hook(
        lambda module, args, kwargs, output: model.keep(module, args, output), with_kwargs=True
    ),
    "before the next": lambda model: model.b.register_forward_pre_hook(
        lambda module, args: model.keep(module, args, args[0])
    ),
}


def state_of(model):
    hooks = [list(one._forward_hooks.values()) for one in model.modules()]
    return list(map(id, model.kept.values())), hooks, sorted(vars(model)), dict(KEPT), LAST


@pytest.mark.parametrize("ran", [False, True], ids=["fresh", "after a forward"])
@pytest.mark.parametrize("name", HOOKS)
def test_what_a_hook_keeps_is_of_this_forward(name, ran):
    model = Pair()
    HOOKS[name](model)
    if ran:
        model(torch.zeros(IMAGE))
    before = state_of(model)
    captured = capture(model, IMAGE)
    assert state_of(model) == before
    KEPT.clear()
    graph = captured.graph
    assert (captured.model.capture, captured.warnings) == ("fx", ())
    assert [(op.name, [one.op for one in op.inputs]) for op in graph] == [
        ("x", []),
        ("a", ["x"]),
        ("b", ["a"]),
        ("add", ["b", "a"]),
        ("return", ["add"]),
    ]


def test_a_global_that_a_hook_changes_is_as_before():
    seen = []
    model = nn.Sequential(nn.Conv2d(3, 8, 3))
    model[0].register_forward_hook(lambda *_: KEPT.update(number=3) or seen.append(1))
    capture(model, IMAGE)
    assert (KEPT, seen) == ({}, [])


CHANGES = {
    "the output of a layer": (
        lambda model: model[0].register_forward_hook(lambda m, i, o: o.relu()),
        ["conv2d", "relu", "conv2d"],
    ),
    "the output of a module": (
        lambda model: model.register_forward_hook(lambda m, i, o: o.relu()),
        ["conv2d", "conv2d", "relu"],
    ),
    "the input of a layer": (
        lambda model: model[1].register_forward_pre_hook(lambda m, i: (i[0].relu(),)),
        ["conv2d", "relu", "conv2d"],
    ),
    "the input of the model": (
        lambda model: model.register_forward_pre_hook(lambda m, i: (i[0].relu(),)),
        ["relu", "conv2d", "conv2d"],
    ),
    "with another layer": (
        lambda model: model[0].register_forward_hook(lambda m, i, o: model[1](o)),
        ["conv2d", "conv2d", "conv2d"],
    ),
    "with itself": (
        lambda model: model[1].register_forward_hook(lambda m, i, o: m.forward(o)),
        ["conv2d", "conv2d", "conv2d"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("values", [False, True], ids=["fx", "eager"])
def test_what_hooks_change_is_seen(name, values):
    model = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1))
    if values:  # the forward asks for a value
        model.append(nn.Identity())
        model[2].register_forward_hook(lambda m, i, o: o if o.sum() > -9e9 else None)
    change, want = CHANGES[name]
    change(model)
    captured = capture(model, IMAGE)
    assert captured.model.capture == ("eager" if values else "fx")
    inner = [op.kind for op in captured.graph if op.kind in ("conv2d", "relu")]
    assert inner == want


class Outside:
    """Stands for something outside: it has an end of its own."""

    def __init__(self):
        self.seen = []

    def __call__(self, *_):
        self.seen.append(1)

    def __del__(self):
        self.seen.clear()


def test_a_hook_that_cannot_be_rebuilt_is_not_run_and_the_message_says_so():
    model, outside = nn.Sequential(nn.Conv2d(3, 8, 3)), Outside()
    model[0].register_forward_hook(outside)
    (said,) = capture(model, IMAGE).warnings
    assert said == (
        "forward hooks are not run, as they hold what cannot be copied; what they change is not "
        "seen: 0"
    )
    assert outside.seen == []


def test_hooks_that_fail_are_left_out_and_the_inputs_are_not_blamed():
    def hook(module, inputs, output):
        raise RuntimeError("not here")

    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    model[1].register_forward_hook(hook)
    captured = capture(model, IMAGE)
    assert [op.kind for op in captured.graph] == ["data", "conv2d", "relu", "return"]
    (said,) = captured.warnings
    assert said == (
        "forward hooks are not run, as the forward fails with them (RuntimeError: not here "
        "(test_hooks.py:{} in hook)); what they change is not seen: 1".format(
            hook.__code__.co_firstlineno + 1
        )
    )


def test_features_by_hooks_are_those_without():
    torchvision_models()
    timm = pytest.importorskip("timm", exc_type=ImportError)

    def graph(name):
        model = timm.create_model(
            "resnet18", features_only=True, feature_cls=name, out_indices=(1, 2, 3)
        )
        found = normal_graph(model.eval(), (1, 3, 64, 64))
        return [(op.kind, op.output.shape) for op in found if op.kind != "identity"]

    plain = graph("hook")
    assert [kind for kind, _ in plain].count("return") == 3
    assert sorted(set(graph("getter"))) == sorted(set(plain))
