"""Reads YAML within bounds: aliases that multiply and names that stand twice are errors."""

from __future__ import annotations

from typing import Any, Dict

from vai_inspect.core.errors import RuleError, quoted
from vai_inspect.rules.engine.guard import format_error

MOST_NODES = 100_000
"""Parts that a file may have once its aliases are written out; those of the tree have less than
a tenth."""


def parsed(content: "str | bytes", source: str) -> object:
    """Returns the document of a YAML text.

    Args:
        content: the text.
        source: the file, for messages.

    Raises:
        RuleError: it is no YAML, a name stands twice in a mapping, or aliases have no bound.
    """
    # Slow to import, and not needed by those who only import the rules.
    import yaml

    # The C parser is ten times as fast; wheels of PyYAML have it, some source builds do not.
    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loader = loader_class(content)
        try:
            node = loader.get_single_node()
            _refuse_twins(node, yaml.MappingNode, source)
            if "&" in content if isinstance(content, str) else b"&" in content:
                _size(node, {}, source)
            return loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise RuleError(f"{source}: is not YAML: {' '.join(str(error).split())}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise RuleError(f"{source}: cannot be read: {format_error(error)}.") from error


def _size(node: Any, known: Dict[int, int], source: str) -> int:
    """Returns the number of parts of a node, with what its aliases stand for.

    Args:
        node: the node.
        known: sizes of nodes by their identity; 0 for those that it is within.
        source: the file, for messages.

    Raises:
        RuleError: an alias is within what it stands for, or they multiply without end.
    """
    if id(node) not in known:
        known[id(node)] = 0
        parts = node.value if isinstance(getattr(node, "value", None), list) else ()
        flat = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(one, known, source) for one in flat)
    size = known[id(node)]
    if not 0 < size <= MOST_NODES:
        what = "multiply" if size else "contain themselves"
        raise RuleError(
            f"{source}: received aliases that {what}; valid are at most {MOST_NODES} parts in all."
        )
    return size


def _refuse_twins(node: Any, mapping_node: Any, source: str) -> None:
    """Raises where a mapping has a key twice, which YAML readers accept silently.

    Two levels are enough to see a target or a common block that was copied and not renamed.
    """
    if not isinstance(node, mapping_node):
        return
    for level in (node, *(value for _, value in node.value)):
        seen = set()
        for key, _ in level.value if isinstance(level, mapping_node) else ():
            if key.value in seen:
                raise RuleError(
                    f"{source}: line {key.start_mark.line + 1}: received "
                    f"{quoted(key.value)} twice; valid is each name once."
                )
            seen.add(key.value)
