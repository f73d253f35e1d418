"""Families that do not work: each is named in a warning and in the report, the rest goes on."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from tests.hostile.files import archive
from tests.hostile.models import SMALL
from vai_inspect.core.errors import TargetError
from vai_inspect.core.findings import Device, Evidence, Verdict
from vai_inspect.core.inspection import Inspection
from vai_inspect.frontends.keras.config import capture_file
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports import json as json_report
from vai_inspect.reports import writer
from vai_inspect.reports.console import console
from vai_inspect.reports.html import notebook
from vai_inspect.rules.engine import registry, rule_book
from vai_inspect.rules.plugin import Note, Provenance, Remedy, Rewrite, Violation
from vai_inspect.rules.targets.lookup import lookup

PLUG_IN = Path(__file__).parents[2] / "docs" / "plugin_example"
TARGET = "DPUACME_ISA0_SMALL"


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that installs the example of the documentation, changed, and inspects with it."""
    monkeypatch.syspath_prepend(str(PLUG_IN))
    import vai_inspect_acme

    real = list(registry._entry_points())

    class Point:
        name, value = "acme", "vai_inspect_acme:FAMILY"
        loads: Any = None

        def load(self) -> Any:
            return self.loads

    def install(**changes: Any) -> Any:
        Point.loads = dataclasses.replace(vai_inspect_acme.FAMILY, **changes)
        monkeypatch.setattr(registry, "_entry_points", lambda: [*real, Point()])
        registry.registry.cache_clear()
        return Point.loads

    yield install
    registry.registry.cache_clear()


def inspected(folder: Path) -> Inspection:
    return inspect_graph(capture_file(archive(folder / "m.keras", SMALL)), lookup(TARGET))


def told_everywhere(inspection: Inspection, folder: Path) -> List[str]:
    """What each report says, which is whole, valid and of one line where it should be."""
    written = writer.write(inspection, folder, ["json"])
    assert written.files["json"] is not None
    data = json.loads(written.files["json"].read_text("utf-8"))
    import jsonschema

    jsonschema.validate(data, json_report.schema())
    stream = io.StringIO()
    console.show(inspection, 2, stream)
    texts = [
        written.files["txt"].read_text("utf-8"),
        stream.getvalue(),
        notebook.render(inspection),
    ]
    return [" ".join(text.split()) for text in (*texts, json.dumps(data))]


class _MuteError(Exception):
    """An error whose own text fails."""

    def __str__(self) -> str:
        raise ValueError("no text")


def _raises(error: BaseException) -> Any:
    def check(ctx: Any) -> Iterator[Violation]:
        raise error
        yield  # a generator, as constraints are

    return check


def _deep(ctx: Any) -> Any:
    return _deep(ctx)


VIOLATION = Violation("something is wrong")


def _violation(**changes: Any) -> Any:
    return lambda ctx: [VIOLATION.replaced(**changes)]


