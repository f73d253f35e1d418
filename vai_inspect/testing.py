"""For the tests of your own networks: `from vai_inspect.testing import assert_on_dpu`."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List, Optional, Tuple, Union

from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.errors import ReportError, clipped, count
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.frameworks import CaptureOptions
from vai_inspect.pipeline import TargetSpec, capture, inspect_graph
from vai_inspect.reports.text.format import are, doubt, grounds, remedy
from vai_inspect.reports.text.lines import plain
from vai_inspect.rules.targets.lookup import lookup

MOST = 20
"""Operators that the message lists one by one."""


def assert_on_dpu(
    model: Any,
    target: TargetSpec,
    allow: Union[str, Iterable[str]] = (),
    *,
    input_args: Any = None,
    device: Any = "cpu",
    max_dpu_subgraphs: Optional[int] = None,
    trust: bool = False,
) -> Inspection:
    """Asserts that a model runs on a DPU, but for what is allowed on the CPU.

    Nothing is written or printed.

    Args:
        model: a Keras, PyTorch or ONNX model, as the inspectors take it.
        target: the DPU, as the inspectors take it.
        allow: a pattern or patterns of operators that may be on the CPU. A pattern such as
            `softmax` or `head.*` is compared with the operator's XIR type, its name and the
            layers that became it. `end:softmax` allows it only where nothing after it runs on
            the DPU, `start:*` whatever is before all that runs on the DPU.
        input_args: the inputs, or their shapes, as the inspectors take them.
        device: where PyTorch runs real tensors when it must.
        max_dpu_subgraphs: how many DPU subgraphs there may be, each of which is a run of the DPU
            of its own; None for any number.
        trust: whether code in a model file may run, as of the inspectors.

    Returns:
        The inspection, for further assertions.

    Raises:
        AssertionError: an operator that is not allowed is on the CPU, or there are too many DPU
            subgraphs. The message has every reason and what to change.
        VaiInspectError: the target or the model cannot be inspected, or `allow` is no patterns.

    Examples:
        >>> assert_on_dpu(net, "DPUCZDX8G_ISA1_B4096", "end:softmax", input_args=(1, 3, 224, 224))
    """
    __tracebackhide__ = True
    patterns = (allow,) if isinstance(allow, str) else _patterns(allow)
    found = lookup(target)
    captured = capture(model, found, CaptureOptions(input_args, device, trust))
    inspection = inspect_graph(captured, found)
    allowed = Allowlist(patterns)
    lines = [*_excess(inspection, allowed), *_too_many(inspection, max_dpu_subgraphs)]
    if lines:
        title = f"{plain(inspection.model.name)} on {inspection.target.name}:"
        raise AssertionError("\n".join([title, *lines]))
    return inspection


def _patterns(allow: Any) -> Tuple[str, ...]:
    """Returns the patterns of `allow`, where somebody may have put the inputs."""
    given = () if allow is None else allow
    listed = tuple(given) if isinstance(given, (list, tuple, set, frozenset, Iterator)) else None
    if listed is None or not all(isinstance(one, str) for one in listed):
        raise ReportError(
            f"allow received {_brief(allow)}; valid is a pattern or a list of them, such as "
            "'end:softmax'; give "
            "the inputs by name: input_args=(1, 3, 224, 224)."
        )
    return listed


def _brief(value: Any) -> str:
    shape = getattr(value, "shape", None)
    text = repr(value) if shape is None else f"a {type(value).__name__} of the shape {tuple(shape)}"
    return clipped(text, 60)


def _excess(inspection: Inspection, allowed: Allowlist) -> Iterator[str]:
    excess = allowed.excess(inspection)
    if not excess:
        return
    roots = [op for op in excess if op.root_cause]
    following = [op for op in excess if not op.root_cause]
    unwanted = " and not allowed there" if allowed.patterns else ""
    yield f"{are(len(excess), 'operator')} on the CPU{unwanted}"
    for op in roots[:MOST]:
        yield from _described(op)
    if roots[MOST:]:
        yield f"  and {len(roots) - MOST:,} more"
    if following:
        names = ", ".join(plain(op.name) for op in following[:MOST])
        more = ", ..." if following[MOST:] else ""
        yield f"  only because of others: {names}{more}"
    rest = allowed.for_the_rest(inspection)
    if rest:
        yield f"  that has no DPU cost: allow={[*allowed.patterns, *rest]!r} lets it pass"
    for pattern in allowed.idle(inspection):
        yield f"  allow: no operator matches {pattern!r}"


def _described(op: InspectedOp) -> Iterator[str]:
    yield f"  {plain(op.name)} ({plain(op.type)})"
    for finding in op.findings:
        unsure = doubt(finding)
        yield f"    - {plain(finding.message)}" + (f" ({unsure})" if unsure else "")
        if finding.remedies:
            yield "      what to change: " + remedy(finding)
        yield "      rule: " + grounds(finding)


def _too_many(inspection: Inspection, most: Optional[int]) -> List[str]:
    found = inspection.summary.dpu_subgraphs
    if most is None or found <= most:
        return []
    return [f"{count(found, 'DPU subgraph')}, more than {most:,}"]


__all__ = ["assert_on_dpu"]
