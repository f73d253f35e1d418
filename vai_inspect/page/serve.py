"""Serves the folder of the page to this machine alone."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vai_inspect.core.errors import PageError

ADDRESS = "127.0.0.1"
PACKAGE = "vai_inspect_page"
"""What holds the folder: the wheel that web/build.py makes."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        "connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Of every answer. The page has the policy itself, too, for other servers; a page cannot say
`frame-ancestors`."""


def folder() -> Path:
    """Returns the folder of the page.

    Raises:
        PageError: it is not installed, or not built.
    """
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(place) / "index.html").is_file():
            return Path(place)
    raise PageError(
        "the page is not installed: it is the package vai-inspect-page, which a clone of "
        "vai-inspect makes with `python web/build.py` and `pip install ./web`."
    )


def server(root: Path, port: int = 0) -> ThreadingHTTPServer:
    """Returns a server of a folder; `serve_forever` runs it.

    Args:
        root: the folder.
        port: its port; 0 for one that is free.

    Raises:
        PageError: the port cannot be had.
    """
    handler = functools.partial(_Handler, directory=str(root))
    try:
        return ThreadingHTTPServer((ADDRESS, port), handler)
    except (OSError, OverflowError) as error:
        raise PageError(
            f"port {port} of {ADDRESS} cannot be had: {getattr(error, 'strerror', None) or error}; "
            "give another one, or 0 for one that is free."
        ) from error


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {
        **SimpleHTTPRequestHandler.extensions_map,
        # The machine's own table may call them anything, and browsers are strict.
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        pass
