"""The origin of a node: the module path and source lines that exporters write to the file."""

from __future__ import annotations

import ast
import re
from typing import Iterable, List, Optional, Tuple

from vai_inspect.core.ir import CallForm, Frame, Origin
from vai_inspect.frontends.onnx.file.messages import Node

FRAMEWORK = "onnx"
_SCOPES = "pkg.torch.onnx.name_scopes"
_CLASSES = "pkg.torch.onnx.class_hierarchy"
_TRACE = "pkg.torch.onnx.stack_trace"
_FRAME = re.compile(r'File "([^"\n]{1,500})", line (\d{1,9}), in ([^\n]{1,200})')
_TORCH = re.compile(r"torch\.nn\.modules\.\w+\.(\w+)$")
_LONGEST = 20_000
"""Limit of metadata characters that are parsed."""


def origin_of(node: Node) -> Origin:
    """Returns the origin of a node.

    torch.onnx writes the path of the module: since 2.5 as metadata, before that in the node's name
    (`/layer1/layer1.0/conv1/Conv`).
    """
    scopes = _listed(node.metadata.get(_SCOPES, ""))
    classes = _listed(node.metadata.get(_CLASSES, ""))
    path = "".join(scopes[-2:-1]) if scopes else _path(node.name)
    layers = (path,) if path else ((node.name,) if node.name else ())
    return Origin(FRAMEWORK, layers, _frames(node.metadata.get(_TRACE, "")), _form(node, classes))


def _form(node: Node, classes: List[str]) -> CallForm:
    found = _TORCH.search(classes[-2]) if len(classes) > 1 else None
    if found is not None:
        return CallForm(found.group(1), True)
    return CallForm(node.op_type)


def _listed(text: str) -> List[str]:
    """Returns the strings of a list in Python syntax."""
    if not text or len(text) > _LONGEST:
        return []
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def _path(name: str) -> str:
    """Returns the module path in a node's name, or "" if there is none."""
    parts = [part for part in name.split("/") if part]
    if not name.startswith("/") or len(parts) < 2:
        return ""
    path = ""
    for part in parts[:-1]:
        # The name of a module in a container starts with the container's relative path.
        last = path.split("|")[-1]
        if last and part.startswith(last + "."):
            path = path[: -len(last)] + part
        else:
            path = path + "|" + part if path else part
    return path.replace("|", ".")


def _frames(text: str) -> Tuple[Frame, ...]:
    found = _FRAME.findall(text[:_LONGEST])
    return tuple(Frame(file, int(line), function) for file, line, function in found)


def source_of(node: Node) -> str:
    """Returns the source line of a node in the user's code; empty if unknown."""
    return node.metadata.get(_TRACE, "")[-_LONGEST:].rpartition("\n")[2].strip()


def name_of(node: Node, number: int) -> str:
    """Returns the name of a node; an unnamed node is named after its first output."""
    return named(node.name, node.op_type, node.outputs, number)


def described(node: Node) -> str:
    """Returns what a message calls a node, as the beginning of a sentence."""
    if node.name:
        return f"Node {node.name!r} ({node.op_type})"
    given = next((f" with output {one!r}" for one in node.outputs if one), "")
    return f"The unnamed {node.op_type} node{given}"


def named(name: str, op_type: str, outputs: Iterable[str], number: int) -> str:
    """Returns what a node is called.

    Args:
        name: its own name, which may be empty.
        op_type: its operator.
        outputs: names of its outputs.
        number: its place in the graph.
    """
    given: Optional[str] = next((one for one in outputs if one), None)
    return name or f"{op_type}_{given or number}"
