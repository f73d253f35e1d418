"""What `vai-inspect targets` lists, written down beside the rules: listing loads none of them.

`listing.json` is made by `sh docs/generate.sh`. It is taken where the families installed are those
of the tree and the definitions of their targets are those that it was made of.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional

from vai_inspect.rules.engine.entry_points import entry_points

FILE = Path(__file__).with_name("listing.json")
BRIEF = (
    "name",
    "fingerprint",
    "family",
    "isa_version",
    "peak_ops_per_cycle",
    "batch",
    "releases",
    "boards",
    "board_uses",
)
"""What is listed of a target, in the order of the JSON."""


def written_down() -> Optional[List[Dict[str, Any]]]:
    """Returns the families with their targets as they are written down.

    Returns:
        See `family`; None where others are installed, or the definitions have changed.
    """
    if "vai_inspect.rules.engine.registry" in sys.modules:  # it knows better, and is paid for
        return None
    try:
        held = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if held["points"] != _points() or held["made_of"] != _made_of():
        return None
    families: List[Dict[str, Any]] = held["families"]
    return families


def family(one: Any, registered: Iterable[Any], legacy: Iterable[Any]) -> Dict[str, Any]:
    """Returns a family with its targets as plain data.

    Args:
        one: a `Family`.
        registered: its targets that a release registers from 2.5 on.
        legacy: its targets of earlier releases.
    """
    return {
        "name": one.name,
        "dpu": one.dpu,
        "guide": one.guide,
        "title": one.title,
        "written": one.written,
        "registered": [brief(target) for target in registered],
        "legacy": [brief(target) for target in legacy],
    }


def brief(target: Any) -> Dict[str, Any]:
    """Returns a target as in the JSON list.

    Args:
        target: a `Target`.
    """
    figures = target.to_dict()
    return {key: figures[key] for key in BRIEF}


def installed() -> List[Dict[str, Any]]:
    """Returns the families with their targets as they are installed."""
    from vai_inspect.rules.engine import registry
    from vai_inspect.rules.targets import legacy_targets

    return [
        family(one, registry.targets(one), legacy_targets.targets(one.name))
        for one in registry.families()
    ]


def render() -> str:
    """Returns the content of `listing.json`."""
    held = {"points": _points(), "made_of": _made_of(), "families": installed()}
    return json.dumps(held, indent=1) + "\n"


def _points() -> List[str]:
    return sorted(f"{point.name} = {point.value}" for point in entry_points())


def _made_of() -> str:
    rules = Path(__file__).parent.parent
    sources = [*sorted(rules.glob("*/targets.yaml")), rules / "targets" / "legacy_targets.py"]
    content = b"".join(path.read_bytes() for path in sources)
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(render())
