"""Builds the page that inspects files in a browser: static files, in web/vai_inspect_page.

    python web/build.py            # anew, where the sources are others than those it was built from
    python web/build.py --check    # ends with 1 where they are

Needs node and npm, and the Python environment that vai-inspect is installed in. The parts of others
come from npm, pinned by version and hash; a server of any kind serves the folder, and nothing is
fetched from elsewhere when it is used.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

from vai_inspect._version import __version__
from vai_inspect.reports.html.page import SCRIPTS, STYLES, asset

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
OUTPUT = WEB / "vai_inspect_page"
SOURCES = ("vai_inspect", "frontends", "reports", "rules", "LICENSE", "README.md", "pyproject.toml")
SOURCES += ("setup.cfg",)


ABOUT = '''"""The static files of the page."""

__version__ = "{}"
SOURCES = "{}"
'''
CANNOT = 3
"""Exit code where node, npm or its registry is not there."""


class Package(NamedTuple):
    """A package of npm.

    Attributes:
        name: with its version.
        sha512: of its archive, as npm writes it.
        files: what is taken of it, and where that goes.
    """

    name: str
    sha512: str
    files: Dict[str, str]


PYODIDE = Package(
    "pyodide@0.29.5",  # Python 3.13
    "TkYrUv9m8QmfImADKRmpwZulL48E0uUaBSO+dvRQKyAJc0qh9gu7jn8btyHPh3NZm1r2IH2YrJhIr7Q2B9urAw==",
    {
        name: "pyodide/" + name
        for name in ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
    },
)
VIZ = Package(
    "@viz-js/viz@3.31.0",
    "r7zlQdRvcwvIpjHGgs+KNWHeE/P5/Dq7k8ZAKaMCbZqomxCBJV78gVuQYaHzFVca+kB0mX0fMW9UFevCOBG50A==",
    {"dist/viz.js": "viz.js"},
)


def main() -> None:
    """Builds the folder and prints its size."""
    if "--check" in sys.argv[1:]:
        sys.exit(not _is_current())
    if _is_current():
        return
    shutil.rmtree(OUTPUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(WEB / "static", OUTPUT)
        for package in (PYODIDE, VIZ):
            _unpack(package, _packed(package, Path(work)))
        _write("report.js", '"use strict";\n' + "".join(map(asset, SCRIPTS)))
        _write("report.css", asset(STYLES))
        site = _site(Path(work))
        _archive(site, Path(work) / "python.zip")
        _run("node", str(WEB / "snapshot.mjs"), str(OUTPUT), str(Path(work) / "python.zip"))
        # The modules are in the snapshot; the files that they read are not.
        _archive(site, OUTPUT / "data.zip", leave_out=(".py", ".md"))
    _write("__init__.py", ABOUT.format(__version__, _sources()))
    files = [path for path in OUTPUT.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(f"{OUTPUT}: {len(files)} files, {size / 1e6:.1f} MB")


def _is_current() -> bool:
    about = OUTPUT / "__init__.py"
    return about.is_file() and _sources() in about.read_text(encoding="utf-8")


def _sources() -> str:
    """Returns a hash of what the page is built from."""
    own = ("static", "build.py", "snapshot.mjs", "pyproject.toml")
    places = [*(ROOT / name for name in SOURCES), *(WEB / name for name in own)]
    files = {
        path
        for place in places
        for path in (place, *place.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _packed(package: Package, folder: Path) -> Path:
    """Returns the archive of a package of npm; another one than is known is an error."""
    try:
        _run("npm", "pack", "--silent", package.name, "--pack-destination", str(folder))
    except subprocess.CalledProcessError:
        print(f"npm cannot get {package.name}.", file=sys.stderr)
        sys.exit(CANNOT)
    name, _, version = package.name.lstrip("@").replace("/", "-").rpartition("@")
    archive = folder / f"{name}-{version}.tgz"
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        sys.exit(f"{package.name} has the hash sha512-{found}, which is not the known one.")
    return archive


def _unpack(package: Package, archive: Path) -> None:
    with tarfile.open(archive) as opened:
        members = {name: opened.extractfile("package/" + name) for name in _wanted(package)}
        content = {name: stream.read() for name, stream in members.items() if stream is not None}
    for name, to in package.files.items():
        (OUTPUT / to).parent.mkdir(exist_ok=True)
        (OUTPUT / to).write_bytes(content[name])
    if package is PYODIDE:  # of what could be installed nothing is, but Pyodide wants the list
        lock = {**json.loads(content["pyodide-lock.json"]), "packages": {}}
        _write("pyodide/pyodide-lock.json", json.dumps(lock))


def _wanted(package: Package) -> Tuple[str, ...]:
    return (*package.files, *(["pyodide-lock.json"] if package is PYODIDE else []))


def _site(work: Path) -> Path:
    """Returns a folder with this package and PyYAML without its C part."""
    tree, site = work / "tree", work / "site"
    tree.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, tree / name)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps")
    _run(*pip, "--target", str(site), str(tree))
    shutil.rmtree(site / "bin")
    for path in site.glob("*.dist-info/direct_url.json"):  # names a folder of this machine
        path.unlink()
    yaml = distribution("pyyaml")
    for path in yaml.files or ():
        if path.parts[0] == "yaml" and path.suffix == ".py":
            (site / path).parent.mkdir(exist_ok=True)
            shutil.copy2(yaml.locate_file(path), site / path)
    return site


def _archive(folder: Path, archive: Path, leave_out: Tuple[str, ...] = ()) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in leave_out:
                opened.write(path, path.relative_to(folder))


def _write(name: str, text: str) -> None:
    (OUTPUT / name).write_text(text, encoding="utf-8")


def _run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        print(f"the page is built with {command[0]}, which is not installed.")
        sys.exit(CANNOT)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
