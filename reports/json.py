"""The JSON report, and the JSON Schema that it keeps to."""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Dict, Union

from vai_inspect.core.comparison import Comparison
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.text.estimate_table import Estimated

SCHEMA_FILE = "inspection.schema.json"
COMPARISON_SCHEMA_FILE = "comparison.schema.json"
_SURROGATE = re.compile("[\ud800-\udfff]")


@paused()
def render(result: Union[Inspection, Comparison, Estimated]) -> str:
    """Returns the JSON report.

    Args:
        result: what to report.
    """
    text = _text(result.to_dict(), "\n")
    # A lone surrogate can stand in JSON as an escape, but in no UTF-8 file as a character.
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def schema(file: str = SCHEMA_FILE) -> Dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) that every JSON report keeps to.

    Args:
        file: the schema of inspections, or `COMPARISON_SCHEMA_FILE`.
    """
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    loaded: Dict[str, Any] = json.loads(text)
    return loaded


def _text(item: Any, end: str) -> str:
    """Returns what `json.dumps` would with an indent of 2, for which it has no fast way.

    Figures that JSON has no equivalent of (an attribute may be infinite) are written as text.

    Args:
        item: what to write.
        end: the end of a line and the blanks before the one that closes the item.
    """
    if isinstance(item, str):
        return encode_basestring(item)
    if item is None or isinstance(item, bool):
        return {None: "null", True: "true", False: "false"}[item]
    if isinstance(item, int):
        return int.__repr__(item)
    inner = end + "  "
    if isinstance(item, (list, tuple)):
        parts = [_text(part, inner) for part in item]
        return "[" + inner + ("," + inner).join(parts) + end + "]" if parts else "[]"
    if isinstance(item, dict):
        parts = [encode_basestring(key) + ": " + _text(part, inner) for key, part in item.items()]
        return "{" + inner + ("," + inner).join(parts) + end + "}" if parts else "{}"
    if hasattr(item, "item"):  # a framework's own number, such as numpy's
        return _text(item.item(), end)
    if isinstance(item, float) and (item != item or item in (float("inf"), float("-inf"))):
        return {"inf": '"Infinity"', "-inf": '"-Infinity"'}.get(str(item), '"NaN"')
    return json.dumps(item)
