"""One model on several targets: `from vai_inspect import compare`."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple, Union

from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.capture import Captured
from vai_inspect.core.comparison import Comparison
from vai_inspect.core.errors import EstimateError, TargetError
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.target import Target
from vai_inspect.estimating import on_every_board
from vai_inspect.frameworks import CaptureOptions
from vai_inspect.pipeline import Detail, TargetSpec, capture_for, each_of, inspect_graph
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.lookup import lookup


def compare(
    model: Any,
    targets: Optional[Iterable[TargetSpec]] = None,
    *,
    family: Optional[str] = None,
    allow: Union[str, Iterable[str]] = (),
    input_args: Any = None,
    device: Any = "cpu",
    trust: bool = False,
    fps: Optional[float] = None,
) -> Comparison:
    """Compares how much of a model each of several targets runs.

    The model is captured once for each batch that the targets want where it leaves its own open:
    once, or twice where DPUCADF8H is among them.

    Nothing is written or printed; `print(comparison)` shows the table.

    Args:
        model: a Keras, PyTorch or ONNX model, as the inspectors take it.
        targets: the DPUs, as the inspectors take them; None for all that are registered, of
            builds of one name that of release 2.5.
        family: only this family's (`czdx8g` or `DPUCZDX8G`); instead of `targets`.
        allow: operators that may be on the CPU, as of `vai_inspect.testing.assert_on_dpu`: a
            target that runs all others takes the whole model.
        input_args: the inputs, or their shapes, as the inspectors take them.
        device: where PyTorch runs real tensors when it must.
        trust: whether code in a model file may run, as of the inspectors.
        fps: frames per second that a board is wanted for; `smallest_board` is the one.

    Raises:
        TargetError: a target names none, or there is none to compare.
        RuleError: there is no such family.
        EstimateError: `fps` is no number above 0.
        VaiInspectError: the model cannot be inspected.
    """
    check_fps(fps)
    chosen = choose(targets, family)
    options = CaptureOptions(input_args, device, trust)
    captured = capture_for(chosen, model, options)
    allowed = (allow,) if isinstance(allow, str) else tuple(allow)
    return compare_captured(captured, chosen, allowed, fps)


def check_fps(fps: Optional[float]) -> None:
    """Checks the frames per second that a board is wanted for, before any work is done.

    Raises:
        EstimateError: they are no number above 0.
    """
    if fps is None:
        return
    good = isinstance(fps, (int, float)) and not isinstance(fps, bool)
    if not good or not 0 < fps < float("inf"):
        raise EstimateError(f"fps is {fps!r}; valid is a number above 0.")


def choose(targets: Optional[Iterable[TargetSpec]], family: Optional[str]) -> Tuple[Target, ...]:
    """Returns the targets that are meant, each once.

    Args:
        targets: as of `compare`.
        family: as of `compare`.

    Raises:
        TargetError: a target names none, there is none, or both arguments are given.
        RuleError: there is no such family.
    """
    if targets is not None:
        if family is not None:
            raise TargetError("targets and family are both given; give one of them.")
        found: Sequence[Target] = [lookup(spec) for spec in each_of(targets)]
    else:
        by_name: Dict[str, Target] = {}
        for target in registry.targets(family):
            by_name.setdefault(target.name, target)
        found = list(by_name.values())
    if not found:
        raise TargetError("there is no target to compare; `vai-inspect targets` lists them all.")
    return tuple(dict.fromkeys(found))


@paused()
def compare_captured(
    captured: Sequence[Captured],
    targets: Sequence[Target],
    allow: Iterable[str] = (),
    fps: Optional[float] = None,
    before: Callable[[Target], None] = lambda target: None,
) -> Comparison:
    """Compares targets for a captured model.

    Args:
        captured: what a frontend read, for each target.
        targets: the DPUs, each once; at least one.
        allow: patterns of operators that may be on the CPU.
        fps: as of `compare`.
        before: is called with each target before the model is inspected for it.
    """
    found = []
    for one, target in zip(captured, targets):
        before(target)
        found.append(inspect_graph(one, target, Detail.COUNTS))
    estimates = [on_every_board(one) for one in found]
    return Comparison.of(found, Allowlist(tuple(allow)), estimates, fps)


__all__ = ["compare"]
