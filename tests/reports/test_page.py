"""The page: one file that fetches nothing, has it all and takes no name for markup."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from tests.graphs import conv, node
from tests.reports import samples
from vai_inspect.core.capture import Captured
from vai_inspect.core.estimate import Accuracy, Estimate, OpEstimate, Platform
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph
from vai_inspect.core.plan import PlanCounts, PlanStep
from vai_inspect.inspector import BaseInspector
from vai_inspect.reports.html import page, sections, table
from vai_inspect.reports.text.lines import plain

MODELS = {
    "mixed": samples.mixed,
    "all on the DPU": samples.all_on_dpu,
    "hostile": samples.hostile,
    "many causes": lambda: samples.many(300),
    "chain of 400": lambda: samples.chain(400),
    "dense": samples.dense,
    "empty": lambda: samples.inspection("empty", [], {}),
}
VOID = {"meta", "br", "input", "rect"}


class Reader(HTMLParser):
    """Collects what is in which element; every tag that is opened must be closed in turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.policy = [], [], None
        self.held = {"script": [], "style": [], "title": []}
        self.ids, self.words = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.elements.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in self.held:
            self.held[self.open[-1]].append(data)
        else:
            self.words.append(data)


@pytest.fixture(params=sorted(MODELS), scope="module")
def model(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def found(model):
    return Reader(page.render(model))


def test_it_fetches_nothing_and_its_policy_lets_nothing_but_its_own_script_run(found):
    for tag, attributes in found.elements:
        assert not {"src", "style", "srcset", "action", "data"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "#").startswith("#")
        assert tag not in ("link", "img", "iframe", "form", "base", "object")
    _, script = found.held["script"]
    (style,) = found.held["style"]
    for name, content in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode()
        assert "{}-src 'sha256-{}'".format(name, digest) in found.policy
    assert found.policy.startswith("default-src 'none'; ")
    assert "unsafe" not in found.policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script + style)
    assert not re.search(r"\b(fetch|XMLHttpRequest|import|eval|innerHTML|url\((?!#))", script)
    assert len(found.ids) == len(set(found.ids))


def test_every_operator_is_in_the_table_and_in_the_data(model, found):
    words = "".join(found.words)
    data = json.loads(found.held["script"][0])
    assert [op["name"] for op in data["ops"]] == [plain(op.name) for op in model.ops]
    assert words.count("\n<tr>") == 0
    for op in model.ops:
        if len(op.name) < 200:
            assert plain(op.name) in words
        for finding in op.findings:
            assert plain(finding.message) in data["texts"]
    numbers = {op.name: at for at, op in enumerate(model.ops)}
    for op, held in zip(model.ops, data["ops"]):
        assert held["device"] == op.device.value
        assert held["verdict"] == op.verdict.value
        assert held["reads"] == list(dict.fromkeys(numbers[one.op] for one in op.op.inputs))
        assert len(held.get("reasons", ())) == len(op.findings)


def test_the_tree_holds_each_operator_once_and_its_order_is_topological(model, found):
    data = json.loads(found.held["script"][0])
    order = list(_leaves(data["tree"]))
    assert sorted(order) == list(range(len(model.ops)))
    place = {op: at for at, op in enumerate(order)}
    for at, op in enumerate(data["ops"]):
        assert all(place[source] < place[at] for source in op["reads"])


def _leaves(tree):
    for part in tree[2]:
        if isinstance(part, list):
            yield from _leaves(part)
        else:
            yield part


def test_it_says_what_the_text_says():
    words = " ".join("".join(Reader(page.render(samples.mixed())).words).split())
    for shown in (
        "Not all of the model runs on the DPU",
        "kernel_w is 17, but the convolution engine takes 1-16.",
        "what to change: use a kernel of 16 or less",
        "(verdict unknown)",
        "the rules plug-in 'acme' does not load",
        "fingerprint 0x",
    ):
        assert shown in words
    titles = re.findall('<h2 id="([a-z]+)-title">[A-Z]', page.render(samples.mixed()))
    assert titles == ["causes", "warnings", "operators", "graph"]
    titles = re.findall('<h2 id="([a-z]+)-title">[A-Z]', page.render(samples.all_on_dpu()))
    assert titles == ["operators", "graph"]


