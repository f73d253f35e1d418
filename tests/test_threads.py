"""Several inspections at once, as a server or a test runner with threads makes them."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterator

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from vai_inspect.torch import Inspector  # noqa: E402


class Net(nn.Module):
    """Convolutions with something between them that tells one network from another."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(depth))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = torch.relu(layer(x) + x).softmax(1)
        return x.mean((2, 3)).flatten(1)


@pytest.fixture(autouse=True)
def _many_changes_of_thread() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_threads_say_of_pytorch_models_what_one_says() -> None:
    def inspected(depth: int) -> Dict[str, Any]:
        net = Net(depth).eval()
        shape = (1, 3, 32, 32)
        return (
            Inspector("DPUCZDX8G_ISA1_B4096")
            .inspect(net, shape, output_dir=None, verbose_level=0)
            .to_dict()
        )

    streams = sys.stdout, sys.stderr
    depths = [1, 2, 3, 4] * 4
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(inspected, depths))
    assert found == [inspected(depth) for depth in depths]
    assert (sys.stdout, sys.stderr) == streams
