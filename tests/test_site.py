"""The site of docs/: it builds without a warning, its links lead somewhere, it fetches nothing."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("material")
pytest.importorskip("mkdocstrings")

ROOT = Path(__file__).parent.parent
FETCHED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site, and says nothing."""

    def log_message(self, *_):
        pass


class Page(HTMLParser):
    """The ids, links and what is fetched of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.fetched = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        self.ids |= {of.get("id"), of.get("name")}
        if tag == "a" and "href" in of:
            self.links.add(of["href"])
        if of.get(FETCHED.get(tag)) and of.get("rel") not in ("canonical", "next", "prev"):
            self.fetched.add(of[FETCHED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # No proxy is there, so that what is fetched would fail.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(command, cwd=str(ROOT), env=nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {
        path: Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
        if path.name != "404.html"  # its links are those of a server
    }


def test_every_page_is_in_the_navigation(pages, site):
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"([\w/-]+)\.md$", text, re.MULTILINE)
    written = [
        path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
    ]
    assert sorted(listed) == sorted(written)
    assert all((site / (name + ".html")) in pages for name in listed)


def test_links_and_anchors_lead_somewhere(pages):
    lost = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not to.is_file() or (
                parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].ids
            ):
                lost.append((path.name, link))
    assert lost == []


def test_nothing_is_fetched(pages, site):
    for path, page in pages.items():
        assert [one for one in page.fetched if urlsplit(one).netloc] == [], path.name
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", text) == [], sheet.name


@pytest.mark.parametrize(
    "name",
    [
        "vai_inspect.keras.Inspector",
        "vai_inspect.torch.Inspector",
        "vai_inspect.onnx.Inspector",
        "vai_inspect.core.inspection.Inspection.plan",
        "vai_inspect.core.inspection.Inspection.diff",
        "vai_inspect.core.inspection.Inspection.estimate",
        "vai_inspect.core.estimate.Estimate",
        "vai_inspect.testing.assert_on_dpu",
        "vai_inspect.judging.judge",
    ],
)
def test_the_reference_has_what_is_public(name, pages, site):
    assert name in pages[site / "reference" / "python.html"].ids


def test_the_command_line_has_every_command(pages, site):
    from vai_inspect.cli import app

    ids = pages[site / "reference" / "cli.html"].ids
    assert {"vai-inspect-" + command.name for command in app.registered_commands} <= ids


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_in_a_browser_it_asks_no_other_server_and_finds_words(site):
    sync_api = pytest.importorskip("playwright.sync_api")
    handler = functools.partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = "http://127.0.0.1:{}/".format(server.server_port)
        elsewhere, troubles = [], []
        with sync_api.sync_playwright() as playwright:
            # As root, in CI, Chromium runs only without its sandbox; the pages are our own.
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            shown = browser.new_page()
            shown.on("request", lambda request: elsewhere.append(request.url))
            shown.on("pageerror", lambda error: troubles.append(str(error)))
            shown.on("console", lambda message: troubles.append(message.text))
            shown.goto(address + "index.html")
            shown.fill("input[name=query]", "fingerprint")
            shown.locator(".md-search-result__item").first.wait_for()
            found = shown.locator(".md-search-result__item").first.inner_text()
            browser.close()
        server.shutdown()
    assert "fingerprint" in found.lower()
    assert troubles == []
    assert [url for url in elsewhere if not url.startswith((address, "data:", "blob:"))] == []
