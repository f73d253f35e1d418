"""The page in Chromium, served as `vai-inspect page` serves it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading

import pytest

from tests.project import ROOT
from vai_inspect.page.serve import server

BUILT = ROOT / "web" / "vai_inspect_page"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture(scope="module")
def address():
    """The address of the page; a test that asks is skipped where there is none."""
    check = [sys.executable, str(ROOT / "web" / "build.py"), "--check"]
    if subprocess.run(check, check=False).returncode:
        pytest.skip("the page is not built from these sources: python web/build.py")
    with server(BUILT) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.fixture(scope="module")
def browser(address):
    """Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        # As root, in CI, Chromium runs only without its sandbox; the page is our own.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Page:
    """The page as a user has it.

    Attributes:
        shown: the page of playwright.
        asked: the addresses of all that it and its worker ask for.
        troubles: what it complains of.
    """

    def __init__(self, browser, address, size, scheme):
        width, height = size
        self.shown = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.shown.set_default_timeout(60_000)
        self.asked, self.troubles = [], []
        self.shown.on("request", lambda request: self.asked.append(request.url))
        self.shown.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.shown.on("console", lambda message: self.troubles.append(message.text))
        self.shown.goto(address)

    def choose(self, file):
        """Gives it a file and waits; returns the error that it shows, empty for none."""
        self.shown.set_input_files("#file", str(file))
        return self.answer()

    def answer(self):
        """Waits until it does nothing; returns the error that it shows."""
        self.shown.locator("#progress").wait_for(state="hidden")
        return self.shown.inner_text("#error") if self.shown.is_visible("#error") else ""

    def tab(self, name):
        self.shown.click("#tab-" + name)

    def download(self, kind):
        """Returns the name and the content of a download."""
        with self.shown.expect_download() as found:
            self.shown.click(f"#downloads [data-kind={kind}]")
        with open(found.value.path(), "rb") as stream:
            return found.value.suggested_filename, stream.read()


@pytest.fixture
def opened(browser, address):
    """Opens the page; what it complains of fails the test."""
    pages = []

    def open_page(size=(1280, 900), scheme="light"):
        pages.append(Page(browser, address, size, scheme))
        pages[-1].answer()
        return pages[-1]

    yield open_page
    troubles = [trouble for one in pages for trouble in one.troubles]
    for one in pages:
        one.shown.close()
    assert troubles == []