CHECKS: Dict[str, Any] = {
    "raises": (_raises(ZeroDivisionError("by nothing")), "ZeroDivisionError: by nothing"),
    "exits": (_raises(SystemExit(0)), "SystemExit: 0"),
    "recurses": (_deep, "RecursionError"),
    "raises what has no text": (_raises(_MuteError()), "_MuteError"),
    "raises several lines": (_raises(ValueError("a\nb\x1b[31m")), "ValueError: a b"),
    "raises a long text": (_raises(ValueError("x" * 10**6)), "ValueError: xxx"),
    "gives nothing": (lambda ctx: None, "NoneType"),
    "gives a number": (lambda ctx: 7, "int"),
    "gives text": (lambda ctx: "no", "it yields a str; valid is a Violation"),
    "gives no end": (lambda ctx: itertools.repeat(VIOLATION), "more than 10000 violations"),
    "no template": (_violation(template=None), "whose template is None"),
    "a figure that is none": (_violation(found=object()), "whose found is"),
    "a limit that is a number": (_violation(limit=5), "whose limit is 5"),
    "a verdict of text": (_violation(verdict="bad"), "whose verdict is 'bad'"),
    "a verdict that is none": (_violation(verdict=Verdict.SUPPORTED), "whose verdict is"),
    "evidence of text": (_violation(evidence="seen"), "whose evidence is 'seen'"),
    "a remedy in bytes": (_violation(remedy=b"x"), "whose remedies is b'x'"),
    "an effect of text": (
        _violation(remedy=Remedy("change it", "exact")),  # type: ignore[arg-type]
        "whose remedies is",
    ),
    "follows from nobody": (_violation(follows="nowhere"), "whose follows is 'nowhere'"),
    "a placeholder for nothing": (
        _violation(template="it has {size}"),
        "of which the placeholder {size} has no argument",
    ),
    "a figure that is not given": (
        _violation(template="it has {found}"),
        "of which the argument found is None",
    ),
    "an argument for nothing": (
        _violation(size=3),
        "of which the argument size has no placeholder",
    ),
    "an argument of another kind": (
        _violation(template="it has {size}", size=object()),
        "of which the argument size is <object",
    ),
    "a type that there is not": (
        _violation(template="it has {size:int}", size=3),
        "is of no type; valid are op, kind, are",
    ),
    "an operator that there is not": (
        _violation(template="{near:op} is near", near="nowhere"),
        "names an operator 'nowhere', which the graph does not have",
    ),
    "a remedy for nothing": (
        _violation(remedy="use kernel {size}"),
        "of which the placeholder {size} has no argument",
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_constraint_that_does_not_work(acme: Any, name: str, tmp_path: Path) -> None:
    check, says = CHECKS[name]
    family = acme()
    rules = [
        dataclasses.replace(rule, check=check) if rule.id == "conv.kernel" else rule
        for rule in family.constraints
    ]
    acme(constraints=tuple(rules))
    inspection = inspected(tmp_path)
    assert any(
        warning.startswith("rule acme.conv.kernel failed: ") and says in warning
        for warning in inspection.warnings
    )
    assert all(len(warning) < 400 for warning in inspection.warnings)
    convs = [op for op in inspection.ops if op.type == "conv2d"]
    assert {op.device for op in convs} == {Device.CPU}
    assert {op.verdict for op in convs} <= {Verdict.UNKNOWN, Verdict.UNSUPPORTED}
    assert any("the rule itself failed" in one.message for op in convs for one in op.findings)
    # The other rules were asked all the same.
    sigmoid = next(op for op in inspection.ops if op.type == "sigmoid")
    assert sigmoid.findings
    for text in told_everywhere(inspection, tmp_path / "out"):
        assert "rule acme.conv.kernel failed: " in text
        assert "\x1b" not in text


def _limits(error: BaseException) -> Any:
    def limit(target: Any) -> Any:
        raise error

    return {"kernel_size": limit}


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(1), RecursionError()])
def test_a_figure_that_cannot_be_read(acme: Any, error: BaseException, tmp_path: Path) -> None:
    rules = [
        dataclasses.replace(rule, limits=_limits(error)) if rule.id == "conv.kernel" else rule
        for rule in acme().constraints
    ]
    acme(constraints=tuple(rules))
    for text in told_everywhere(inspected(tmp_path), tmp_path / "out"):
        assert "rule acme.conv.kernel failed: " + type(error).__name__ in text


def _gives(value: Any) -> Any:
    def call(*_: Any) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value

    return call


@pytest.mark.parametrize("value", [ValueError("x"), SystemExit(2), "text", 5, ["a"]])
@pytest.mark.parametrize("what", ["rewrites", "notes"])
def test_a_rewrite_or_note_that_does_not_work(
    acme: Any, what: str, value: Any, tmp_path: Path
) -> None:
    told: Dict[str, Any] = {
        "id": "own.one",
        "kinds": ("conv2d", "relu"),
        "sentence": "It becomes another",
        "evidence": Evidence.INFERRED,
        "source": "none",
    }
    if what == "rewrites":
        acme(rewrites=(Rewrite(apply=_gives(value), **told),))
    else:
        acme(notes=(Note(says=_gives(value if value != "text" else 7), **told),))
    inspection = inspected(tmp_path)
    assert [warning for warning in inspection.warnings if "rule acme.own.one failed: " in warning]
    for text in told_everywhere(inspection, tmp_path / "out"):
        assert "rule acme.own.one failed: " in text


def _part(of: str, **changes: Any) -> Any:
    return lambda family: {
        of: tuple(dataclasses.replace(one, **changes) for one in getattr(family, of))
    }