def test_the_part_for_notebooks_has_the_table_and_the_graph_alone():
    found = Reader(page.render_part(samples.mixed()))
    assert {"operators", "graph", "block", "data"} <= set(found.ids)
    assert not {"causes", "warnings"} & set(found.ids)
    assert "h1" not in {tag for tag, _ in found.elements}


def test_the_same_model_gives_the_same_bytes():
    assert page.render(samples.mixed()) == page.render(samples.mixed())


def test_large_networks_are_bounded():
    assert len(page.render(samples.dense()).encode("utf-8")) < 600_000
    large = samples.chain(12_000)
    content = page.render(large)
    assert content.count("<tr>") == 1 + table.MOST_ROWS
    assert "and 7,002 more operators, which the JSON report has" in content
    assert content.count('class="show"') == 0
    causes = page.render(samples.many(sections.MOST_CAUSES + 30))
    assert causes.count('class="show"') == sections.MOST_CAUSES
    assert "and 30 more root causes" in causes


ESTIMATE = Estimate(
    platform=Platform("KV260", 1, 300.0, 19.2, 0.5, 0.0),
    dpu_ms=0.3,
    latency_ms=None,
    fps=None,
    ops={"conv1": OpEstimate(250.0, "compute"), "fc": OpEstimate(50.0, "memory")},
    subgraphs={"dpu_subgraph_0": 0.25, "dpu_subgraph_1": 0.05},
    error=Accuracy(5.0, 14.0, 20, 5, ("ZCU104",), ("3.5",)),
    not_counted=("fancy",),
    part_only="a CPU operator stands between operators of the DPU",
)


def test_an_estimate_is_shown_where_the_inspection_has_one():
    content = page.render(dataclasses.replace(samples.mixed(), default_estimate=ESTIMATE))
    words = "".join(Reader(content).words)
    assert "0.3 ms" in words
    assert "error 5% on average, 14% at most" in words
    assert "A CPU operator stands between operators of the DPU." in words
    assert "Not counted, as they have no price: 1 operator on the CPU." in words
    assert '<td class="num" data-v="250.0">250.0<svg' in content
    assert "250 us, bound by the array" in content
    plainly = page.render(samples.mixed())
    assert "time (us)" in content
    assert "time (us)" not in plainly
    unknown = dataclasses.replace(samples.mixed(), estimate_unknown="nobody measured <it>")
    assert "nobody measured &lt;it&gt;" in page.render(unknown)


def test_a_plan_is_shown_where_there_is_one():
    counts = [PlanCounts(cpu, 2, 3, 400, 500) for cpu in (1200, 1)]
    step = PlanStep("rewrite", None, ("fancy",), "use <b>", "x = a < b", "approximate", *counts)
    content = page.render(dataclasses.replace(samples.mixed(), steps=(step,)))
    words = "".join(Reader(content).words)
    assert "use <b> (approximate: retrain)" in words
    assert "CPU operators 1,200 -> 1" in words
    assert "x = a < b" in words
    titles = re.findall('<h2 id="([a-z]+)-title">[A-Z]', content)
    assert titles == ["plan", "causes", "warnings", "operators", "graph"]


class OneNetwork(BaseInspector):
    """Of whatever model, this network."""

    def capture(self, model, input_args=None, device="cpu", trust=False):
        graph = Graph("one", [node("x", "data"), conv("wide", "x", kernel=(17, 17), pad=(8,) * 4)])
        return Captured(graph, ModelInfo("one", "keras", "3", "config"))


def test_an_inspector_writes_it_on_request(tmp_path):
    inspector = OneNetwork("DPUCZDX8G_ISA1_B4096")
    found = inspector.inspect(None, output_dir=tmp_path, verbose_level=0, write_html=True)
    written = tmp_path / "inspect_DPUCZDX8G_ISA1_B4096.html"
    assert written.read_text(encoding="utf-8") == page.render(found)
    inspector.inspect(None, output_dir=tmp_path / "other", verbose_level=0)
    assert not list((tmp_path / "other").glob("*.html"))
