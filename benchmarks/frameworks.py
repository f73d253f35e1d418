"""What each stage takes for networks of both frameworks."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Sequence

from benchmarks import networks
from benchmarks.pipeline import STAGES, TARGET, least_stages
from benchmarks.table import Table
from vai_inspect.core.capture import Captured
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.targets.lookup import lookup

NOTE = (
    "Milliseconds of processor time in a process that has imported the framework, the least of {} "
    "runs, on {}."
)


def torch_tables(names: Sequence[str] = networks.TORCH, runs: int = 5) -> Iterator[Table]:
    """Yields the table of PyTorch."""
    from vai_inspect.torch import Inspector

    table = _table("PyTorch, stage by stage", runs)
    inspector = Inspector(TARGET)
    for name in names:
        model, shape = networks.torch_model(name)
        _add(table, name, lambda: inspector.capture(model, shape, "cpu"), runs)  # noqa: B023
    yield table


def keras_tables(names: Sequence[str] = networks.KERAS, runs: int = 5) -> Iterator[Table]:
    """Yields the table of Keras."""
    import keras

    from vai_inspect.keras import Inspector

    table = _table("Keras, stage by stage", runs)
    inspector = Inspector(TARGET)
    for name in names:
        model: Any = networks.keras_model(name)
        _add(table, name, lambda: inspector.capture(model, None, "cpu"), runs)  # noqa: B023
        keras.backend.clear_session()
    yield table


def _table(title: str, runs: int) -> Table:
    return Table(title, ("network", "operators", *STAGES, "sum"), NOTE.format(runs, TARGET))


def _add(table: Table, name: str, capture: Callable[[], Captured], runs: int) -> None:
    target = lookup(TARGET)
    operators = len(inspect_graph(capture(), target).ops)
    table.add(name, operators, *least_stages(capture, target, runs))
