"""Output folders that cannot take a report: the old ones stay whole, and nothing is left over."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

from tests.hostile.files import archive
from tests.hostile.models import SMALL
from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.frontends.keras.config import capture_file
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports import atomic, writer
from vai_inspect.reports.picture import renderers
from vai_inspect.rules.targets.lookup import lookup

NAME = "inspect_DPUCZDX8G_ISA1_B4096"
ENDINGS = (".txt", ".gv", ".json", ".png", ".svg")
PICTURES = (".png", ".svg")


@pytest.fixture
def inspection(tmp_path: Path) -> Inspection:
    model = archive(tmp_path / "m.keras", SMALL)
    return inspect_graph(capture_file(model), lookup("DPUCZDX8G_ISA1_B4096"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with whole reports of an earlier run."""
    made = tmp_path / "out"
    made.mkdir()
    for ending in ENDINGS:
        (made / (NAME + ending)).write_bytes(b"old")
    return made


def contents(folder: Path) -> Dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(inspection: Inspection, folder: Path, ending: str) -> "str | None":
    """Writes all reports; returns why the picture is missing, if it is."""
    kind = ending[1:] if ending in PICTURES else "svg"
    return writer.write(inspection, folder, [kind, "json"]).problem


class _Fails:
    """Stands in for a function that fails when it is about one file."""

    def __init__(self, real: Any, error: BaseException, when: str) -> None:
        self.real, self.error, self.when = real, error, when
        self.raised = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if str(args[-1]).endswith(self.when):
            self.raised += 1
            raise self.error
        return self.real(*args, **kwargs)


@pytest.mark.skipif(not renderers.find_renderers("png"), reason="no renderer")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_file_that_cannot_get_its_name(
    code: int, ending: str, inspection: Inspection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(code, os.strerror(code))
    fails = _Fails(os.replace, error, ending)
    monkeypatch.setattr(atomic.os, "replace", fails)
    said = ""
    try:
        said = write(inspection, folder, ending) or ""
    except ReportError as problem:
        said = str(problem)
    assert fails.raised == 1
    assert os.strerror(code) in said
    assert "\n" not in said
    found = contents(folder)
    assert set(found) == {NAME + one for one in ENDINGS}
    assert found[NAME + ending] == b"old"
    # Whatever was written is whole.
    assert all(data == b"old" or len(data) > 1000 for data in found.values())


def test_a_disk_that_is_full_after_some_bytes(
    inspection: Inspection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first bytes are taken, the rest is not: that is when half a file could be left."""
    real = open

    class Full:
        def __init__(self, *args: Any) -> None:
            self.stream = real(*args)

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: Any) -> None:
            self.stream.close()

        def write(self, content: bytes) -> None:
            self.stream.write(content[:100])
            self.stream.flush()
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "open", Full, raising=False)
    before = contents(folder)
    with pytest.raises(ReportError, match="No space left on device"):
        writer.write(inspection, folder, ["json"])
    assert contents(folder) == before


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_in_the_place_of_a_report(
    ending: str, inspection: Inspection, tmp_path: Path
) -> None:
    if ending in PICTURES and not renderers.find_renderers("png"):
        pytest.skip("no renderer")
    taken = tmp_path / "out" / (NAME + ending)
    (taken / "mine").mkdir(parents=True)
    said = ""
    try:
        said = write(inspection, tmp_path / "out", ending) or ""
    except ReportError as problem:
        said = str(problem)
    assert "irectory" in said
    assert "\n" not in said
    assert (taken / "mine").is_dir()
    assert not [one for one in (tmp_path / "out").iterdir() if one.name.endswith(".tmp")]


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("ending", [".txt", ".gv", ".json"])
def test_a_link_is_replaced_and_not_followed(
    ending: str, inspection: Inspection, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out" / (NAME + ending)).symlink_to(tmp_path / "mine")
    writer.write(inspection, tmp_path / "out", ["json"])
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "out" / (NAME + ending)).is_symlink()


def test_folders_that_are_missing_are_made(inspection: Inspection, tmp_path: Path) -> None:
    writer.write(inspection, tmp_path / "a" / "b" / "c")
    assert len(list((tmp_path / "a" / "b" / "c").iterdir())) == 2


MOUNT = """
import os, subprocess, sys
folder = sys.argv[1]
done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder])
if done.returncode:
    sys.exit(77)
try:
    with open(os.path.join(folder, "inspect_DPUCZDX8G_ISA1_B4096.txt"), "w") as file:
        file.write("old")
    from vai_inspect.cli import main
    try:
        main(["inspect", sys.argv[2], "-t", "DPUCZDX8G_ISA1_B4096", "-o", folder, "--json"])
    except SystemExit as ended:
        code = ended.code
    print(sorted(os.listdir(folder)), open(os.path.join(folder, os.listdir(folder)[0])).read(9))
finally:
    subprocess.run(["umount", folder])
sys.exit(code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs of Linux")
def test_a_real_disk_that_is_full(tmp_path: Path) -> None:
    layers: List[Any] = [*SMALL["config"]["layers"]]
    last = layers[-1]
    for at in range(200):  # reports larger than the disk
        layers.append({**last, "config": {**last["config"], "name": "s{}".format(at)}})
    model = {**SMALL, "config": {**SMALL["config"], "layers": layers}}
    (tmp_path / "small").mkdir()
    path = archive(tmp_path / "m.keras", model)
    command = [sys.executable, "-c", MOUNT, str(tmp_path / "small"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("nobody but root may mount a small disk")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("vai-inspect: error: output_dir is ")
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    # The old report is there, and nothing beside it.
    assert done.stdout.splitlines()[-1] == "['{}.txt'] old".format(NAME)
