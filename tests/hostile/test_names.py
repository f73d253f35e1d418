"""Names that may break a report: of layers, modules, models, targets, files and source lines.

Whatever they are, each report stays valid, holds one entry for each operator, commands no
terminal, and its files stay in their folder.
"""

from __future__ import annotations

import dataclasses
import html.parser
import io
import json
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path
from typing import Any, Dict, FrozenSet, List

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile.amount import cases, ran
from tests.hostile.files import archive
from tests.hostile.models import chain, conv
from tests.placing import built_on
from vai_inspect.core.errors import TargetError
from vai_inspect.core.inspection import Inspection
from vai_inspect.frontends.keras.config import capture_file
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports import json as json_report
from vai_inspect.reports import writer
from vai_inspect.reports.console import console
from vai_inspect.reports.html import notebook, page
from vai_inspect.reports.picture import renderers
from vai_inspect.reports.text.lines import plain
from vai_inspect.rules.targets.lookup import lookup

B4096 = "DPUCZDX8G_ISA1_B4096"
PIECES = (
    "conv",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x7f",
    '"',
    "'",
    "\\",
    '\\"',
    "\\N",
    "\\l",
    "<b>",
    "</td></table>",
    "<script>alert(1)</script>",
    "&lt;",
    "&#0;",
    "]]>",
    "<!--",
    "[bold]",
    "[/]",
    "[link=http://x]",
    ":smile:",
    "{a|<f0>b}",
    "digraph",
    "subgraph cluster_0",
    "];",
    "}",
    "//",
    "/*",
    "../",
    "/etc/passwd",
    "C:\\",
    "=1+1",
    "@SUM(1)",
    "-2+3",
    "%s",
    "{0}",
    "{}",
    "$HOME",
    "`id`",
    "\u202e",
    "\u2028",
    "\u200b",
    "\ufeff",
    "\ufffe",
    "\ud800",
    "é",
    "e\u0301",
    "中文",
    "🙂",
    "👩\u200d👧",
    "\U000e0041",
    "node name: forged",
    "assigned device: dpu",
)
NAMES = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=5).map("".join)
LONG = "x" * 10_000
WORST = "".join(PIECES)


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: List[str] = []
        self.handlers: List[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.handlers += [
            key
            for key, value in attrs
            if key.startswith("on") or (key == "href" and value != "#operators")
        ]


TAGS = frozenset(
    "div p b br table tr th td i small ol ul li details summary iframe".split()  # noqa: SIM905
)
PAGE_TAGS = TAGS | frozenset(
    # fmt: off
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "section",
        "aside",
        "h1",
        "h2",
        "dl",
        "dt",
        "dd",
        "a",
        "label",
        "input",
        "select",
        "option",
        "button",
        "span",
        "thead",
        "tbody",
        "svg",
        "rect",
        "noscript",
        "script",
        "pre",
        "code",
    ]
    # fmt: on
)


