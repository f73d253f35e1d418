"""SARIF 2.1.0: findings at the user's source lines, for code scanning and editors."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Iterable, Iterator, List, Optional
from urllib.parse import quote

from vai_inspect.core.findings import Finding
from vai_inspect.core.gate import ALLOWED, KNOWN
from vai_inspect.core.inspection import TOOL_NAME, InspectedOp
from vai_inspect.core.quantizer import Obstacle
from vai_inspect.reports.checked import (
    WARNING,
    Checked,
    Site,
    message,
    obstacle_message,
    on_the_cpu,
)
from vai_inspect.reports.formats import CheckWriter
from vai_inspect.reports.text.lines import plain

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
_BASE_OF_PACKAGES = "PACKAGES"
_JUSTIFICATIONS = {ALLOWED: "--allow", KNOWN: "on the CPU in the baseline, too"}


def render(checked: Checked) -> str:
    """Returns the SARIF log of an inspection.

    It has a result for each finding of each operator, and for each obstacle of the vendor's
    quantiser but what that leaves in float, of which the findings say it.

    Args:
        checked: the inspection.
    """
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [_run(checked)]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _run(checked: Checked) -> Dict[str, Any]:
    inspection = checked.inspection
    found = [(op, finding) for op in on_the_cpu(checked) for finding in op.findings]
    ids = list(dict.fromkeys(finding.constraint for _, finding in found))
    rules = [_rule(next(f for _, f in found if f.constraint == id), checked) for id in ids]
    obstacles = checked.obstacles()
    for one in {obstacle.id: obstacle for obstacle in obstacles}.values():
        ids.append(one.id)
        rules.append(_rule_of_obstacle(one, checked))
    return {
        "tool": {
            "driver": {
                "name": TOOL_NAME,
                "semanticVersion": inspection.tool_version or "0.0.0",
                "rules": rules,
            }
        },
        # A run of its own for each model and target, so that none replaces another.
        "automationDetails": {
            "id": "/".join(
                quote(plain(name), safe="")
                for name in (TOOL_NAME, inspection.model.name, inspection.target.name)
            )
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_notifications(checked)),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(op, finding, ids, checked) for op, finding in found),
            *(_result_of_obstacle(one, ids, checked) for one in obstacles),
        ],
        "properties": {
            "model": plain(inspection.model.name),
            "target": plain(inspection.target.name),
            "fingerprint": inspection.target.fingerprint_text,
            "summary": dict(vars(inspection.summary)),
        },
    }


def _rule(finding: Finding, checked: Checked) -> Dict[str, Any]:
    return _described(
        finding.constraint, checked, {"evidence": finding.evidence.value, "tags": ["dpu"]}
    )


def _rule_of_obstacle(obstacle: Obstacle, checked: Checked) -> Dict[str, Any]:
    return _described(obstacle.id, checked, {"tags": ["quantizer"]})


def _described(rule: str, checked: Checked, properties: Dict[str, Any]) -> Dict[str, Any]:
    id = plain(rule)
    sentence = plain(checked.rules.get(rule) or id)
    return {
        "id": id,
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "help": {"text": f"{sentence}\n`{TOOL_NAME} explain {id}` shows limits and sources."},
        "defaultConfiguration": {"level": WARNING},
        "properties": properties,
    }


def _notifications(checked: Checked) -> Iterator[Dict[str, Any]]:
    for warning in checked.inspection.warnings:
        yield {"level": "warning", "message": {"text": plain(warning)}}


def _result(op: InspectedOp, finding: Finding, ids: List[str], checked: Checked) -> Dict[str, Any]:
    accepted = checked.outcome.accepted.get(op.name)
    result: Dict[str, Any] = {
        "ruleId": plain(finding.constraint),
        "ruleIndex": ids.index(finding.constraint),
        "level": checked.level(op, finding),
        "message": {"text": message(op, finding)},
        "locations": [_location(op, checked)],
        "partialFingerprints": {
            "operator/v1": _fingerprint(checked, op.name, finding.constraint, finding.follows or "")
        },
        "properties": {
            "operator": plain(op.name),
            "verdict": finding.verdict.value,
            "evidence": finding.evidence.value,
            **({"follows": plain(finding.follows)} if finding.follows is not None else {}),
        },
    }
    if checked.outcome.baseline:
        result["baselineState"] = "unchanged" if accepted == KNOWN else "new"
    if accepted is not None:
        result["suppressions"] = [{"kind": "external", "justification": _JUSTIFICATIONS[accepted]}]
    return result


def _result_of_obstacle(obstacle: Obstacle, ids: List[str], checked: Checked) -> Dict[str, Any]:
    result: Dict[str, Any] = {
        "ruleId": plain(obstacle.id),
        "ruleIndex": ids.index(obstacle.id),
        "level": checked.obstacle_level(obstacle),
        "message": {"text": obstacle_message(obstacle)},
        "locations": [_located(obstacle.ops, checked.obstacle_site(obstacle), checked)],
        "partialFingerprints": {
            "operator/v1": _fingerprint(checked, obstacle.id, obstacle.message, *obstacle.ops)
        },
        "properties": {
            "operators": [plain(name) for name in obstacle.ops],
            "outcome": obstacle.outcome.value,
            "stage": obstacle.stage.value,
        },
    }
    if checked.outcome.baseline:
        known = checked.is_known(obstacle)
        result["baselineState"] = "unchanged" if known else "new"
        if known:
            result["suppressions"] = [{"kind": "external", "justification": "in the baseline, too"}]
    return result


def _location(op: InspectedOp, checked: Checked) -> Dict[str, Any]:
    names = dict.fromkeys([*op.op.origin.layers, op.name])
    return _located(names, checked.site(op), checked)


def _located(names: Iterable[str], site: Optional[Site], checked: Checked) -> Dict[str, Any]:
    listed = list(names) or [checked.inspection.model.name]
    found: Dict[str, Any] = {
        "logicalLocations": [
            {"fullyQualifiedName": plain(name), "kind": "element"} for name in listed
        ]
    }
    if site is not None:
        found["physicalLocation"] = _physical(site)
    return found


def _physical(site: Site) -> Dict[str, Any]:
    artifact = {"uri": quote(site.file)}
    if site.installed:
        artifact["uriBaseId"] = _BASE_OF_PACKAGES
    return {"artifactLocation": artifact, "region": {"startLine": site.line}}


def _fingerprint(checked: Checked, *parts: str) -> str:
    """Returns what stays the same of a result while lines move."""
    parts = (checked.inspection.target.name, *parts)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]


WRITER = CheckWriter("sarif", "sarif", render)
