"""The server of the page, and the command that runs it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from tests.project import ROOT
from vai_inspect.core.errors import PageError
from vai_inspect.page import serve

STATIC = ROOT / "web" / "static"


@pytest.fixture
def address(tmp_path):
    for name in ("index.html", "worker.mjs", "python.wasm"):
        (tmp_path / name).write_text("x")
    (tmp_path / "inside").mkdir()
    with serve.server(tmp_path) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        assert running.server_address[0] == "127.0.0.1"
        yield "http://127.0.0.1:{}/".format(running.server_port)
        running.shutdown()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("", "text/html"), ("worker.mjs", "text/javascript"), ("python.wasm", "application/wasm")],
)
def test_files_have_their_types_and_the_policy(address, name, kind):
    with urllib.request.urlopen(address + name) as answer:
        assert answer.headers["Content-Type"] == kind
        assert {key: answer.headers[key] for key in serve.HEADERS} == serve.HEADERS


@pytest.mark.parametrize("path", ["missing.js", "inside/", "../secret", "%2e%2e/secret"])
def test_nothing_else_is_served(address, tmp_path, path):
    (tmp_path.parent / "secret").write_text("x")
    with pytest.raises(urllib.error.HTTPError, match="404") as told:
        urllib.request.urlopen(address + path)
    told.value.close()


def test_the_page_has_the_policy_itself():
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    of_the_server = serve.HEADERS["Content-Security-Policy"]
    assert of_the_server == policy + "; frame-ancestors 'none'"


def test_the_page_names_nothing_of_another_place():
    for path in (path for path in STATIC.iterdir() if path.suffix != ".txt"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"https?://|//[a-z]+\.", text) == [], path.name


def test_a_port_that_is_taken_is_one_line(tmp_path):
    taken = pytest.raises(PageError, match="cannot be had.*give another one")
    with serve.server(tmp_path) as running, taken:
        serve.server(tmp_path, running.server_port)


def test_without_the_page_the_command_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / serve.PACKAGE).mkdir()  # a folder that holds no page
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PageError, match=r"web/build.py.*pip install ./web"):
        serve.folder()


def test_the_command_serves_the_page(tmp_path):
    (tmp_path / serve.PACKAGE).mkdir()
    (tmp_path / serve.PACKAGE / "index.html").write_text("the page")
    command = [sys.executable, "-u", "-m", "vai_inspect", "page", "--no-browser"]
    with subprocess.Popen(command, cwd=str(tmp_path), stdout=subprocess.PIPE, text=True) as running:
        try:
            told = running.stdout.readline()
            (address,) = re.findall(r"at (http://127\.0\.0\.1:\d+/) ", told)
            with urllib.request.urlopen(address) as answer:
                assert answer.read() == b"the page"
        finally:
            running.terminate()
        assert running.wait(timeout=30) == 130
