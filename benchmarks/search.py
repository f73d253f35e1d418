"""What a step of a search loop takes: `judge`, against reading the model and inspecting it."""

from __future__ import annotations

import tempfile
from typing import Any, Callable, Iterator, Sequence, Tuple

from benchmarks.clock import Watch, least
from benchmarks.networks import keras_model, torch_model
from benchmarks.pipeline import TARGET
from benchmarks.table import Table
from vai_inspect import judge

KERAS = ("a chain", "MobileNetV2", "ResNet50")
TORCH = ("resnet18", "resnet50", "mobilenet_v2")
HEAD = ("network", "operators", "read", "judge", "inspect", "judge by read", "judge by inspect")
NOTE = (
    "Milliseconds of processor time after imports, the least of {} runs, on {}. `read` is the "
    "capture alone, `inspect` the whole inspection with its txt and gv files. A Keras config is "
    "judged as a dict, in a process that has Keras loaded; `a chain` is 100 operators, "
    "convolutions and ReLUs in turn."
)


def tables(
    keras: Sequence[str] = KERAS, torch: Sequence[str] = TORCH, runs: int = 5
) -> Iterator[Table]:
    """Yields one table.

    Args:
        keras: networks of Keras.
        torch: networks of torchvision.
        runs: how many.
    """
    from vai_inspect.keras import Inspector as KerasInspector
    from vai_inspect.torch import Inspector as TorchInspector

    table = Table("Search loops", HEAD, NOTE.format(runs, TARGET))
    for name in keras:
        model = chain() if name == "a chain" else keras_model(name)
        inspector = KerasInspector(TARGET)
        for given, how in ((model, "live"), (model.get_config(), "config")):
            _add(table, f"{name} (Keras, {how})", inspector, given, None, runs)
    for name in torch:
        net, shape = torch_model(name)
        _add(table, f"{name} (PyTorch)", TorchInspector(TARGET), net, shape, runs)
    yield table


def chain(length: int = 49) -> Any:
    """Returns a Keras model of 100 operators: an input, convolutions and ReLUs, an output."""
    import keras

    x = given = keras.Input((224, 224, 3))
    for place in range(length):
        stride = 2 if place in (0, 8, 16, 24) else 1
        filters = 32 + 16 * (place // 8)
        x = keras.layers.Conv2D(filters, 3, stride, padding="same")(x)
        x = keras.layers.ReLU()(x)
    return keras.Model(given, x)


def _add(table: Table, name: str, inspector: Any, model: Any, shape: Any, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        steps: Tuple[Tuple[str, Callable[[], Any]], ...] = (
            ("read", lambda: inspector.capture(model, shape)),
            ("judge", lambda: judge(model, TARGET, shape)),
            (
                "inspect",
                lambda: inspector.inspect(model, shape, output_dir=folder, verbose_level=0),
            ),
        )

        def run(watch: Watch) -> None:
            for stage, step in steps:
                watch(stage, step)

        operators = len(steps[2][1]().ops)
        best = least(run, runs)
    read, judged, inspected = (best[stage] for stage, _ in steps)
    table.add(name, operators, read, judged, inspected, judged / read, judged / inspected)
