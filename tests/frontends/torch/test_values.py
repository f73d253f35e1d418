"""The IR computes what the module computes: axes, orders and slices, checked with numbers.

Each function is put between pools, which lie channels last, and behind none, where PyTorch's
order is kept.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import Calls  # noqa: E402
from tests.frontends.torch.running import run, to_first  # noqa: E402
from vai_inspect.core.passes import constant_ops, normalise  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402

SHAPE = (2, 4, 6, 8)


def shuffle(x):
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, -1, h, w)


def by_another_name(x):
    x = x * x
    same = x
    x += x.relu()
    x *= x
    return torch.tanh(same)


FUNCTIONS = {
    "softmax": lambda x: F.softmax(x, 1),
    "softmax -1": lambda x: x.softmax(-1),
    "cat c": lambda x: torch.cat([x, x.relu()], 1),
    "cat w": lambda x: torch.cat([x, -x], dim=-1),
    "cat n": lambda x: torch.cat((x, x)),
    "stack": lambda x: torch.stack([x, x + 1], 1)[:, 0],
    "mean hw": lambda x: x.mean([2, 3]),
    "mean hw keep": lambda x: x.mean((2, 3), keepdim=True),
    "mean c": lambda x: x.mean(1),
    "mean chained": lambda x: x.mean(3).mean(2),
    "mean w": lambda x: x.mean(-1),
    "mean h": lambda x: torch.mean(x, dim=2),
    "sum c keep": lambda x: x.sum(1, keepdim=True),
    "max c": lambda x: x.max(1)[0],
    "max indices": lambda x: x.max(1).indices,
    "amax": lambda x: x.amax((1, 2)),
    "argmax": lambda x: x.argmax(1),
    "argmax keep": lambda x: x.argmax(1, keepdim=True),
    "flatten": lambda x: x.flatten(1),
    "flatten 2": lambda x: torch.flatten(x, 2),
    "view": lambda x: x.view(x.size(0), -1),
    "view 5d": lambda x: x.view(2, 2, 2, 6, 8).sum(2),
    "shuffle": shuffle,
    "permute": lambda x: x.permute(0, 2, 3, 1),
    "permute back": lambda x: x.permute(0, 2, 3, 1).relu().permute(0, 3, 1, 2),
    "permute odd": lambda x: x.permute(3, 0, 2, 1),
    "transpose": lambda x: x.transpose(1, 2),
    "tokens": lambda x: x.flatten(2).transpose(1, 2),
    "slice": lambda x: x[:, 1:3, ::2, -4:],
    "ellipsis": lambda x: x[..., 1::2],
    "select": lambda x: x[:, 2],
    "select two": lambda x: x[:, -1, 0],
    "new axis": lambda x: x[:, None, 1:],
    "chunk": lambda x: torch.cat(x.chunk(2, 1)[::-1], 1),
    "split": lambda x: torch.split(x, [1, 3], dim=1)[1],
    "unbind": lambda x: x.unbind(1)[1],
    "narrow": lambda x: x.narrow(2, 1, 3),
    "pad": lambda x: F.pad(x, (1, 2, 3, 4)),
    "pad channels": lambda x: F.pad(x, (0, 0, 0, 0, 1, 2)),
    "crop": lambda x: F.pad(x, (-1, -2)),
    "squeeze": lambda x: x.mean((2, 3), keepdim=True).squeeze(-1).squeeze(-1),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "gate": lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(),
    "broadcast c": lambda x: x + x.mean((0, 2, 3))[:, None, None],
    "broadcast hw": lambda x: x * x[0, 0],
    "normalize": lambda x: F.normalize(x, dim=1),
    "rsub": lambda x: 1.5 - x,
    "rsub alpha": lambda x: torch.rsub(x, x.relu(), alpha=2),
    "rdiv": lambda x: 2 / (x + 10),
    "alpha": lambda x: torch.sub(x, x.relu(), alpha=3),
    "matmul": lambda x: x @ x.transpose(-1, -2),
    "pixel shuffle": lambda x: F.pixel_shuffle(x, 2),
    "pixel unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "nearest": lambda x: F.interpolate(x, scale_factor=(2, 3)),
    "global": lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1),
    "global view": lambda x: F.adaptive_avg_pool2d(x, 1).view(2, 4),
    "global permute": lambda x: F.adaptive_avg_pool2d(x, 1).permute(0, 2, 3, 1).flatten(1),
    "adaptive": lambda x: F.adaptive_avg_pool2d(x, (3, 4)),
    "ceil": lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True),
    "average": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "average, pads left out": lambda x: F.avg_pool2d(x, 3, 1, 1, count_include_pad=False),
    "swap": lambda x: torch.swapaxes(x, 2, 3),
    "movedim": lambda x: x.movedim(1, -1),
    "in place": lambda x: (x + 1).mul_(2).add_(x),
    "in place, by another name": by_another_name,
    "constant c": lambda x: x * (torch.arange(4.0).view(1, 4, 1, 1) + 1),
    "constant c, without a batch": lambda x: x - torch.arange(4.0).view(4, 1, 1).neg(),
    "constant w": lambda x: x * (torch.arange(8.0) + 1),
    "constant hw": lambda x: x + torch.arange(48.0).view(6, 8).t().reshape(6, 8),
    "constant map": lambda x: x + torch.arange(384.0).view(2, 4, 6, 8).relu(),
    "constant pooled": lambda x: x * F.max_pool2d(torch.arange(192.0).view(1, 4, 6, 8), 3, 1, 1),
}

CONSTANTS = {
    "alpha": {"sub/alpha": 3.0},
    "constant c": {"view/constant/const": torch.arange(4.0), "add/constant/const": 1.0},
    "constant c, without a batch": {"view/constant/const": torch.arange(4.0)},
    "constant hw": {"view/constant/const": torch.arange(48.0)},
    "constant map": {"view/constant/const": torch.arange(384.0)},
    "constant pooled": {"view/constant/const": torch.arange(192.0)},
    "constant w": {"add/constant/const": torch.arange(8.0), "add/constant/const_1": 1.0},
    "in place": {"add/const": 1.0, "mul/const": 2.0},
    "rdiv": {"div/const": 2.0, "add/const": 10.0},
    "rsub": {"sub/const": 1.5},
    "rsub alpha": {"rsub/alpha": 2.0},
    "stack": {"add/const": 1.0},
}
"""What a function names or makes, by the name of the constant that each becomes."""


def same(got, want):
    """Equal as it is, or with the channels last."""
    ways = [got, to_first(got)] if want.dim() > 2 else [got]
    return any(way.shape == want.shape and torch.allclose(way, want, atol=1e-5) for way in ways)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("around", ["alone", "behind a pool", "before a pool", "between pools"])
def test_the_graph_computes_what_the_module_computes(name, around):
    function = FUNCTIONS[name]

    def forward(module, x):
        if around in ("behind a pool", "between pools"):
            x = F.max_pool2d(x, 3, 1, 1)
        x = function(x)
        if around in ("before a pool", "between pools") and x.dim() == 4:
            x = F.max_pool2d(x.float(), 1, 1)
        return x

    x = torch.randn(*SHAPE, generator=torch.Generator().manual_seed(0))
    model = Calls(forward)
    captured = capture(model, x)
    given = CONSTANTS.get(name, {})
    constants = {key: torch.as_tensor(one).reshape(-1) for key, one in given.items()}
    known = constant_ops(captured.graph)
    computed = any(captured.graph[one].kind != "const" for one in known)
    # Once it is folded, nobody knows the numbers of what was computed.
    for graph in (captured.graph,) if computed else (captured.graph, normalise(captured.graph)):
        (got,) = run(graph, {"x": x}, constants)
        assert same(got.float(), model(x).float())
    assert "unknown" not in {op.kind for op in captured.graph}
