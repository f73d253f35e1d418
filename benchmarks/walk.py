"""The walk of one convolution: files passed and changes of file, from the call to the report.

    python -m benchmarks walk               # the table
    python -m benchmarks.walk nn.Conv2d     # the files of one walk, in order

A step is a call of a function of this project; a change is a step into another file than the step
before it. The walk goes from `Inspector.inspect` to the text report, in a process that has
inspected the same model before, so that imports and the registry of families do not count.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any, Callable, Dict, List

import vai_inspect
from benchmarks.pipeline import TARGET
from benchmarks.table import Table
from vai_inspect.reports.text import text
from vai_inspect.rules.engine import registry

ROOMS = ("frontends", "rules", "reports")
SHAPE = (16, 16, 3)
LATER = {
    "quantiser": ("rules/quantizers/", "vai_inspect/core/quantizer", "reports/text/quantizer"),
    "plan": ("vai_inspect/planning/", "vai_inspect/core/plan", "reports/text/plan"),
    "time": (
        *("rules/timing/", "rules/czdx8g/timing", "vai_inspect/estimating"),
        *("vai_inspect/core/estimate", "reports/text/times"),
    ),
    "what modules hold": (
        *("frontends/held", "frontends/objects", "frontends/surroundings", "frontends/generators"),
        *("frontends/torch/capture/copying", "frontends/torch/capture/callable_copies"),
        "frontends/torch/capture/isolation",
        *("frontends/torch/capture/meta_copy", "frontends/keras/live/layer_state"),
    ),
}
"""Parts that were not yet in the walk when it was first counted, by the start of their paths."""
REST = "the rest"


def _places() -> Dict[str, str]:
    """Returns the folders of the project by path: `vai_inspect/`, `frontends/`, ..."""
    places = {str(Path(vai_inspect.__file__).parent) + "/": "vai_inspect/"}
    for room in ROOMS:
        module = __import__("vai_inspect." + room, fromlist=["__file__"])
        places[str(Path(str(module.__file__)).parent) + "/"] = room + "/"
    return dict(sorted(places.items(), key=lambda item: -len(item[0])))  # the innermost first


def walk(call: Callable[[], Any]) -> List[str]:
    """Returns the file of each step of a call, relative to the repository.

    Args:
        call: what to follow.
    """
    places = _places()
    steps: List[str] = []
    known: Dict[str, str] = {}

    def named(path: str) -> str:
        for place, name in places.items():
            if path.startswith(place):
                return name + path[len(place) :]
        return ""

    def follow(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            path = frame.f_code.co_filename
            if path not in known:
                known[path] = named(path)
            if known[path]:
                steps.append(known[path])

    sys.setprofile(follow)
    try:
        call()
    finally:
        sys.setprofile(None)
    return steps


def changes(steps: List[str]) -> int:
    """Returns how often a step is in another file than the one before it."""
    return sum(before != after for before, after in zip(["", *steps], steps))


def _torch_walks() -> Dict[str, Callable[[], Any]]:
    import torch
    from torch import nn

    from vai_inspect.torch import Inspector

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(8, SHAPE[-1], 3, 3))

        def forward(self, x: Any) -> Any:
            return torch.nn.functional.conv2d(x, self.weight)

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(SHAPE[-1], 8, 3)

        def forward(self, x: Any) -> Any:
            return self.conv(x)

    inspector = Inspector(TARGET)
    return {
        name: lambda model=model: _reported(inspector, model, (1, SHAPE[-1], *SHAPE[:2]))
        for name, model in (("F.conv2d", Functional()), ("nn.Conv2d", Module()))
    }


def _keras_walks(folder: str) -> Dict[str, Callable[[], Any]]:
    import keras

    from vai_inspect.keras import Inspector

    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(8, 3)])
    file = str(Path(folder) / "one.keras")
    model.save(file)
    inspector = Inspector(TARGET)
    return {
        "keras.layers.Conv2D": lambda: _reported(inspector, model, None),
        "a .keras file": lambda: _reported(inspector, file, None),
    }


def _reported(inspector: Any, model: Any, shape: Any) -> str:
    inspection = inspector.inspect(model, shape, output_dir=None, verbose_level=0)
    return text.render(inspection)


def walks() -> Dict[str, List[str]]:
    """Returns the steps of each walk by its name."""
    registry.families()
    with tempfile.TemporaryDirectory() as folder:
        calls = {**_torch_walks(), **_keras_walks(folder)}
        for call in calls.values():
            call()
        return {name: walk(call) for name, call in calls.items()}


def tables(runs: int = 1) -> List[Table]:
    """Returns the table of the walks.

    Args:
        runs: not used: a walk is the same in each run.
    """
    table = Table(
        "One convolution, from the call to the text report",
        ("convolution", "files", "changes of file", *LATER, REST, "files of the rest"),
        "Files whose functions are called, and calls into another file than the call before: all, "
        "and of these into each part.",
    )
    for name, steps in walks().items():
        entered: Dict[str, int] = dict.fromkeys((*LATER, REST), 0)
        for before, after in zip(["", *steps], steps):
            if before != after:
                entered[_part_of(after)] += 1
        rest = sum(_part_of(file) == REST for file in set(steps))
        table.add(name, len(set(steps)), changes(steps), *entered.values(), rest)
    return [table]


def _part_of(file: str) -> str:
    return next((part for part, starts in LATER.items() if file.startswith(starts)), REST)


if __name__ == "__main__":
    found = walks()
    for name in sys.argv[1:] or found:
        if name not in found:
            sys.exit("no walk {!r}; valid are {}".format(name, ", ".join(found)))
        print(name, *dict.fromkeys(found[name]), sep="\n    ")
