"""The page in a browser gives what the command line gives, and sends nothing anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as Xml
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.hostile.files import archive
from tests.page import files
from tests.page.files import STEM, too_wide
from tests.reports.test_browser import CONTRAST

VIEWS = ("summary", "plan", "estimate", "operators", "compare")
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def networks(address, browser, tmp_path_factory):
    """A folder with the files of real networks."""
    pytest.importorskip("keras")
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("networks")
    files.write_keras(folder)
    files.write_onnx(folder)
    return folder


def command_line(*words, folder):
    command = (sys.executable, "-m", "vai_inspect", "inspect", *words, "-t", "KV260")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def reports(networks, tmp_path_factory):
    """The folder of the reports that the command line writes for the same files."""
    folder = tmp_path_factory.mktemp("reports")
    words = [*files.KERAS, *files.ONNX, "--json", "--report", "html", "-v", "0", "-o", str(folder)]
    done = command_line(*words, folder=networks)
    assert done.returncode == 0, done.stderr
    return folder


def test_ten_real_files_give_the_reports_of_the_command_line(opened, networks, reports):
    page = opened()
    for name in (*files.KERAS, *files.ONNX):
        assert page.choose(networks / name) == ""
        for kind in ("json", "txt", "html"):
            wanted = reports / name / f"{STEM}.{kind}"
            assert page.download(kind) == (wanted.name, wanted.read_bytes()), name


def test_the_views_are_those_of_the_report(opened, networks):
    page = opened()
    page.choose(networks / "efficientnet.keras")
    shown = page.shown
    assert "efficientnetb0" in shown.inner_text("#view-summary h1")
    page.tab("plan")
    assert "Plan" in shown.inner_text("#view-plan")
    page.tab("estimate")
    assert "DPU time per frame" in shown.inner_text("#view-estimate")
    assert shown.locator("#view-estimate tr").count() > 50
    page.tab("operators")
    shown.locator("#table .op", has_text="stem_conv").first.click()
    assert shown.inner_text("#block-title") == "stem_conv"
    page.tab("summary")
    assert not shown.is_visible("#block")


def test_a_root_cause_shows_its_operators(opened, tmp_path):
    page = opened()
    assert page.choose(too_wide(tmp_path)) == ""
    page.shown.locator("[data-cause]").first.click()
    assert page.shown.is_visible("#view-operators")
    assert page.shown.locator("#table tbody tr:visible .op").all_inner_texts() == ["wide"]
    page.tab("plan")
    assert "No cut and no rewrite" in page.shown.inner_text("#view-plan")


def test_the_picture_is_an_svg_of_the_graph(opened, networks):
    page = opened()
    page.choose(networks / "squeezenet.onnx")
    name, picture = page.download("svg")
    assert name == STEM + ".svg"
    told = " ".join(Xml.fromstring(picture).itertext())
    assert "dpu_subgraph_0" in told
    assert "maxpool2d" in told


def test_all_targets_are_compared_and_one_of_them_is_chosen(opened, networks):
    page = opened()
    page.choose(networks / "resnet.onnx")
    page.shown.click("#compare")
    assert page.answer() == ""
    targets = page.shown.locator("#view-compare .op").all_inner_texts()
    assert len(targets) > 25
    page.shown.locator("#view-compare .op", has_text="DPUCAHX8L_ISA0").first.click()
    page.answer()
    assert "DPUCAHX8L_ISA0" in page.shown.inner_text("#view-summary h1")
    page.tab("compare")  # it is of the same file, and stays


def cut_off(folder):
    whole = archive(folder / "whole.keras", {"config": "x" * 10_000})
    (folder / "cut.keras").write_bytes(whole.read_bytes()[:500])
    return "cut.keras"


def a_bomb(folder):
    with zipfile.ZipFile(folder / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("config.json", b" " * 300_000_000)
    return "bomb.keras"


def noise(folder):
    (folder / "noise.onnx").write_bytes(os.urandom(5000))
    return "noise.onnx"


def markup(folder):
    layer = {"class_name": "<img src=x onerror=alert(1)>", "config": {"name": "<b>"}}
    config = {"class_name": "Sequential", "config": {"name": "x", "layers": [layer]}}
    return archive(folder / "<img src=x onerror=alert(1)>.keras", config).name


@pytest.mark.parametrize("make", [cut_off, a_bomb, noise, markup])
def test_a_hostile_file_gives_its_line(opened, tmp_path, make):
    name = make(tmp_path)
    page = opened()
    told = page.choose(tmp_path / name)
    done = command_line(name, folder=tmp_path)
    assert done.returncode == 2
    assert f"vai-inspect: error: {told}\n" == done.stderr
    assert page.shown.is_hidden("#views")
    assert page.shown.locator("img").count() == 0


def test_an_error_says_what_is_valid(opened, networks, tmp_path):
    page = opened()
    page.shown.click("#inspect")
    assert "no file yet" in page.answer()
    (tmp_path / "net.pt2").write_bytes(b"x")
    assert "valid are .keras, .h5, .hdf5 and .onnx" in page.choose(tmp_path / "net.pt2")
    page.shown.fill("#target", "KV26")
    assert "unknown target 'KV26'" in page.choose(networks / "resnet.onnx")
    page.shown.fill("#target", "0x603000b16013831")
    page.shown.fill("#shapes", "1,3,64,x")
    page.shown.click("#inspect")
    assert "1,224,224,3" in page.answer()
    page.shown.fill("#shapes", "")
    page.shown.click("#inspect")
    assert page.answer() == ""
    assert "DPUCAHX8L" not in page.shown.inner_text("#view-summary h1")


def test_a_file_that_was_changed_is_asked_for_again(opened, tmp_path):
    file = too_wide(tmp_path)
    page = opened()
    assert page.choose(file) == ""
    file.unlink()
    page.shown.click("#inspect")
    assert page.answer().endswith("was changed or removed since it was chosen; choose it again.")


class Elsewhere(BaseHTTPRequestHandler):
    """A server that the page is not from."""

    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_nothing_is_sent_and_the_policy_lets_nothing_be_sent(opened, address, networks):
    page = opened()
    page.choose(networks / "mobilenet_v2.h5")
    page.shown.click("#compare")
    page.answer()
    page.download("svg")
    assert [url for url in page.asked if not url.startswith((address, "blob:" + address))] == []
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        elsewhere = f"http://127.0.0.1:{running.server_port}/"
        ask = f"fetch('{elsewhere}').then(() => 'sent', () => 'refused')"
        assert page.shown.evaluate(ask) == "refused"
        assert page.shown.workers[0].evaluate(ask) == "refused"
        running.shutdown()
    assert Elsewhere.asked == []
    assert any("Content Security Policy" in trouble for trouble in page.troubles)
    page.troubles.clear()


def test_the_keyboard_is_enough(opened, networks):
    page = opened()
    shown = page.shown
    # Chromium hands choosers over some time after the first that listens.
    shown.on("filechooser", lambda chooser: None)
    focused = "document.activeElement.id || document.activeElement.dataset.kind"
    shown.keyboard.press("Tab")
    assert "skip" in shown.evaluate("document.activeElement.className")
    shown.keyboard.press("Tab")
    assert shown.evaluate(focused) == "file"
    with shown.expect_file_chooser() as chooser:
        shown.keyboard.press("Enter")
    chooser.value.set_files(str(networks / "mnasnet.onnx"))
    assert page.answer() == ""
    for name in ("target", "shapes", "inspect", "compare", "tab-summary"):
        shown.keyboard.press("Tab")
        assert shown.evaluate(focused) == name
    for key, name in (
        ("ArrowRight", "plan"),
        ("End", "operators"),
        ("ArrowRight", "summary"),
        ("ArrowLeft", "operators"),
        ("Home", "summary"),
    ):
        shown.keyboard.press(key)
        assert shown.evaluate(focused) == "tab-" + name
        assert shown.is_visible("#view-" + name)
    shown.keyboard.press("Tab")
    assert shown.evaluate(focused) == "txt"
    with shown.expect_download() as found:
        shown.keyboard.press("Enter")
    assert found.value.suggested_filename == STEM + ".txt"
    shown.focus("#target")
    shown.keyboard.press("Control+A")
    shown.keyboard.type("ZCU102")
    shown.keyboard.press("Enter")
    assert page.answer() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_every_view_fits_and_can_be_read(opened, networks, size, scheme):
    page = opened(SIZES[size], scheme)
    page.choose(networks / "mobilenet.keras")
    page.shown.click("#compare")
    page.answer()
    for view in VIEWS:
        page.tab(view)
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.shown.evaluate(fits), view
        assert page.shown.evaluate(CONTRAST) == [], view
        nameless = page.shown.evaluate(
            """() => [...document.querySelectorAll("button, input, select, [role=button]")]
              .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.closest("label")))
              .map((one) => one.outerHTML)"""
        )
        assert nameless == []


def test_what_is_cancelled_while_it_loads_is_loaded_again(opened, tmp_path):
    page = opened()
    page.shown.reload(wait_until="commit")
    page.shown.click("#cancel")
    assert page.answer() == ""
    page.shown.locator("#targets option").first.wait_for(state="attached")
    assert page.choose(too_wide(tmp_path)) == ""


def test_a_large_file_is_read_where_it_is_and_can_be_cancelled(opened, networks, tmp_path):
    with zipfile.ZipFile(networks / "mobilenet.keras") as small:
        config, metadata = small.read("config.json"), small.read("metadata.json")
    with zipfile.ZipFile(tmp_path / "large.keras", "w") as large:
        with large.open("model.weights.h5", "w", force_zip64=True) as weights:
            for _ in range(500):
                weights.write(bytes(1_000_000))
        large.writestr("config.json", config)
        large.writestr("metadata.json", metadata)
    page = opened()
    assert page.choose(tmp_path / "large.keras") == ""
    page.shown.click("#compare")
    page.shown.click("#cancel")
    assert page.shown.inner_text("#status") != ""
    assert page.answer() == ""
    assert page.shown.is_hidden("#downloads")  # the inspection that they are of is gone
    page.shown.click("#inspect")
    assert page.answer() == ""
    assert page.shown.is_visible("#downloads")
    assert page.shown.is_visible("#view-summary")
    assert page.shown.is_hidden("#view-compare")
