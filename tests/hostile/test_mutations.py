"""Sound files with parts changed, taken away or repeated: a result, or one line."""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.amount import cases, ran
from tests.hostile.files import archive
from tests.hostile.models import SMALL
from tests.reports import samples
from vai_inspect.core.errors import ReportError, RuleError, TargetError, VaiInspectError
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.target import Target
from vai_inspect.frontends.keras.config import capture_file
from vai_inspect.reports import gv
from vai_inspect.reports import json as json_report
from vai_inspect.reports.picture import picture
from vai_inspect.reports.text import text
from vai_inspect.rules.targets.lookup import lookup
from vai_inspect.rules.targets.yaml_file import read_targets

with contextlib.suppress(ImportError):
    # What a config does not tell, Keras may; loading it takes longer than reading any file.
    import keras  # noqa: F401

ROOT = Path(__file__).parents[2]
TARGETS = ROOT / "docs" / "plugin_example" / "vai_inspect_acme" / "targets.yaml"
SAVED_MODEL = ROOT / "tests" / "frontends" / "keras" / "data" / "tf28.pb"

TOKENS = (
    b"&a ", b"*a", b"<<: *a", b"!!python/object/apply:os.system [true]", b"!!binary ", b"? ", b"- ",
    b": ", b"{", b"}", b"[", b"]", b"|", b">", b"%YAML 9.9\n", b"---\n", b"...\n", b"\t", b"\0",
    b"\xff", b"\r", b"null", b".inf", b".nan", b"0x", b"1e999", b"9" * 400, b"-", b"~", b'"', b"'",
    b"2024-01-01", b"1-99999999999999", b"ICP*", b"2*", b" x ", b"16, 4 bit", b"#", b"\n", b"=",
)  # fmt: skip
"""What may stand anywhere in a targets.yaml."""
CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 12),
        st.sampled_from(TOKENS) | st.binary(max_size=4),
    ),
    min_size=1,
    max_size=5,
)


def changed(content: bytes, changes: Any) -> bytes:
    """Puts something in the place of some bytes."""
    for where, length, new in changes:
        at = int(where * len(content))
        content = content[:at] + new + content[at + length :]
    return content


def in_time(start: float) -> None:
    assert time.perf_counter() - start < 10


@cases(150)
@given(changes=CHANGES)
def test_targets_files(changes: Any) -> None:
    start, said, found = time.perf_counter(), "acme/targets.yaml: ", ()
    try:
        found = read_targets(changed(TARGETS.read_bytes(), changes), "acme", "acme/targets.yaml")
    except RuleError as error:
        said = str(error)
    in_time(start)
    assert all(isinstance(target, Target) for target in found)
    assert said.startswith("acme/targets.yaml: ")
    assert "\n" not in said
    ran("targets.yaml files, changed: " + ("read" if found else "refused"))


def _laughs(depth: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for at in range(1, depth):
        lines.append("a{0}: &a{0} [{1}]".format(at, ", ".join(["*a{}".format(at - 1)] * 9)))
    return "\n".join(lines)


BOMBS: Dict[str, Any] = {
    "at the top": lambda good: _laughs(30) + "\n" + good,
    "in what no dataclass holds": lambda good: good.replace(
        "    isa_version: 0\n",
        "    isa_version: 0\n    others:\n"
        + "".join("      {}\n".format(line) for line in _laughs(30).splitlines()),
        1,
    ),
    "in a mapping": lambda good: good.replace(
        "    isa_version: 0\n",
        "    isa_version: 0\n    sizes: &s {A: 1, B: *s}\n",
        1,
    ),
    "a mapping within itself": lambda good: good + "  MORE: &m\n    banks: *m\n",
    "a list within itself": lambda good: good.replace("nonlinear: relu", "nonlinear: &n [*n]", 1),
    "deep": lambda good: good.replace("nonlinear: relu", "nonlinear: " + "[" * 5000, 1),
    "a tag that runs code": lambda good: good.replace(
        "nonlinear: relu", "nonlinear: !!python/object/apply:os.system [exit]", 1
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_targets_file_that_grows_without_end(name: str) -> None:
    content = BOMBS[name](TARGETS.read_text())
    assert content != TARGETS.read_text()
    start = time.perf_counter()
    with pytest.raises(RuleError, match=r"^acme/targets.yaml: ") as caught:
        read_targets(content, "acme", "acme/targets.yaml")
    assert len(str(caught.value)) < 3000
    in_time(start)


ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        10**30,
        1.5,
        float("inf"),
        "",
        "0x",
        "\ud800",
        "DPU",
        [],
        {},
        [[]],
        {"a": 1},
    ]
)
ARCH = {"target": "DPUCZDX8G_ISA1_B4096", "fingerprint": "0x101000016010407", "dcf": []}


@cases(100)
@given(data=st.data())
def test_arch_files(data: Any, tmp_path: Path) -> None:
    content = dict(ARCH)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.sampled_from([*ARCH, "kernels", "x"]))] = data.draw(ODD)
    raw = json.dumps(content).encode()
    raw = changed(raw, data.draw(st.just([]) | CHANGES))
    path = tmp_path / "arch.json"
    path.write_bytes(raw)
    found, said = None, ""
    try:
        found = lookup(path)
    except TargetError as error:
        said = str(error)
    assert isinstance(found, Target) == (not said)
    assert "\n" not in said
    assert len(said) < 3000
    ran("arch.json files, changed: " + ("read" if found else "refused"))


