"""Every operator of every case gets the 2.5 inspector's device, or stands among the deviations."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

torch = pytest.importorskip("torch")

from tests.conformance.compare import CASES, TARGETS, Pair, pairs, told  # noqa: E402
from tests.conformance.deviations import REFUSED, SHOWN, TAKEN, UNKNOWN, Refused  # noqa: E402
from tests.conformance.micros import MICROS  # noqa: E402
from tests.placing import built_on  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.core.capture import Captured  # noqa: E402
from vai_inspect.core.findings import Device, Finding, Verdict  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402
from vai_inspect.pipeline import inspect_graph  # noqa: E402
from vai_inspect.rules.quantizers import quantized  # noqa: E402
from vai_inspect.rules.targets.lookup import lookup  # noqa: E402

NETWORKS: Dict[str, Dict[str, Any]] = {
    "densenet121": {},
    "inception_v3": {"init_weights": False},
    "mobilenet_v2": {},
    "regnet_y_400mf": {},
    "resnet18": {},
    "squeezenet1_1": {},
}
"""Networks of torchvision, with what building them takes."""
USED: "Counter[Any]" = Counter()
"""How often each deviation was needed; filled by the tests of the cases."""


def captured(case: str) -> Captured:
    """Returns a case or a network of torchvision, as the vendor's quantiser hands it on."""
    if case in MICROS:
        micro = MICROS[case]
        with built_on("meta"):
            module = micro.make()
        shapes = micro.shapes[0] if len(micro.shapes) == 1 else list(micro.shapes)
        return quantized(capture(module, shapes))
    side = 299 if case == "inception_v3" else 224
    # A RegNet computes its widths with tensors, which need values.
    with built_on("cpu" if "regnet" in case else "meta"):
        module = getattr(torchvision_models(), case)(weights=None, **NETWORKS[case])
    return quantized(capture(module, (1, 3, side, side)))


def unexplained(pair: Pair, target: str) -> Optional[str]:
    """Returns what is told of two operators that do not agree and stand in no deviation."""
    ours, theirs = pair.ours, pair.told
    if ours is None or theirs is None:
        return None if _shown(pair) else "{}: only {} have it".format(*_name(pair))
    if theirs.device == ours.device.value:
        return None
    if ours.device is Device.DPU:
        for row in TAKEN:
            if theirs.type in row.types and target.startswith(row.families):
                USED[row] += 1
                return None
        return "{}: {} here says DPU".format(*_name(pair))
    missing = [one for one in ours.findings if not _refused(one, theirs.type)]
    if not missing and ours.findings:
        return None
    reasons = ["{} [{}]".format(one.constraint, one.evidence.value) for one in missing]
    return "{}: {} here says CPU for {}".format(*_name(pair), ", ".join(reasons) or "no reason")


def _refused(finding: Finding, kind: str) -> bool:
    for row in REFUSED:
        if (
            finding.constraint.split(".", 1)[1] in row.constraints
            and (not row.types or kind in row.types)
            and _holds(row, finding)
        ):
            USED[row] += 1
            return True
    return False


def _holds(row: Refused, finding: Finding) -> bool:
    if finding.verdict is Verdict.UNKNOWN:
        return UNKNOWN in row.evidence
    return finding.evidence.value in row.evidence


def _shown(pair: Pair) -> bool:
    side = pair.told or pair.ours
    for row in SHOWN:
        if row.theirs is not (pair.ours is None) or side is None or side.type not in row.types:
            continue
        if row.cases and pair.case not in row.cases:
            continue
        if row.inserted is None or (pair.told is not None and pair.told.inserted is row.inserted):
            USED[row] += 1
            return True
    return False


def _name(pair: Pair) -> Tuple[str, str]:
    if pair.told is None:
        assert pair.ours is not None
        return "{} {}".format(pair.ours.type, pair.ours.name), "we"
    return "{} {}".format(pair.told.type, pair.told.shape), "they" if pair.ours is None else ""


def differences(case: str) -> Iterator[str]:
    """Yields what no deviation explains, of a case on every target that tells of it."""
    model = captured(case)
    for target in TARGETS:
        if told(case, target) is not None:
            inspection = inspect_graph(model, lookup(target))
            for pair in pairs(case, target, inspection):
                problem = unexplained(pair, target)
                if problem:
                    yield "{}: {}".format(target, problem)


def test_every_verdict_is_of_a_known_case() -> None:
    assert set(CASES) <= set(MICROS) | set(NETWORKS)
    assert sum(len(case["devices"]) > 0 for case in CASES.values()) > 150


@pytest.mark.parametrize("case", sorted(CASES))
def test_devices_agree_or_the_deviation_is_written_down(case: str) -> None:
    assert list(differences(case)) == []


@pytest.mark.parametrize("case", sorted(set(MICROS) - set(CASES)))
def test_what_the_vendor_was_not_asked_has_an_answer(case: str) -> None:
    model = captured(case)
    for target in ("DPUCZDX8G_ISA1_B4096", "DPUCVDX8G_ISA3_C32B3", "DPUCAHX8L_ISA0"):
        inspection = inspect_graph(model, lookup(target))
        assert not [line for line in inspection.warnings if "failed" in line]
        assert all(op.findings for op in inspection.on(Device.CPU))


def test_every_deviation_is_needed(request: pytest.FixtureRequest) -> None:
    names = [item.name for item in request.session.items if item.fspath == request.node.fspath]
    if sum("deviation_is_written" in name for name in names) < len(CASES):
        pytest.skip("not every case was run")
    rows: List[Any] = [*REFUSED, *TAKEN, *SHOWN]
    assert [row for row in rows if not USED[row]] == []


def test_the_repaired_crashes_are_answered() -> None:
    """What crashed the vendor's tool as released has an answer here, on every such target."""
    crashed: Dict[str, List[str]] = {
        case: [TARGETS[place] for place in told_of.get("crashed", ())]
        for case, told_of in CASES.items()
    }
    assert sum(bool(targets) for targets in crashed.values()) > 10
    for case, targets in crashed.items():
        if targets and case in MICROS:
            inspection = inspect_graph(captured(case), lookup(targets[0]))
            assert len(inspection.ops) > 2
