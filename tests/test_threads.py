"""Several inspections at once, as a server or a test runner with threads makes them."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterator, List

import pytest

TARGET = "DPUCZDX8G_ISA1_B4096"
Inspected = Callable[[Any], Dict[str, Any]]


@pytest.fixture(autouse=True)
def _many_changes_of_thread() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def check(inspected: Inspected, models: List[Any]) -> None:
    streams = sys.stdout, sys.stderr
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(inspected, models))
    assert found == [inspected(model) for model in models]
    assert (sys.stdout, sys.stderr) == streams


def test_models_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    from vai_inspect.torch import Inspector

    class Net(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, depth: int) -> None:
            super().__init__()
            convs = (torch.nn.Conv2d(3, 3, 3, padding=1) for _ in range(depth))
            self.layers = torch.nn.ModuleList(convs)

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = torch.relu(layer(x) + x).softmax(1)
            return x.mean((2, 3)).flatten(1)

    def inspected(model: Any) -> Dict[str, Any]:
        shape = (1, 3, 32, 32)
        return Inspector(TARGET).inspect(model, shape, output_dir=None, verbose_level=0).to_dict()

    check(inspected, [Net(depth).eval() for depth in [1, 2, 3, 4] * 4])


def test_one_model_of_keras_that_is_built_for_each() -> None:
    keras = pytest.importorskip("keras")
    from vai_inspect.keras import Inspector

    class Net(keras.Model):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__(name="net")
            self.convs = [keras.layers.Conv2D(3, 3, name="c{}".format(at)) for at in range(4)]

        def call(self, x: Any) -> Any:
            for layer in self.convs:
                x = layer(x)
            return x

    def inspected(model: Any) -> Dict[str, Any]:
        shape = (1, 32, 32, 3)
        return Inspector(TARGET).inspect(model, shape, output_dir=None, verbose_level=0).to_dict()

    check(inspected, [Net()] * 12)