def _result_or_line(path: Path) -> str:
    start, operators, said = time.perf_counter(), 0, ""
    try:
        operators = len(capture_file(path).graph)
    except VaiInspectError as error:
        said = str(error)
    in_time(start)
    assert bool(operators) == (not said)
    assert "\n" not in said
    return "read" if operators else "refused"


@cases(80)
@given(changes=CHANGES)
def test_metadata_of_a_saved_model(changes: Any, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    shutil.rmtree(str(folder), ignore_errors=True)
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"")
    (folder / "keras_metadata.pb").write_bytes(changed(SAVED_MODEL.read_bytes(), changes))
    ran("SavedModel metadata, changed: " + _result_or_line(folder))


@cases(60)
@given(data=st.data())
def test_metadata_of_an_archive(data: Any, tmp_path: Path) -> None:
    """The version of Keras decides how the config is read."""
    version = data.draw(
        ODD
        | st.sampled_from(["2.4.0", "3", "3.", ".3", "-3.0", "٣.0", "3" * 5000, "2.12.0\n", "³"])
        | st.text(max_size=4)
    )
    path = archive(tmp_path / "m.keras", SMALL, version)
    ran(".keras metadata, changed: " + _result_or_line(path))


def _places(value: Any) -> List[Any]:
    """Every place in a report: what holds it, and the key or position there."""
    found: List[Any] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        found += [(one, key) for key in keys]
        waiting += [one[key] for key in keys if isinstance(one[key], (dict, list))]
    return found


@cases(150)
@given(data=st.data())
def test_json_reports(data: Any) -> None:
    """What is read back shows in every report, or one line says what is wrong with it."""
    report = json.loads(json.dumps(samples.mixed().to_dict()))
    for _ in range(data.draw(st.integers(1, 3))):
        place, key = data.draw(st.sampled_from(_places(report)))
        change = data.draw(st.sampled_from(("take away", "put", "copy")))
        if change == "take away":
            del place[key]
        elif change == "put":
            place[key] = data.draw(ODD | st.sampled_from(["dpu", "cpu", "unknown", "conv", "1.0"]))
        else:
            place[key] = copy.deepcopy(data.draw(st.sampled_from(_places(report)))[0])
    found, said = None, ""
    try:
        found = Inspection.from_dict(report)
    except ReportError as error:
        said = str(error)
    assert "\n" not in said
    assert bool(found) == (not said)
    if found:
        for render in (text.render, gv.render, json_report.render, repr, picture.page_of):
            assert render(found)
        assert Inspection.from_json(json_report.render(found)) == found
    ran("JSON reports, changed: " + ("read" if found else "refused"))


PLACES: List[Any] = [
    "name",
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "dilation_rate",
    "groups",
]
HUGE: List[Any] = [10**9, 10**18, -1, -(10**18), 0, 1e308, float("nan"), float("inf"), "1" * 10**5]


@pytest.mark.parametrize("value", HUGE, ids=[str(one)[:12] for one in HUGE])
@pytest.mark.parametrize("place", PLACES)
def test_huge_figures(place: str, value: Any, tmp_path: Path) -> None:
    for made in (value, [value, value], [value] * 1000):
        config = copy.deepcopy(SMALL)
        config["config"]["layers"][1]["config"][place] = made
        _result_or_line(archive(tmp_path / "m.keras", config))


def test_input_of_a_huge_image(tmp_path: Path) -> None:
    for size in (10**9, 10**18, -8, 0):
        config = copy.deepcopy(SMALL)
        config["config"]["layers"][0]["config"]["batch_shape"] = [1, size, size, 3]
        _result_or_line(archive(tmp_path / "m.keras", config))
