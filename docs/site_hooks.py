"""Hooks of mkdocs: files of the repository that a page links to are part of the site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\((\.\./[^)#]+)")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Sends links that lead out of docs/ to a copy of the file in the site.

    In the repository the pages link to the files themselves, as they are read there, too.
    """

    def within(match: "re.Match[str]") -> str:
        source = Path(page.file.abs_src_path).parent / match.group(1)
        path = source.resolve()
        if path.is_file() and ROOT / "docs" not in path.parents:
            name = "files/" + path.relative_to(ROOT).as_posix()
            if path.suffix == ".md":  # it is read as it is: mkdocs makes pages of docs/ alone
                name += ".txt"
            if files.get_file_from_path(name) is None:
                files.append(File.generated(config, name, abs_src_path=str(path)))
            return "](" + "../" * page.file.src_uri.count("/") + name
        return match.group(0)

    return LINK.sub(within, markdown)
