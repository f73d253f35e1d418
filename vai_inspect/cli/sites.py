"""Where in the user's source a model is made, read from the source without running it."""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, Mapping, Optional, Tuple

from vai_inspect.reports.checked import Site, within_working_folder


def model_site(spec: str) -> Optional[Site]:
    """Returns the line that defines what a MODEL names, in a file of the working folder.

    Args:
        spec: the MODEL of the command line, loaded by now.

    Returns:
        The line; the first of the file where the name is not plainly defined in it; None where
        there is no such file.
    """
    path = _source(spec)
    if path is None:
        return None
    first = spec.rpartition(":")[2].split(".")[0]
    return Site(path, _parsed(path)[0].get(first, 1))


def layer_sites(spec: str) -> Mapping[str, Site]:
    """Returns the lines that give layers a name, as `Conv2D(8, 3, name="stem")` does.

    Args:
        spec: the MODEL of the command line, loaded by now.

    Returns:
        The line for each name that stands in the file once.
    """
    path = _source(spec)
    return {} if path is None else {n: Site(path, line) for n, line in _parsed(path)[1].items()}


def _source(spec: str) -> Optional[str]:
    """Returns the file of the user's that makes a model, from the working folder on."""
    source, _, name = spec.rpartition(":")
    if not source or not name:
        return None
    if not source.endswith(".py"):
        source = getattr(sys.modules.get(source), "__file__", None) or ""
    return within_working_folder(source) if source.endswith(".py") else None


@lru_cache(maxsize=None)
def _parsed(path: str) -> Tuple[Dict[str, int], Dict[str, int]]:
    """Returns the lines of a file's own definitions, and of the names that it gives to layers."""
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return {}, {}
    defined = {name: node.lineno for node in tree.body for name in _defines(node)}
    named: Dict[str, int] = {}
    twice = set()
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.Call)):
        for keyword in node.keywords:
            name = getattr(keyword.value, "value", None) if keyword.arg == "name" else None
            if isinstance(name, str):
                twice.update({name} & set(named))
                named[name] = node.lineno
    return defined, {name: line for name, line in named.items() if name not in twice}


def _defines(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
