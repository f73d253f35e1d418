"""The package as it is installed: what importing it loads, and that its lists are whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"tensorflow", "keras", "torch", "numpy", "graphviz", "rich", "typer", "yaml"}


def loaded_by(statement):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", statement],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.split("|")[-1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import vai_inspect", set()),
        ("import vai_inspect.core.inspection, vai_inspect.core.partition", set()),
        ("import vai_inspect.keras", {"yaml"}),
        ("import vai_inspect.reports", set()),
    ],
)
def test_import_loads_nothing_heavy(statement, allowed):
    loaded = loaded_by(statement)
    assert "vai_inspect" in loaded
    assert (loaded & HEAVY) - allowed == set()


def test_package_list_is_that_of_the_folders():
    text = (ROOT / "pyproject.toml").read_text()
    listed = set(re.findall(r'"([\w.]+)"', text.split("\npackages = [")[1].split("]")[0]))
    found = set()
    for top in ("vai_inspect", "frontends", "rules", "reports"):
        for init in (ROOT / top).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT).parts
            found.add(".".join(parts if top == "vai_inspect" else ("vai_inspect", *parts)))
    assert listed == found


def test_every_family_is_an_entry_point():
    text = (ROOT / "pyproject.toml").read_text().split('entry-points."vai_inspect.rules"]')[1]
    listed = re.findall(r"^(\w+) = ", text.split("\n\n")[0], re.M)
    assert sorted(listed) == sorted(path.parent.name for path in ROOT.glob("rules/*/targets.yaml"))


@pytest.mark.parametrize("family", sorted(p.parent.name for p in ROOT.glob("rules/*/targets.yaml")))
def test_rule_book_is_up_to_date(family):
    from vai_inspect.rules.engine import registry, rule_book

    page = ROOT / "docs" / "rules" / (family + ".md")
    written = rule_book.markdown(registry.family(family), registry.targets(family))
    assert page.read_text() == written, "run sh docs/generate.sh"


def test_dir_lists_the_public_names():
    import importlib

    import vai_inspect

    names = dir(vai_inspect)
    assert names == sorted(names)
    assert set(vai_inspect.__all__) < set(names)
    for name in set(names) - set(vai_inspect.__all__) - {"keras", "onnx", "torch"}:
        importlib.import_module("vai_inspect." + name)
    for name in vai_inspect.__all__:
        assert getattr(vai_inspect, name) is not None


def test_the_page_of_onnx_is_up_to_date():
    command = [sys.executable, str(ROOT / "docs" / "generate_onnx.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_of_what_is_stable_names_the_interface_of_plug_ins():
    from vai_inspect.rules import plugin

    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = page.split("The interface is what")[1].split("A plug-in of another")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert named == set(plugin.__all__)


def test_the_page_of_what_is_stable_has_imports_that_there_are():
    import importlib

    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for_scripts = page.split("## For scripts")[1].split("## For plug-ins")[0]
    rows = re.findall(r"^\| (`vai_inspect[^|]*) \| ([^|]*) \|$", for_scripts, re.MULTILINE)
    assert len(rows) == 5
    for modules, names in rows:
        for module in re.findall(r"`([\w.]+)`", modules):
            found = importlib.import_module(module)
            assert set(re.findall(r"`(\w+)`", names)) <= set(dir(found)) | {"EstimateError"}
