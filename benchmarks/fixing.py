"""What torchvision's networks need to run whole on a DPU, and whether `fix` gets them there.

    python -m benchmarks.fixing [--target T] [--only NAME ...] [--markdown FILE]

Each network is fixed with exact rewrites, then with approximate ones, too, on small inputs; the
outputs of an exact fix are compared in float64 by `fix` itself.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

TARGET = "DPUCZDX8G_ISA1_B4096"
SIZES = {"inception_v3": 128, "vit": 224, "swin": 64, "maxvit": 224, "vgg": 224, "alexnet": 224}
"""Height and width of the input, by the beginning of the name; 64 for the rest."""
HUGE = ("regnet_y_128gf", "vit_h_14", "vit_l_16", "vit_l_32")
"""Networks whose twin in float64 needs more than 2 GB; they differ from smaller ones in size."""
GROUPS = ("nothing", "exact rewrites", "approximate rewrites", "no mechanical remedy")


def names() -> List[str]:
    """Returns the classifiers and segmentation networks of torchvision."""
    models = _models()
    found = models.list_models(module=models)
    found += models.list_models(module=models.segmentation)
    return sorted(set(found) - set(HUGE))


def _models() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torchvision

        return torchvision.models


def network(name: str) -> Tuple[Any, Tuple[int, ...]]:
    """Returns a network with random weights, and the shape of its input."""
    models = _models()
    arguments: Dict[str, Any] = {"weights": None}
    if name in ("inception_v3", "googlenet"):
        arguments["init_weights"] = False
    if name in models.list_models(module=models.segmentation):
        arguments["weights_backbone"] = None
    size = next((found for start, found in SIZES.items() if name.startswith(start)), 64)
    return models.get_model(name, **arguments).eval(), (1, 3, size, size)


def surveyed(name: str, target: str) -> Dict[str, Any]:
    """Returns what a network needs, and what `fix` makes of it."""
    from vai_inspect.torch import fix

    model, shape = network(name)
    return result(name, lambda approximate: fix(model, target, shape, approximate=approximate))


def result(name: str, fixed_with: Callable[[bool], Any]) -> Dict[str, Any]:
    """Returns what a network needs, and what `fix` makes of it.

    Args:
        name: the network's name.
        fixed_with: fixes it; its argument says whether approximate rewrites are done, too.
    """
    from vai_inspect.core.errors import VaiInspectError

    begun = time.perf_counter()
    try:
        exact = fixed_with(False)
        fixed = exact if whole(exact.after) else fixed_with(True)
    except VaiInspectError as error:
        return {"name": name, "group": GROUPS[3], "reason": str(error)}
    effects = {change.effect for change in fixed.changes}
    if whole(exact.before):
        group = GROUPS[0]
    elif whole(exact.after):
        group = GROUPS[1]
    elif whole(fixed.after):
        group = GROUPS[2]
    else:
        group = GROUPS[3]
    return {
        "name": name,
        "group": group,
        "before": _counts(fixed.before),
        "exact": _counts(exact.after),
        "after": _counts(fixed.after),
        "changes": [
            {"rule": one.rule, "ops": len(one.ops), "effect": one.effect, "error": one.max_error}
            for one in fixed.changes
        ],
        "effects": sorted(effects),
        "left": [str(one) for one in fixed.left],
        "reason": _reason(fixed),
        "seconds": round(time.perf_counter() - begun, 1),
    }


def untouched(name: str, inspection: Any) -> Dict[str, Any]:
    """Returns the row of a network whose plan has no rewrite."""
    counts = _counts(inspection)
    done = whole(inspection)
    causes = inspection.root_causes
    return {
        "name": name,
        "group": GROUPS[0] if done else GROUPS[3],
        "before": counts,
        "after": counts,
        "changes": [],
        "reason": "" if done or not causes else str(causes[0].message),
    }


def _on_cpu(inspection: Any) -> int:
    return int(inspection.summary.cpu_ops)


def _counts(inspection: Any) -> Dict[str, int]:
    summary = inspection.summary
    return {
        "cpu_ops": summary.cpu_ops,
        "dpu_subgraphs": summary.dpu_subgraphs,
        "crossings": summary.crossings,
    }


def whole(inspection: Any) -> bool:
    """Tells whether all runs on the DPU, but for ends that the plan gives to the host."""
    return not _on_cpu(inspection) or _cut(inspection) is not None


def _cut(inspection: Any) -> Any:
    """Returns the cut after which nothing is on the CPU, or None; none after a rewrite."""
    if any(step.kind == "rewrite" for step in inspection.steps):
        return None
    cuts = (step for step in inspection.steps if step.kind == "cut" and not step.after.cpu_ops)
    return next(cuts, None)


def _reason(fixed: Any) -> str:
    """Returns why operators are left on the CPU: the end of the network, or a root cause."""
    if not _on_cpu(fixed.after):
        return ""
    cut = _cut(fixed.after)
    if cut is not None:
        return f"ends on the host: cut at {', '.join(cut.ops)}"
    causes = fixed.after.root_causes
    return str(causes[0].message) if causes else ""


def table(rows: Sequence[Dict[str, Any]]) -> Iterator[str]:
    """Yields the survey as Markdown."""
    counted = {group: [row for row in rows if row["group"] == group] for group in GROUPS}
    yield "| needs | networks |"
    yield "|---|---|"
    for group, found in counted.items():
        yield f"| {group} | {len(found)} |"
    for group in GROUPS[1:]:
        yield ""
        yield f"### {group[0].upper()}{group[1:]}"
        yield ""
        yield (
            "| network | CPU operators | DPU subgraphs | what was done | largest difference of an "
            "exact change | what is left |"
        )
        yield "|---|---|---|---|---|---|"
        for row in counted[group]:
            yield _row(row)


def _row(row: Dict[str, Any]) -> str:
    if "before" not in row:
        return "| {name} | | | | | {reason} |".format(**row)
    before, after = row["before"], row["after"]
    errors = [one["error"] for one in row["changes"] if one["effect"] == "exact"]
    return "| {} | {} -> {} | {} -> {} | {} | {} | {} |".format(
        row["name"],
        before["cpu_ops"],
        after["cpu_ops"],
        before["dpu_subgraphs"],
        after["dpu_subgraphs"],
        ", ".join("{rule} ({ops})".format(**one) for one in row["changes"]) or "-",
        f"{max(errors):.0e}" if errors else "-",
        row["reason"] or "-",
    )


def main() -> None:
    """Surveys torchvision's networks."""
    run(surveyed, names, __doc__)


def run(
    survey: Callable[[str, str], Dict[str, Any]],
    every: Callable[[], Sequence[str]],
    description: Optional[str],
) -> None:
    """Surveys networks and prints or writes the table.

    Args:
        survey: returns what a network needs, by its name and the target's.
        every: returns the names of all.
        description: of the command.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--target", default=TARGET)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path, help="results, one line each; what is there is kept")
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    known: Dict[str, Dict[str, Any]] = {}
    if given.json is not None and given.json.exists():
        lines = given.json.read_text(encoding="utf-8").splitlines()
        known = {row["name"]: row for row in map(json.loads, lines)}
    for name in given.only or every():
        if name in known:
            continue
        known[name] = survey(name, given.target)
        row = known[name]
        print(name, row["group"], row.get("before"), row.get("after"), row["reason"], flush=True)
        if given.json is not None:
            with given.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    if given.markdown is not None:
        text = "\n".join(table(sorted(known.values(), key=lambda row: row["name"]))) + "\n"
        given.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
