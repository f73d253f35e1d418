"""The command `page`."""

from __future__ import annotations

import webbrowser

import typer


def page(
    port: int = typer.Option(
        0, "--port", min=0, max=65535, metavar="N", help="Port of 127.0.0.1; 0 for a free one."
    ),
    browser: bool = typer.Option(
        True, "--browser/--no-browser", help="Open the page in the browser."
    ),
) -> None:
    """Serve the page that inspects files in a browser, to this machine alone.

    A .keras, .h5 or .onnx file that is dropped on it is read in the browser: it is not sent
    anywhere. Ctrl-C ends the server.
    """
    from vai_inspect.page.serve import ADDRESS, folder, server

    with server(folder(), port) as running:
        address = f"http://{ADDRESS}:{running.server_port}/"
        typer.echo(f"serving the page at {address} (Ctrl-C ends it)")
        if browser:
            webbrowser.open(address)
        running.serve_forever()
