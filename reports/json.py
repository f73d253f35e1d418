"""The JSON report, and the JSON Schema that it keeps to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, Union

from vai_inspect.core.comparison import Comparison
from vai_inspect.core.inspection import Inspection

SCHEMA_FILE = "inspection.schema.json"
COMPARISON_SCHEMA_FILE = "comparison.schema.json"
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(result: Union[Inspection, Comparison]) -> str:
    """Returns the JSON report.

    Args:
        result: what to report.
    """
    report = _standard(result.to_dict())
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
    # A lone surrogate can stand in JSON as an escape, but in no UTF-8 file as a character.
    return _SURROGATE.sub(lambda found: "\\u{:04x}".format(ord(found.group())), text) + "\n"


def schema(file: str = SCHEMA_FILE) -> Dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) that every JSON report keeps to.

    Args:
        file: the schema of inspections, or `COMPARISON_SCHEMA_FILE`.
    """
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    loaded: Dict[str, Any] = json.loads(text)
    return loaded


def _standard(item: Any) -> Any:
    """Replaces the figures that JSON has no word for (an attribute may be infinite) by text."""
    if isinstance(item, dict):
        return {key: _standard(part) for key, part in item.items()}
    if isinstance(item, list):
        return [_standard(part) for part in item]
    if hasattr(item, "item"):  # a framework's own number, such as numpy's
        return _standard(item.item())
    if isinstance(item, float) and (item != item or item in (float("inf"), float("-inf"))):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(item), "NaN")
    return item
