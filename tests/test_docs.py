"""Every command and snippet of the README and of docs/ is run, and what is shown of them is so.

A `sh` block is run line by line, a `python` block as a whole; blocks of one page share a folder
and, in Python, their names. A block with a title is saved under it. The lines of a `text` block
behind one must be in what it printed.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

keras = pytest.importorskip("keras")

from benchmarks.__main__ import parsed as benchmark_options  # noqa: E402
from tests.frontends.onnx.building import Constant, graph, model, node  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect import cli  # noqa: E402
from vai_inspect.rules.engine import registry  # noqa: E402

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
]
LINKED = [*PAGES, ROOT / "CONTRIBUTING.md"]
NAMES = [page.relative_to(ROOT).as_posix().replace("docs/", "") for page in PAGES]
FENCE = re.compile(r'^```([\w-]*)(?: title="([\w.]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def blocks(page):
    return FENCE.findall(page.read_text(encoding="utf-8"))


def commands(block):
    """Yields the words of each command, and the exit code that a comment behind it tells."""
    for line in block.replace("\\\n", " ").splitlines():
        told = re.search(r"#.*\bexit code (\d)", line)
        words = shlex.split(line, comments=True)
        if words:
            yield words, int(told.group(1)) if told else 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with what the pages speak of."""
    shutil.copy(str(ROOT / "docs" / "example.py"), str(tmp_path / "my_model.py"))
    nodes, weights = [node("Conv", ["x", "w"], ["y"])], Constant((8, 3, 3, 3), [0.01] * 216)
    whole = graph(nodes, {"x": (1, 3, "h", "w")}, {"y": (1, 8, "i", "j")}, {"w": weights})
    (tmp_path / "model.onnx").write_bytes(model(whole))
    (tmp_path / "arch.json").write_text('{"target": "DPUCZDX8G_ISA1_B4096"}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    monkeypatch.undo()
    registry.registry.cache_clear()


def run(words, code, monkeypatch):
    """Runs a command of ours; of others it makes sure that what they name is there."""
    if words == ["pip", "install", "./docs/plugin_example"]:
        install_plugin(monkeypatch)
    elif words[:2] == ["vai-inspect", "page"]:
        assert words[2:] == []  # it serves until it is ended: tests/page/test_serve.py runs it
    elif words[0] == "vai-inspect":
        with pytest.raises(SystemExit) as ended:
            cli.main(words[1:])
        assert ended.value.code == code, words
    elif words[:2] == ["pip", "install"]:
        installable(words[2:])
    elif words[:3] == ["python", "-m", "benchmarks"]:
        benchmark_options(words[3:])  # tests/test_benchmarks.py runs each section, but shorter
    elif words[:3] == ["python", "-m", "benchmarks.calibration"]:
        assert set(words[3:]) <= {"--markdown", "--write"}  # tests/test_calibration.py runs it
    elif words[0] in ("sh", "bash"):
        assert (ROOT / words[1]).is_file(), words
    elif words[:3] == ["python", "-m", "build"]:
        assert words[3:] == [], "tests/test_distribution.py runs it without arguments"
    elif words[:2] == ["python", "web/build.py"]:
        assert (ROOT / words[1]).is_file()  # .ci/page runs it
    elif words[:3] == ["python", "-m", "http.server"]:
        assert words[words.index("--directory") + 1] == "web/vai_inspect_page"
    elif words[0] == "docker":
        assert (ROOT / "Dockerfile").is_file()  # tests/test_ci_files.py reads it
    elif words[0] in ("conda", "rattler-build"):
        for_conda(words[1:])
    else:
        assert words[0] in ("cd", "pytest"), "what to do with {}?".format(words)


def install_plugin(monkeypatch):
    """Installs the example of a family as its author would, but in a folder of its own."""
    shutil.copytree(str(ROOT / "docs" / "plugin_example"), "plugin_example")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", "site"]
    command = [sys.executable, "-m", "pip", "install", *options, "./plugin_example"]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.syspath_prepend(str(Path("site").resolve()))
    registry.registry.cache_clear()


def for_conda(words):
    """The files that are named are there, and what is installed is what the recipe asks for."""
    for word in words:
        assert "/" not in word or (ROOT / word).is_file(), word
    if words[0] == "install":
        recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
        asked = [word.split()[0] for word in recipe["requirements"]["run"]]
        assert words[1:] == ["-c", "conda-forge", *(name for name in asked if name != "python")]


def installable(words):
    for word in words:
        path, _, extras = word.partition("[")
        if not word.startswith(("-", "https:")) and (path in (".", "") or "/" in path):
            assert (ROOT / path / "pyproject.toml").is_file(), word
        for extra in filter(None, extras.rstrip("]").split(",")):
            assert re.search("^{} = ".format(extra), PYPROJECT, re.MULTILINE), word


# Keras 3.15 saves a model with numpy 2 so.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_a_page_shows_is_so(page, folder, monkeypatch, capsys):
    if "torchvision" in page.read_text(encoding="utf-8"):
        torchvision_models()
    names, printed = {"__name__": "docs"}, ""
    capsys.readouterr()
    for kind, title, block in blocks(page):
        if title:
            (folder / title).write_text(block, encoding="utf-8")
            continue
        if kind == "text":
            for line in block.splitlines():
                assert " ".join(line.split()) in printed, "{}: {!r} is not so".format(
                    page.name, line
                )
            continue
        if kind == "sh":
            for words, code in commands(block):
                run(words, code, monkeypatch)
        elif kind == "python":
            exec(compile(block, str(page), "exec"), names)
            for name in [name for name in names if name.startswith("test_")]:
                names.pop(name)()
        else:
            # tests/test_judging.py runs the block of Dask.
            others = ("toml", "yaml", "json", "python-dask", "python-ray")
            assert kind in others, "{}: a block of {!r}".format(page.name, kind)
            continue
        out, err = capsys.readouterr()
        shown = out + err + "".join(map(written, sorted(folder.rglob("inspect_*.txt"))))
        # Lines are compared as if they were not broken and not in a table.
        printed = " ".join(shown.split())


def written(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", LINKED, ids=[*NAMES, "CONTRIBUTING.md"])
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    links += re.findall(r'src="([^"]+)"', page.read_text(encoding="utf-8"))
    for link in links:
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_paths_of_the_recipes_lead_somewhere():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    quoted = re.findall(r"`((?:tests|rules|frontends|reports|vai_inspect|docs)/[\w./-]*)`", page)
    commands = re.findall(r"(?<=pytest )[^`\n]+|(?<= )tests/[\w./]+", page)
    named = [*quoted, *(word for line in commands for word in line.split() if "/" in word)]
    assert len(named) > 20
    for path in named:
        assert (ROOT / path).exists(), path


def test_there_is_something_to_run():
    kinds = [kind for page in PAGES for kind, *_ in blocks(page)]
    assert kinds.count("sh") > 5
    assert kinds.count("python") > 5
    assert kinds.count("text") > 3


def test_the_picture_of_the_readme_is_that_of_the_example(tmp_path):
    from vai_inspect.reports.picture import renderers

    if renderers.find_renderer("svg") is None:
        pytest.skip("no renderer is installed")
    model = str(ROOT / "docs" / "example.py") + ":build"
    options = ["-t", "DPUCZDX8G_ISA1_B4096", "-o", str(tmp_path), "--image-format", "svg"]
    with pytest.raises(SystemExit):
        cli.main(["inspect", model, *options])
    (drawn,) = tmp_path.glob("*.svg")
    assert texts(ROOT / "docs" / "example.svg") == texts(drawn)


def texts(svg):
    return sorted(re.findall("<text[^>]*>([^<]*)</text>", svg.read_text(encoding="utf-8")))
