"""The wheel and the source distribution: what is in them, and that they work outside the tree.

Both are built from a copy of the tree, installed by pip with what they ask for into an empty
environment in another folder, and used from there.
"""

from __future__ import annotations

import configparser
import email
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

# Not `build`: with no such package installed, a folder of that name in the tree would pass for it.
pytest.importorskip("build.env")

from tests.project import PROJECT, ROOT, VERSION

PLUGIN = ROOT / "docs" / "plugin_example"
PLACES = {
    "vai_inspect": "vai_inspect",
    "frontends": "vai_inspect/frontends",
    "rules": "vai_inspect/rules",
    "reports": "vai_inspect/reports",
}
"""Where the folders of the tree are installed."""
CONV = {"strides": [1, 1], "dilation_rate": [1, 1], "groups": 1, "data_format": "channels_last"}
CONV.update(filters=16, padding="same", activation="relu", use_bias=True)
LAYERS = [
    ("InputLayer", {"name": "image", "batch_shape": [None, 32, 32, 3], "dtype": "float32"}),
    ("Conv2D", {"name": "conv", "kernel_size": [3, 3], **CONV}),
    ("Conv2D", {"name": "wide", "kernel_size": [17, 17], **CONV}),
]
"""Of a network whose second convolution has too large a kernel for a DPU."""