def check_reports(inspection: Inspection, folder: Path) -> None:
    """Writes every report and reads it back."""
    written = writer.write(inspection, folder / "out", ["json"])
    assert {
        one.parent for one in (written.files["txt"], written.files["gv"], written.files["json"])
    } == {folder / "out"}
    assert len(list((folder / "out").iterdir())) == 3
    text = written.files["txt"].read_bytes().decode("utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    lines = text.split("\n")
    for field in ("node name: ", "assigned device: ", "op type: "):
        assert sum(line.startswith(field) for line in lines) == len(inspection.ops)
    for op in inspection.ops:
        assert "node name: " + plain(op.name) in lines
    _check_console(inspection)
    assert written.files["json"] is not None
    _check_json(inspection, written.files["json"].read_bytes())
    _check_html(notebook.render(inspection), TAGS)
    _check_html(page.render(inspection), PAGE_TAGS)
    _check_graph(inspection, written.files["gv"].read_text("utf-8"))


def _check_console(inspection: Inspection) -> None:
    stream = io.StringIO()
    console.show(inspection, 2, stream)
    shown = stream.getvalue()
    assert all(line.isprintable() for line in shown.split("\n"))
    # Without the frames and line breaks of tables, each name is there as it is.
    squeezed = "".join(char for char in shown if char not in " │┃\n")
    for op in inspection.ops:
        name = plain(op.name).replace(" ", "").replace("│", "").replace("┃", "")
        if len(name) < 12:  # a longer one is broken, with other columns between
            assert name in squeezed


def _check_json(inspection: Inspection, content: bytes) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    data = json.loads(content.decode("utf-8"))
    assert [op["name"] for op in data["ops"]] == [op.name for op in inspection.ops]
    assert data["model"]["name"] == inspection.model.name
    jsonschema.validate(data, json_report.schema())


def _check_html(content: str, tags: FrozenSet[str]) -> None:
    content.encode("utf-8")
    parser = _Tags()
    parser.feed(content)
    assert set(parser.tags) <= tags
    assert not parser.handlers


def _check_graph(inspection: Inspection, source: str) -> None:
    for renderer in renderers.find_renderers("svg"):
        drawn = renderers._RENDERERS[renderer](source, "svg", renderers.TIMEOUT)
        root = xml.etree.ElementTree.fromstring(drawn)
        groups = [one for one in root.iter() if one.get("class") == "node"]
        assert len(groups) == len(inspection.ops)
        links = [one for one in root.iter() if one.tag.endswith(("}script", "}image"))]
        assert not links


def network(names: List[str]) -> Any:
    """A network of a convolution for each name."""
    return chain(names[0], *(conv(name, 17 if at % 2 else 3) for at, name in enumerate(names)))


@cases(40)
@given(names=st.lists(NAMES.filter(bool), min_size=1, max_size=3, unique=True))
@example(names=[WORST, LONG])
@example(names=["[bold]", "[/]", "\x1b[31m", "\ud800"])
def test_layers_and_models_of_a_file(names: List[str], tmp_path: Path) -> None:
    inspection = inspect_graph(
        capture_file(archive(tmp_path / "m.keras", network(names))), lookup(B4096)
    )
    assert [op.name for op in inspection.ops][1:-1] == names
    check_reports(inspection, tmp_path)
    ran("names of layers and models in every report")


FORWARD = """
def forward(self, x):
    for part in self.children():
        x = part(x)
    return x
"""


def _module(names: List[str], file: str) -> Any:
    """A module whose parts, class and source file have these names."""
    from torch import nn

    source = FORWARD
    space: Dict[str, Any] = {}
    exec(compile(source, file, "exec"), space)
    kind = type(names[0].replace("\0", "") or "Net", (nn.Module,), {"forward": space["forward"]})
    with built_on("meta"):
        module = kind()
        for at, name in enumerate(names):
            module.add_module(name, nn.Conv2d(3, 3, 17 if at % 2 else 3, padding="same"))
    return module.eval()


PARTS = NAMES.filter(lambda name: "." not in name and not hasattr(dict, name))


@cases(15)
@given(names=st.lists(PARTS, min_size=1, max_size=3, unique=True), file=NAMES)
@example(names=[WORST.replace(".", "")], file="/home/me/" + WORST.replace("\0", ""))
def test_modules_classes_and_source_files(names: List[str], file: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from vai_inspect.frontends.torch import capture

    try:
        # Names and paths that Python itself takes none of are no cases.
        module = _module(names, file.replace("\0", "").encode("utf-8", "ignore").decode("utf-8"))
    except (KeyError, UnicodeEncodeError, ValueError):
        return
    captured = capture(module, (1, 3, 8, 8))
    check_reports(inspect_graph(captured, lookup(B4096)), tmp_path)
    ran("names of modules, classes and source files in every report")


@cases(30)
@given(name=NAMES.filter(bool))
@example(name=WORST)
@example(name=LONG)
@example(name="../../../etc/cron.d/x")
@example(name="..")
def test_targets(name: str, tmp_path: Path) -> None:
    captured = capture_file(archive(tmp_path / "m.keras", network(["c"])))
    mine = dataclasses.replace(lookup(B4096), name=name)
    (tmp_path / "in").mkdir(exist_ok=True)
    check_reports(inspect_graph(captured, mine), tmp_path / "in")
    for one in (tmp_path / "in" / "out").iterdir():
        one.unlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in", "m.keras"]
    (tmp_path / "arch.json").write_text(json.dumps({"target": name}))
    with pytest.raises(TargetError) as caught:
        lookup(tmp_path / "arch.json")
    assert all(line.isprintable() for line in str(caught.value).split("\n"))
    assert len(str(caught.value)) < 2000
    (tmp_path / "arch.json").unlink()
    ran("names of targets")


@pytest.mark.parametrize(
    "name", ["\x1b[31mred.keras", "new\nline.keras", "\u202e.keras", "[bold].keras", "%s{}.keras"]
)
def test_file_names_on_the_command_line(name: str, tmp_path: Path) -> None:
    archive(tmp_path / name, {"class_name": "Sequential", "config": {}})
    command = [sys.executable, "-m", "vai_inspect.cli", "inspect", name, "-t", B4096]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.strip().isprintable()
    archive(tmp_path / name, network(["c"]))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert all(line.isprintable() for line in done.stdout.split("\n"))


def test_a_folder_of_a_name_that_commands_terminals(tmp_path: Path) -> None:
    archive(tmp_path / "m.keras", network(["c"]))
    folder = tmp_path / "\x1b[31m [bold]\n"
    command = [sys.executable, "-m", "vai_inspect.cli", "inspect", "m.keras", "-t", B4096]
    done = subprocess.run(
        [*command, "-o", str(folder)], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(folder.iterdir())) == 2
    assert all(line.isprintable() for line in done.stdout.split("\n"))
    assert "[bold]" in done.stdout
