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
from typing import Any, Callable, Dict, List, NamedTuple, Optional

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


class Step(NamedTuple):
    """A call of a function.

    Attributes:
        file: its file, relative to the repository.
        part: the part of `LATER` that calls it, directly or not; `REST` if none does.
    """

    file: str
    part: str


def walk(call: Callable[[], Any]) -> List[Step]:
    """Returns the steps of a call.

    Args:
        call: what to follow.
    """
    places = _places()
    steps: List[Step] = []
    known: Dict[str, str] = {}

    def named(path: str) -> str:
        for place, name in places.items():
            if path.startswith(place):
                return name + path[len(place) :]
        return ""

    def file_of(frame: FrameType) -> str:
        path = frame.f_code.co_filename
        if path not in known:
            known[path] = named(path)
        return known[path]

    def part_of(frame: FrameType) -> str:
        part = REST
        caller: Optional[FrameType] = frame
        while caller is not None:
            file = file_of(caller)
            part = next((name for name in LATER if file.startswith(LATER[name])), part)
            caller = caller.f_back
        return part

    def follow(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            file = file_of(frame)
            if file:
                steps.append(Step(file, part_of(frame)))

    sys.setprofile(follow)
    try:
        call()
    finally:
        sys.setprofile(None)
    return steps


def changes(steps: List[Step]) -> int:
    """Returns how often a step is in another file than the one before it."""
    files = [step.file for step in steps]
    return sum(before != after for before, after in zip(["", *files], files))


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


def walks() -> Dict[str, List[Step]]:
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
        "Files whose functions are called, and calls into another file than the call before: of "
        "all calls, and of those that each part makes, itself or by what it calls.",
    )
    for name, steps in walks().items():
        parts = [[step for step in steps if step.part == part] for part in (*LATER, REST)]
        files = [len({step.file for step in some}) for some in (steps, parts[-1])]
        table.add(name, files[0], changes(steps), *map(changes, parts), files[1])
    return [table]


if __name__ == "__main__":
    found = walks()
    for name in sys.argv[1:] or found:
        if name not in found:
            sys.exit("no walk {!r}; valid are {}".format(name, ", ".join(found)))
        print(name, *dict.fromkeys(step.file for step in found[name]), sep="\n    ")
