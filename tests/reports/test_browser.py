"""The page in a browser: it loads without errors, fetches nothing and does what it says.

Needs the Python package playwright and Chromium, which .ci/run installs.
"""

from __future__ import annotations

import html
import shutil

import pytest

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.reports.html import notebook, page
from vai_inspect.reports.text.lines import plain

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

SIZES = {"wide": (1400, 900), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        # As root, in CI, Chromium runs only without its sandbox; the pages are this test's own.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page from a file; whatever it asks for and complains of fails the test."""
    pages, troubles = [], []

    def open_page(content, size="wide", scheme="light"):
        file = tmp_path / "page.html"
        file.write_text(content, encoding="utf-8")
        width, height = SIZES[size]
        shown = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        pages.append(shown)
        shown.on("pageerror", lambda error: troubles.append(str(error)))
        shown.on("console", lambda message: troubles.append(message.text))
        asked = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto(file.as_uri())
        assert asked == [file.as_uri()]
        return shown

    yield open_page
    for shown in pages:
        shown.close()
    assert troubles == []


def show(opened, inspection, **options):
    return opened(page.render(inspection), **options)


def rows(shown):
    return shown.locator("#table tbody tr:visible .op").all_inner_texts()


def boxes(shown):
    return shown.locator("#canvas .box").evaluate_all(
        "found => found.map(one => one.getAttribute('aria-label'))"
    )


def branches():
    """A network of two stages; the second waits for an operator of the first that no DPU runs."""
    ops = [samples.op("x", "data", device=Device.USER)]
    for stage in ("stage1", "stage2"):
        before = ops[-1].name
        for block in range(4):
            stem = "{}.{}.".format(stage, block)
            ops.append(samples.op(stem + "conv", "conv2d", [ops[-1].name], macs=1000 + block))
            ops.append(samples.op(stem + "relu", "relu", [ops[-1].name]))
        names = [ops[-1].name, before] if stage == "stage2" else [ops[-1].name]
        ops.append(samples.op(stage + ".add", "add", names))
    bad = samples.op("head.norm", "unknown", [ops[-1].name], attrs=samples.a.UnknownAttrs("Norm"),
                     device=Device.CPU, findings=(samples.KERNEL,))  # fmt: skip
    follows = samples.op("head.reshape", "reshape", ["head.norm"],
                         attrs=samples.a.ReshapeAttrs((1, 10)), device=Device.CPU,
                         findings=(samples.follows("head.norm"),))  # fmt: skip
    ops += [bad, follows, samples.op("head.fc", "inner-product", ["head.reshape"], macs=7)]
    ops.append(samples.op("return", "return", ["head.fc"], device=Device.USER))
    return samples.inspection("branches", ops, {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
@pytest.mark.parametrize(
    "make",
    [
        samples.mixed,
        samples.all_on_dpu,
        samples.dense,
        lambda: samples.inspection("none", [], {}, (), ("_sink_transpose" * 6,)),
    ],
)
def test_it_opens_without_errors(opened, make, size, scheme):
    inspection = make()
    shown = show(opened, inspection, size=size, scheme=scheme)
    assert len(rows(shown)) == len(inspection.ops)
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert shown.evaluate(wide)


def test_names_with_markup_stay_text(opened):
    inspection = samples.hostile()
    shown = show(opened, inspection)
    assert shown.locator("script").count() == 2
    names = [plain(op.name) for op in inspection.ops]
    listed = shown.locator("#table tbody .op").evaluate_all(
        "all => all.map(one => one.textContent)"
    )
    assert [name for name in listed if len(name) < 200] == [
        name for name in names if len(name) < 200
    ]
    for at in range(len(names)):
        shown.locator("#table tbody .op").nth(at).dispatch_event("click")
        assert shown.locator("#block-title").evaluate("one => one.textContent") == names[at]
    assert shown.locator("b, form").count() == 0


def test_searching_and_filtering_show_what_fits(opened):
    shown = show(opened, branches())
    shown.fill("#search", "STAGE2 relu")
    assert rows(shown) == ["stage2.{}.relu".format(at) for at in range(4)]
    assert shown.inner_text("#shown") == "4 of 23 shown"
    shown.fill("#search", "kernel_w is 17")
    assert rows(shown) == ["head.norm"]
    shown.fill("#search", "")
    shown.select_option("#device", "cpu")
    assert rows(shown) == ["head.norm", "head.reshape"]
    shown.select_option("#verdict", "supported")
    assert rows(shown) == []
    shown.click("#reset")
    assert len(rows(shown)) == 23
    shown.select_option("#layer", "stage1.2")
    assert rows(shown) == ["stage1.2.conv", "stage1.2.relu"]


def test_columns_are_sorted(opened):
    shown = show(opened, branches())
    shown.click("th[data-key=macs] button")
    assert rows(shown)[:3] == ["stage1.3.conv", "stage2.3.conv", "stage1.2.conv"]
    assert shown.get_attribute("th[data-key=macs]", "aria-sort") == "descending"
    shown.click("th[data-key=name] button")
    assert rows(shown) == sorted(rows(shown))
    assert shown.get_attribute("th[data-key=macs]", "aria-sort") == "none"
    shown.click("th[data-key=name] button")
    assert rows(shown) == sorted(rows(shown), reverse=True)


def test_modules_open_and_close(opened):
    shown = show(opened, branches())
    shown.click("#close-all")
    assert [name.split(",")[0] for name in boxes(shown)] == [
        "x", "module stage1", "module stage2", "module head", "return"
    ]  # fmt: skip
    shown.locator("[aria-label^='module stage2']").click()
    assert [name for name in boxes(shown) if name.startswith("module 3")]
    shown.locator("[aria-label^='module stage2']").click(position={"x": 20, "y": 10})
    assert len(boxes(shown)) == 5
    shown.click("#open-all")
    assert sum(not name.startswith("module") for name in boxes(shown)) == 23
    assert shown.inner_text("#graph-status") == "34 boxes"


def test_an_operator_shows_its_block_and_its_path_to_the_root_cause(opened):
    shown = show(opened, branches())
    shown.locator("#table .op", has_text="head.reshape").click()
    assert shown.inner_text("#block-title") == "head.reshape"
    block = shown.inner_text("#block-body")
    for words in ("follows from head.norm", "path to the root cause", "head.fc", "output shape"):
        assert words in block
    assert shown.locator("tr[aria-current] .op").inner_text() == "head.reshape"
    marked = shown.locator(".box.marked").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert [name.split(",")[0] for name in marked] == ["head.norm", "head.reshape"]
    assert shown.locator("path.arrow.blame").count() == 1
    shown.locator("#block .path .op").nth(1).click()
    assert shown.inner_text("#block-title") == "head.norm"
    assert "what to change: use a kernel of 16 or less" in shown.inner_text("#block-body")
    shown.keyboard.press("Escape")
    assert shown.locator("#block").is_hidden()
    assert shown.locator(".box.marked").count() == 0
    shown.locator("#canvas [aria-label^='head.fc']").click()
    assert shown.inner_text("#block-title") == "head.fc"


def test_an_operator_in_closed_modules_is_revealed(opened):
    shown = show(opened, samples.dense())
    shown.click("#close-all")
    shown.fill("#search", "denseblock3.layer20.conv2")
    shown.locator("#table .op:visible").first.click()
    box = shown.locator("#canvas [aria-label^='denseblock3.layer20.conv2']").bounding_box()
    canvas = shown.locator("#canvas").bounding_box()
    assert canvas["y"] < box["y"] < canvas["y"] + canvas["height"]
    assert canvas["x"] < box["x"] < canvas["x"] + canvas["width"]


def test_a_root_cause_shows_its_operators(opened):
    inspection = samples.mixed()
    shown = show(opened, inspection)
    shown.locator(".show").first.click()
    assert rows(shown) == list(inspection.root_causes[0].ops)
    assert shown.locator(".box.marked").count() == 1
    shown.click("#reset")
    assert len(rows(shown)) == len(inspection.ops)


def test_keys_are_enough(opened):
    shown = show(opened, branches())
    shown.click("#close-all")
    shown.locator("#canvas .box[tabindex='0']").focus()
    assert shown.locator("#canvas .box[tabindex='0']").count() == 1
    focused = "document.activeElement.ariaLabel"
    for key, name in (
        ("ArrowDown", "module stage1"),
        ("ArrowDown", "module stage2"),
        ("Enter", "module stage2"),
        ("ArrowDown", "module 0"),
        ("Backspace", "module stage2"),
        ("ArrowUp", "module stage1"),
        ("ArrowUp", "x"),
        ("Enter", "x"),
    ):
        shown.keyboard.press(key)
        assert shown.evaluate(focused).startswith(name + ",")
    assert shown.inner_text("#block-title") == "x"
    shown.locator("#block-close").focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate(focused).startswith("x,")
    shown.locator("body").press("Tab")
    shown.locator("#table .op").nth(3).focus()
    shown.keyboard.press("Enter")
    assert shown.inner_text("#block-title") == "stage1.1.conv"


def test_zooming_changes_the_size_and_fitting_shows_all(opened):
    shown = show(opened, branches())
    shown.click("#open-all")

    def width():
        return shown.locator("#canvas svg").bounding_box()["width"]

    full = width()
    shown.click("#zoom-in")
    assert width() == pytest.approx(1.25 * full, abs=2)
    shown.click("#zoom-fit")
    svg, canvas = (shown.locator(one).bounding_box() for one in ("#canvas svg", "#canvas"))
    assert svg["height"] <= canvas["height"]
    shown.click("#zoom-full")
    assert width() == full


def test_dragging_moves_the_graph_and_chooses_nothing(opened):
    shown = show(opened, samples.dense())
    shown.click("#open-all")
    shown.locator("#canvas").scroll_into_view_if_needed()
    box = shown.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = shown.evaluate("document.getElementById('canvas').scrollTop")
    shown.mouse.move(x, y)
    shown.mouse.down()
    shown.mouse.move(x, y - 150, steps=4)
    shown.mouse.up()
    assert shown.evaluate("document.getElementById('canvas').scrollTop") == before + 150
    assert shown.locator("#block").is_hidden()


OVERLAPS = """() => {
  const place = (one) => one.getBoundingClientRect();
  const scale = place(document.querySelector("#canvas svg")).width / document.querySelector("#canvas svg").viewBox.baseVal.width;
  const solid = [...document.querySelectorAll(".box:not(.frame) > rect, .box.frame > rect.title")].map(place);
  const origin = place(document.querySelector("#canvas svg"));
  const found = [];
  for (const arrow of document.querySelectorAll("path.arrow")) {
    const length = arrow.getTotalLength();
    for (let at = 3; at < length - 3; at += 4) {
      const point = arrow.getPointAtLength(at);
      const x = (point.x + 14) * scale + origin.left;
      const y = (point.y + 14) * scale + origin.top;
      if (solid.some((box) => x > box.left + 1 && x < box.right - 1 && y > box.top + 1 && y < box.bottom - 1)) found.push(arrow.getAttribute("d"));
    }
  }
  for (const [at, one] of solid.entries()) {
    for (const other of solid.slice(at + 1)) {
      if (one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1) found.push([one, other]);
    }
  }
  return found;
}"""  # noqa: E501


@pytest.mark.parametrize(
    "make", [samples.mixed, branches, lambda: samples.dense((6, 8)), lambda: samples.chain(60)]
)
def test_no_arrow_runs_through_a_box_or_a_title_and_no_boxes_overlap(opened, make):
    shown = show(opened, make())
    shown.click("#open-all")
    assert shown.locator("path.arrow").count() > 5
    assert shown.evaluate(OVERLAPS) == []


def test_text_stands_out_from_its_ground(opened):
    """Of the contrast that WCAG asks for at level AA."""
    for scheme in ("light", "dark"):
        shown = show(opened, samples.mixed(), scheme=scheme)
        shown.locator("#table .op", has_text="fancy").click()
        poor = shown.evaluate(CONTRAST)
        assert poor == []


CONTRAST = """() => {
  const channels = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((one) => one / 255).map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      if (at.matches(".box")) return channels(getComputedStyle(at.querySelector("rect")).fill);
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
  };
  const poor = [];
  for (const one of document.querySelectorAll("body *:not(script)")) {
    const own = [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !one.getClientRects().length || one.closest("title, option, .skip")) continue;
    const style = getComputedStyle(one);
    const inGraph = one instanceof SVGElement;
    const [a, b] = [light(channels(inGraph ? style.fill : style.color)), light(ground(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push([one.outerHTML.slice(0, 80), (a + 0.05) / (b + 0.05)]);
  }
  return poor;
}"""  # noqa: E501


def test_what_can_be_operated_has_a_name(opened):
    shown = show(opened, samples.mixed())
    nameless = shown.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [role=button]")]
          .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.closest("label")))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_without_its_script_it_can_be_read(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page.render(samples.mixed()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(file.as_uri())
    assert shown.locator("#table tbody tr").count() == len(samples.mixed().ops)
    assert shown.locator("#table-tools, #graph-tools, #block, .show").count()
    assert not shown.locator("#table-tools:visible, #graph-tools:visible, .show:visible").count()
    assert "does not run" in shown.inner_text("#graph")
    context.close()


def test_the_large_network_opens_in_a_second(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page.render(samples.dense((6, 12, 48, 32))), encoding="utf-8")
    took = []
    while not took or (len(took) < 4 and min(took) >= 1000):  # others may use the machine
        shown = browser.new_page()
        shown.goto(file.as_uri())
        took.append(shown.evaluate("performance.getEntriesByType('navigation')[0].duration"))
        shown.close()
    assert min(took) < 1000


def test_a_notebook_shows_it_in_a_frame(opened):
    shown = opened(
        "<!DOCTYPE html><html><head><title>{}</title></head><body>{}</body></html>".format(
            html.escape("cell"), notebook.render(samples.mixed())
        )
    )
    shown.locator("summary", has_text="all operators and the graph").click()
    inside = shown.frame_locator("iframe")
    inside.locator("#table .op", has_text="conv1").click()
    assert inside.locator("#block-title").inner_text() == "conv1"
