"""The notebook's view: well formed, escaped, with the page in a frame."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.comparison import Comparison
from vai_inspect.reports.html import comparison as comparison_html
from vai_inspect.reports.html import notebook, page
from vai_inspect.reports.picture import renderers
from vai_inspect.reports.text import comparison

VOID = {"br"}
TAGS = VOID | {"div", "p", "b", "i", "small", "ol", "ul", "li", "details", "summary"}
TAGS |= {"table", "tr", "th", "td", "iframe"}
ATTRIBUTES = ("style", "open", "start")


class Reader(HTMLParser):
    """Collects text and tags; every tag that is opened must be closed in turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.frames = [], set(), [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "iframe":
            self.frames.append(dict(attrs))
        else:
            assert all(name in ATTRIBUTES for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize(
    "make", [samples.mixed, samples.all_on_dpu, samples.hostile, lambda: samples.chain(60)]
)
def test_it_is_well_formed_and_holds_no_markup_of_the_models(make):
    found = Reader(notebook.render(make()))
    assert found.tags <= TAGS


def test_hostile_names_are_shown_as_they_are():
    words = "".join(Reader(notebook.render(samples.hostile())).words)
    for shown in (
        "<b>html</b>",
        "&lt; &amp;",
        "line\\nassigned device: dpu",
        "right-to-left \\u202e",
    ):
        assert shown in words


def test_it_says_what_the_console_says():
    words = " ".join("".join(Reader(notebook.render(samples.mixed())).words).split())
    for shown in (
        "Not all of the model runs on the DPU",
        "kernel_w is 17, but the convolution engine takes 1-16.",
        "what to change: use a kernel of 16 or less",
        "verdict unknown",
        "czdx8g.conv.kernel [partition_rule]",
        "warning: the rules plug-in 'acme' does not load",
    ):
        assert shown in words


def test_the_page_stands_in_a_frame_that_reaches_nothing_outside():
    (frame,) = Reader(notebook.render(samples.hostile())).frames
    assert frame.pop("srcdoc") == page.render_part(samples.hostile())
    assert frame.pop("sandbox") == "allow-scripts"
    assert set(frame) == {"title", "loading", "style"}


def test_no_renderer_is_asked(monkeypatch):
    monkeypatch.setattr(renderers, "find_renderers", lambda image_format="svg": 1 / 0)
    assert "kernel_w is 17" in "".join(Reader(notebook.render(samples.mixed())).words)


def test_many_operators_are_reported_in_part():
    findings = [samples.saying("reason {}".format(at)) for at in range(150)]
    ops = [samples.op("x", "data")]
    for at, finding in enumerate(findings):
        ops.append(
            samples.op(
                "op{}".format(at), "conv2d", [ops[-1].name], device=samples.Device.CPU,
                findings=(finding,),
            )
        )  # fmt: skip
    words = "".join(Reader(notebook.render(samples.inspection("many", ops, {}))).words)
    assert "reason 99" in words
    assert "reason 100" not in words
    assert "and 50 more rows" in words


def test_results_show_themselves():
    import vai_inspect.comparing  # noqa: F401

    inspection = samples.mixed()
    assert inspection._repr_html_() == notebook.render(inspection)
    shown = Comparison.of([samples.hostile()], Allowlist())._repr_html_()
    assert shown == comparison_html.render(Comparison.of([samples.hostile()], Allowlist()))


@pytest.mark.parametrize("allow", [(), ("features.*", "fancy")])
def test_a_comparison_is_a_table_that_says_what_its_text_says(allow):
    compared = Comparison.of([samples.mixed(), samples.mixed()], Allowlist(allow))
    found = Reader(comparison_html.render(compared))
    assert found.tags <= TAGS
    words = " ".join("".join(found.words).split())
    for shown in ("Net on 2 targets", "2/5", "<=42.2%", *allow):
        assert shown in words
    page = comparison.render(compared)
    assert ("kernel_w is 17" in words) == ("kernel_w is 17" in page) == (not allow)
    assert ("No target takes" in words) == ("No target takes" in page)


def test_a_comparison_holds_no_markup_of_the_models():
    found = Reader(comparison_html.render(Comparison.of([samples.hostile()], Allowlist())))
    assert found.tags <= TAGS


def test_of_many_root_causes_the_first_are_open():
    inspection = samples.mixed()
    causes = inspection.root_causes[:1] * 5
    shown = notebook.render(dataclasses.replace(inspection, root_causes=causes))
    Reader(shown)
    seen, behind = shown.split("<details><summary>2 more root causes</summary>")
    assert seen.count("kernel_w is 17") == 3
    assert '<ol start="4">' in behind
    assert "more root cause" not in notebook.render(inspection)