def run(*command, cwd):
    """Runs a command in a folder outside the tree, without what this process sees of the tree."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=str(cwd),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout


def succeed(*command, cwd):
    code, output = run(*command, cwd=cwd)
    assert code == 0, output
    return output


def copy_of(tree, target):
    """Copies the tree without what git ignores: what was built there before must not get in."""
    lines = (tree / ".gitignore").read_text().split()
    everywhere = [line.strip("/") for line in lines if not line.startswith("/")]
    at_the_top = [line.strip("/") for line in lines if line.startswith("/")] + [".git"]

    def ignored(folder, names):
        patterns = everywhere + (at_the_top if Path(folder) == tree else [])
        return {name for pattern in patterns for name in fnmatch.filter(names, pattern)}

    shutil.copytree(str(tree), str(target), ignore=ignored)
    return target


def built(tree, *options):
    """Builds in a folder with this environment's setuptools, or with one of its own if too old."""
    command = (sys.executable, "-m", "build", *options, "--outdir", tree.parent / "dist", ".")
    code, output = run(*command, "--no-isolation", cwd=tree)
    if "Missing dependencies" in output or "is not available" in output:
        code, output = run(*command, cwd=tree)
    assert code == 0, output
    return tree.parent / "dist"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return copy_of(ROOT, tmp_path_factory.mktemp("tree") / "copy")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    copy = copy_of(ROOT, tmp_path_factory.mktemp("sdist") / "copy")
    (found,) = built(copy, "--sdist").glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    copy = copy_of(ROOT, tmp_path_factory.mktemp("wheel") / "copy")
    (found,) = built(copy, "--wheel").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(str(sdist)) as archive:
        archive.extractall(
            str(folder), **({"filter": "data"} if sys.version_info >= (3, 12) else {})
        )
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(str(wheel)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def files_of(folder):
    """The content of each file below a folder, by its path from there."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def files_in(wheel):
    with zipfile.ZipFile(str(wheel)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(tree, wheel):
    wanted = {
        "{}/{}".format(place, name): content
        for folder, place in PLACES.items()
        for name, content in files_of(tree / folder).items()
    }
    found = {name: text for name, text in files_in(wheel).items() if ".dist-info/" not in name}
    assert sorted(found) == sorted(wanted)
    assert found == wanted
    kinds = {Path(name).suffix for name in found}
    assert kinds >= {".py", ".yaml", ".json", ".typed"}
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_source_distribution_is_the_whole_tree(tree, unpacked):
    wanted, found = files_of(tree), files_of(unpacked)
    made = {name for name in found if ".egg-info/" in name or name == "PKG-INFO"}
    assert sorted(set(found) - made) == sorted(wanted)
    # setuptools writes setup.cfg anew, with an empty tag of the version in it.
    changed = {name for name in wanted if found[name] != wanted[name]}
    assert changed <= {"setup.cfg"}
    wanted, found = configured(tree), configured(unpacked)
    assert found.pop("egg_info") == {"tag_build": "", "tag_date": "0"}
    assert found == wanted


def configured(folder):
    parser = configparser.ConfigParser()
    parser.read(str(folder / "setup.cfg"), encoding="utf-8")
    return {name: dict(parser[name]) for name in parser.sections()}


def test_the_wheel_of_the_source_distribution_is_that_of_the_tree(wheel, unpacked):
    (again,) = built(unpacked, "--wheel").glob("*.whl")
    assert again.name == wheel.name
    assert files_in(again) == files_in(wheel)


def test_the_metadata_is_whole(tree, metadata):
    assert metadata["Name"] == PROJECT["name"]
    assert metadata["Version"] == VERSION
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata["License"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Description-Content-Type"] == "text/markdown"
    readme = (tree / "README.md").read_text(encoding="utf-8")
    assert metadata.get_payload(decode=True).decode().strip() == readme.strip()
    minors = re.findall(r"Python :: 3\.(\d+)$", "\n".join(metadata.get_all("Classifier")), re.M)
    assert minors == [str(minor) for minor in range(8, 14)]
    assert set(metadata.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])
    asked = plain(metadata.get_all("Requires-Dist"))
    alone = [line for line in asked if "extra==" not in line]
    assert sorted(alone) == sorted(plain(PROJECT["dependencies"]))
    assert "tensorflow-cpu>=2.8;extra==keras-cpu" in asked


def plain(requirements):
    """Requirements without spaces and quotes, in which releases of setuptools differ."""
    return [re.sub("[ \"']", "", requirement) for requirement in requirements]


def test_the_license_is_in_the_wheel(tree, wheel):
    (found,) = [text for name, text in files_in(wheel).items() if name.endswith("/LICENSE")]
    assert found == (tree / "LICENSE").read_bytes()


class Installed:
    """An environment with the wheel in it."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        venv.create(str(folder / "env"), with_pip=True)
        self.site = Path(self.python("import sysconfig; print(sysconfig.get_path('purelib'))"))
        self.before = self.names()

    def pip_install(self, *words):
        """Installs by pip.

        An index that cannot be reached skips the test; anything else that goes wrong fails it.
        """
        command = (self.bin / "python", "-m", "pip", "install", "--retries", "2", *words)
        code, output = run(*command, cwd=self.folder)
        if code and re.search(
            "New(Connection|NameResolution)Error|NameResolution|ProxyError", output
        ):
            pytest.skip("the package index cannot be reached")
        assert code == 0, output

    def names(self):
        return {path.name for path in self.site.iterdir()}

    def python(self, statement):
        return succeed(self.bin / "python", "-c", statement, cwd=self.folder).strip()

    def vai_inspect(self, *words):
        return succeed(self.bin / "vai-inspect", *words, cwd=self.folder)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    made = Installed(tmp_path_factory.mktemp("installed"))
    made.pip_install("--no-deps", "--no-index", wheel)
    made.added = made.names() - made.before
    made.pip_install(wheel)
    return made


def test_only_vai_inspect_appears_in_site_packages(installed, metadata):
    info = "vai_inspect-{}.dist-info".format(metadata["Version"])
    assert installed.added == {"vai_inspect", info}


def test_it_is_imported_from_there(installed):
    there = installed.python("import vai_inspect; print(vai_inspect.__file__)")
    assert Path(there) == installed.site / "vai_inspect" / "__init__.py"


def test_what_it_asks_for_is_enough_to_import_every_module_but_the_frameworks(installed):
    walk = (
        "import importlib, pkgutil, vai_inspect\n"
        "for module in pkgutil.walk_packages(vai_inspect.__path__, 'vai_inspect.'):\n"
        "    name = module.name\n"
        # What `fix` does with a live model needs the framework that made it.
        "    if name.startswith(('vai_inspect.frontends.', 'vai_inspect.fixing.')):\n"
        "        continue\n"
        "    if '__main__' in name:\n"
        "        continue\n"
        "    importlib.import_module(module.name)\n"
        "    print(module.name)"
    )
    modules = installed.python(walk).split()
    assert {"vai_inspect.rules.czdx8g", "vai_inspect.reports", "vai_inspect.cli"} <= set(modules)


def test_targets_of_every_family_are_listed(installed):
    listed = json.loads(installed.vai_inspect("targets", "--json"))
    files = [path.read_text(encoding="utf-8") for path in ROOT.glob("rules/*/targets.yaml")]
    wanted = {re.search(r"^dpu: (\S+)", text, re.M).group(1) for text in files}
    assert len(wanted) == len(files) == 8
    assert {target["family"] for target in listed} == wanted


def test_a_keras_file_is_inspected_and_the_reports_are_written(installed):
    layers = [
        {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
        for name, config in LAYERS
    ]
    config = {"name": "small", "layers": layers}
    model = {"module": "keras", "class_name": "Sequential", "config": config}
    with zipfile.ZipFile(str(installed.folder / "small.keras"), "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
        archive.writestr("config.json", json.dumps({**model, "registered_name": None}))
    options = ("--target", "DPUCZDX8G_ISA1_B4096", "--output-dir", "out", "--json")
    printed = installed.vai_inspect("inspect", "small.keras", *options)
    assert "wide" in printed
    out = installed.folder / "out"
    assert {path.suffix for path in out.iterdir()} == {".txt", ".gv", ".json"}
    (report,) = out.glob("*.json")
    devices = {op["name"]: op["device"] for op in json.loads(report.read_text())["ops"]}
    assert devices["conv"] == "dpu"
    assert devices["wide"] == "cpu"


def test_a_plugin_is_found(installed, tmp_path_factory):
    copy = tmp_path_factory.mktemp("plugin") / "copy"
    shutil.copytree(str(PLUGIN), str(copy), ignore=shutil.ignore_patterns("build", "*.egg-info"))
    (plugin,) = built(copy, "--wheel").glob("*.whl")
    installed.pip_install("--no-deps", "--no-index", plugin)
    assert "DPUACME_ISA0_SMALL" in installed.vai_inspect("targets", "--family", "acme")
