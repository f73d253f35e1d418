"""The user's model and the state of the framework, after inspections that fail half-way."""

from __future__ import annotations

import ctypes
import functools
import random
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest
from hypothesis import given

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.utils.dlpack import from_dlpack, to_dlpack  # noqa: E402

from tests.hostile import states  # noqa: E402
from tests.hostile.amount import cases, ran  # noqa: E402
from vai_inspect.core.errors import VaiInspectError  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402


class Counting(nn.Module):
    """Changes buffers, attributes and its own layers as it runs, then fails."""

    def __init__(self, fails: Callable[[Any], Any]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.frozen = nn.Linear(4, 4)
        self.frozen.requires_grad_(False)
        self.seen = 0
        self.fails = fails
        self.conv.register_forward_pre_hook(lambda *_: None)

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.seen += 1
        if x.sum() > 1e9:  # no rung before running it gets past this
            return x
        x = self.drop(self.bn(self.conv(x)))
        self.frozen.weight.add_(1.0)
        return self.fails(x)


def _raise(error: BaseException) -> Callable[[Any], Any]:
    def fails(x: Any) -> Any:
        raise error

    return fails


def _deep(x: Any) -> Any:
    return _deep(x)


FAILS: Dict[str, Tuple[Callable[[Any], Any], type]] = {
    "raises": (_raise(ValueError("no")), VaiInspectError),
    "runs out of memory": (_raise(MemoryError()), VaiInspectError),
    "does not fit": (lambda x: x @ torch.zeros(7, 7), VaiInspectError),
    "recurses": (_deep, VaiInspectError),
    "exits": (_raise(SystemExit(3)), VaiInspectError),
    "gives no tensor": (lambda x: "text", VaiInspectError),
    "is interrupted": (_raise(KeyboardInterrupt()), KeyboardInterrupt),
}


def state(model: Any) -> List[Any]:
    """All of a model and of its surroundings that an inspection could disturb."""
    values = [(n, id(t), t.requires_grad, t.grad, t.tolist()) for n, t in model.named_parameters()]
    values += [(n, id(t), t.requires_grad, None, t.tolist()) for n, t in model.named_buffers()]
    modules = [
        (name, id(m), type(m), m.training, sorted(vars(m)), len(m._forward_hooks))
        for name, m in model.named_modules()
    ]
    hooks = [len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules()]
    around = [
        torch.get_rng_state().tolist(),
        random.getstate(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        len(nn.modules.module._global_forward_hooks),
        len(nn.modules.module._global_forward_pre_hooks),
        nn.Module.__call__,
        torch.add,
        torch.Tensor.__add__,
    ]
    return [values, modules, hooks, around, model.seen]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", FAILS)
def test_a_forward_that_fails_half_way(name: str, training: bool) -> None:
    fails, error = FAILS[name]
    model = Counting(fails).train(training)
    model.bn.eval()
    before = state(model)
    with pytest.raises(error):
        capture(model, torch.ones(1, 3, 8, 8))
    assert state(model) == before


def test_a_forward_that_changes_its_model_and_works() -> None:
    model = Counting(lambda x: x * 2)
    before = state(model)
    captured = capture(model, torch.ones(1, 3, 8, 8))
    assert "conv2d" in [op.kind for op in captured.graph]
    assert state(model) == before


PAST_TORCH: Dict[str, Callable[[Any], Any]] = {
    "numpy": lambda w: w.numpy().fill(7),
    "numpy of a view": lambda w: w[0].numpy().fill(7),
    "numpy asks": lambda w: np.asarray(w).fill(7),
    "numpy as out": lambda w: np.add(w, 1, out=w.numpy()),
    "dlpack": lambda w: torch.from_dlpack(w).fill_(7),
    "a capsule of dlpack": lambda w: from_dlpack(to_dlpack(w)).fill_(7),
    "its address": lambda w: ctypes.memset(w.data_ptr(), 7, 16),
    "its storage": lambda w: w.storage().__setitem__(0, 7),
    "another tensor of its storage": lambda w: torch.empty(0).set_(w.storage()).fill_(7),
    "shared memory": lambda w: w.share_memory_(),
    "other types": lambda w: w.view(torch.int32).fill_(7),
    "a list of tensors": lambda w: torch._foreach_add_([w], 1),
}


class Past(nn.Module):
    """Writes into the memory of its weights, where torch does not see it."""

    def __init__(self, write: Callable[[Any], Any]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("kept", torch.ones(4, 3))
        self.plain = torch.ones(4, 3)
        self.write = write

    def forward(self, x: Any) -> Any:
        for tensor in (self.conv.weight, self.kept, self.plain):
            self.write(tensor.detach())
        return self.conv(x)


@pytest.mark.skipif(not hasattr(torch, "from_dlpack"), reason="this torch has no from_dlpack")
@pytest.mark.parametrize("way", PAST_TORCH)
def test_what_is_written_past_torch(way: str) -> None:
    model = Past(PAST_TORCH[way]).eval()
    tensors = [model.conv.weight, model.kept, model.plain]
    before = [(one.tolist(), one.data_ptr()) for one in tensors]
    assert "conv2d" in [op.kind for op in capture(model, torch.ones(1, 3, 8, 8)).graph]
    assert [(one.tolist(), one.data_ptr()) for one in tensors] == before
    assert "data_ptr" not in vars(torch.Tensor)


class Stirring(nn.Module):
    """Changes whatever it keeps, as it runs, and computes with it."""

    def __init__(self, kept: Any, looks: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.own = states.Plain(kept)
        self.kept = kept
        self.total = torch.zeros(1)
        self.calls = 0
        self.looks = looks

    def forward(self, x: Any) -> Any:
        y = self.conv(x)
        if self.looks and x.sum() > 1e9:  # no rung before running it gets past this
            return y
        size = states.stir(self.own, y) + len(states.Shared.cache)
        self.total += 1
        self.calls += 1
        self.latest = y
        random.random()
        np.random.rand()
        return y * size + self.total + torch.rand(1)


class Own(nn.Module):
    """A module that is kept in an object."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))


TORCHS: Dict[str, Callable[[], Any]] = {
    "a tensor": lambda: torch.arange(3.0),
    "a module": Own,
    "torch's generator": lambda: torch.Generator().manual_seed(3),
}


def whole(model: Any) -> Any:
    """All of a model, and what is around it."""
    values = {name: value.tolist() for name, value in model.state_dict().items()}
    more = [model.kept, model.total, model.calls, getattr(model, "latest", None)]
    around = states.around(), torch.get_rng_state().tolist()
    held = list(states.picture([model.own, *more])[1].values())[1:]
    return held, values, sorted(vars(model)), around


def renamed(found: Any) -> str:
    """A picture with the identities in it replaced by numbers, to compare it with another's."""
    numbers: Dict[Any, int] = {}
    return repr(
        [
            (
                kind,
                [
                    numbers.setdefault(one, len(numbers)) if type(one) is tuple else one
                    for one in held
                ],
            )
            for kind, held in found
        ]
    )


@pytest.mark.parametrize("looks", [False, True])
@cases(80)
@given(recipe=states.recipes(TORCHS))
def test_whatever_a_model_keeps(looks: bool, recipe: Any) -> None:
    states.Shared.cache, states.Shared.latest = [], None
    make = functools.partial(states.built, recipe, TORCHS)
    torch.manual_seed(1)
    first = next(states.Closing.made)
    model = Stirring(make(), looks).eval()
    before = whole(model)
    graph = capture(model, torch.ones(1, 3, 8, 8)).graph
    assert "conv2d" in [op.kind for op in graph]
    assert whole(model) == before
    assert max(states.Closing.closed, default=first) <= first
    # And what it computes next is what it would have computed without an inspection.
    torch.manual_seed(1)
    other = Stirring(make(), looks).eval()
    found = []
    for one in (model, other):
        torch.manual_seed(2)
        states.Shared.cache, states.Shared.latest = [], None
        result = one(torch.ones(1, 3, 8, 8))
        found.append((result.tolist(), renamed(whole(one)[0])))
    assert found[0] == found[1]
    ran("PyTorch models that keep states")