FAMILIES: Dict[str, Any] = {
    "constraints of another kind": (lambda family: {"constraints": ("conv",)}, "'conv'"),
    "a list of constraints": (lambda family: {"constraints": []}, "valid is a tuple"),
    "no id": (_part("constraints", id=None), "its id is None"),
    "kinds that are a text": (_part("constraints", kinds="conv2d"), "its kinds is 'conv2d'"),
    "no check": (_part("constraints", check=None), "its check is None"),
    "limits that are none": (_part("constraints", limits=None), "its limits is None"),
    "a provenance of text": (_part("constraints", provenance="guide"), "its provenance is 'guide'"),
    "evidence of text": (
        _part("constraints", provenance=Provenance("seen", "guide")),  # type: ignore[arg-type]
        "its provenance is",
    ),
    "a remedy of text": (_part("constraints", remedies="change it"), "its remedies is 'change it'"),
    "a remedy with placeholders": (
        _part("constraints", remedies=(Remedy("use {nearest}"),)),
        "valid is a text or Remedy without placeholders",
    ),
    "an alias of text": (_part("constraints", aliases="conv.former"), "its aliases is"),
    "no release": (_part("constraints", since=None), "its since is None"),
    "two of one id": (_part("constraints", id="conv.same"), "two constraints 'conv.same'"),
    "what it takes": (lambda family: {"takes": None}, "its takes is None"),
    "an interface of text": (lambda family: {"interface_version": "1"}, "interface version '1'"),
    "no name": (lambda family: {"name": " "}, "its name is ' '"),
    "rewrites of another kind": (lambda family: {"rewrites": (3,)}, "valid is a Rewrite"),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_that_is_none(acme: Any, name: str) -> None:
    changes, says = FAMILIES[name]
    acme(**changes(acme()))
    assert "acme" not in [family.name for family in registry.families()]
    (warning,) = registry.warnings()
    assert warning.startswith("rules plug-in acme (vai_inspect_acme:FAMILY) is left out: ")
    assert says in warning
    with pytest.raises(TargetError, match="unknown target"):
        lookup(TARGET)


BROKEN = {
    "absent": "import no_such_module",
    "syntax": "def (",
    "exits": "raise SystemExit('good bye')",
    "deep": "def f(): f()\nf()",
    "other": "FAMILY = 'a text'",
    "older": "from acme_base import family\nFAMILY = family(interface_version=0)",
    "taken": "from acme_base import family\nFAMILY = family(name='czdx8g')",
    "thief": "from acme_base import family\n"
    "FAMILY = family(name='thief', package='vai_inspect.rules.czdi4g')",
    "no_file": "from acme_base import family\nFAMILY = family(name='no_file', package='json')",
}
BASE = """
import dataclasses
from vai_inspect.rules.czdi4g import FAMILY as REAL

def family(**changes):
    return dataclasses.replace(REAL, decoders=(), **changes)
"""


def _install(folder: Path) -> None:
    """Lays plug-ins out as pip would: modules, and a dist-info with entry points for each."""
    (folder / "acme_base.py").write_text(BASE)
    for name, code in BROKEN.items():
        (folder / ("plug_{}.py".format(name))).write_text(code)
        info = folder / "plug_{}-1.0.dist-info".format(name)
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug-{}\n".format(name))
        entry = "[vai_inspect.rules]\n{0} = plug_{0}:FAMILY\n".format(name)
        (info / "entry_points.txt").write_text(entry)


def _run(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "vai_inspect.cli", *args]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)


def test_whole_processes_with_many_broken_plug_ins(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    model = archive(tmp_path / "m.keras", SMALL)
    args = ("inspect", str(model), "-t", "DPUCZDX8G_ISA1_B4096", "-o")
    before = _run(site, *args, str(tmp_path / "before"), "--json")
    assert (before.returncode, before.stderr) == (0, "")
    _install(site)
    after = _run(site, *args, str(tmp_path / "after"), "--json")
    assert (after.returncode, after.stderr) == (0, "")
    name = "inspect_DPUCZDX8G_ISA1_B4096"
    old, new = (
        json.loads((tmp_path / folder / (name + ".json")).read_text())
        for folder in ("before", "after")
    )
    assert len(new["warnings"]) == len(old["warnings"]) + len(BROKEN)
    assert {**new, "warnings": old["warnings"]} == old
    text = (tmp_path / "after" / (name + ".txt")).read_text()
    for plug_in in BROKEN:
        label = "rules plug-in {0} (plug_{0}:FAMILY)".format(plug_in)
        assert sum(label in warning for warning in new["warnings"]) == 1
        assert label in text
        assert label in " ".join(after.stdout.split())
    for command in (("targets",), ("doctor",), ("rules", "czdx8g")):
        done = _run(site, *command)
        assert done.returncode == 0
        assert "Traceback" not in done.stdout + done.stderr


def test_rule_book_of_a_family_whose_figures_fail(acme: Any) -> None:
    rules = [
        dataclasses.replace(rule, limits=_limits(KeyError("x")))
        if rule.id == "conv.kernel"
        else rule
        for rule in acme().constraints
    ]
    family = acme(constraints=tuple(rules))
    targets = registry.targets("acme")
    failing = "(no figure: KeyError: 'x')"
    assert failing in rule_book.explain(family, "acme.conv.kernel", targets)
    assert failing in rule_book.markdown(family, targets)
    assert len(rule_book.table(family, targets)) > len(rules)


def test_an_interrupt_is_the_users_and_goes_through(acme: Any, tmp_path: Path) -> None:
    rules = [
        dataclasses.replace(rule, check=_raises(KeyboardInterrupt())) for rule in acme().constraints
    ]
    acme(constraints=tuple(rules))
    with pytest.raises(KeyboardInterrupt):
        inspected(tmp_path)
