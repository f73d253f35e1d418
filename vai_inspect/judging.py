"""Counts and times for loops over many models: `from vai_inspect import judge`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

from vai_inspect.core.errors import TargetError
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.judgement import Judgement
from vai_inspect.core.target import Target
from vai_inspect.estimating import board_target, estimate
from vai_inspect.frameworks import CaptureOptions, framework_of
from vai_inspect.pipeline import Detail, TargetSpec, capture_for, each_of, inspect_graph
from vai_inspect.rules.targets.lookup import lookup


def judge(
    model: Any,
    targets: Union[TargetSpec, Iterable[TargetSpec]],
    input_args: Any = None,
    plan: bool = False,
) -> Dict[str, Judgement]:
    """Returns counts and times of a model on targets, without root causes, texts and files.

    For architecture searches, sweeps and callbacks: it is pure and can be sent to other processes,
    and so can what it returns. Of a live Keras 3 model the shapes that the model recorded of itself
    are taken where the inputs are its own but for the batch.

    Args:
        model: a model of Keras or PyTorch, its file, or what Keras saves of one as its config: the
            dict of `class_name` and `config`, or its text (`model.to_json()`).
        targets: targets as the inspectors take them, or boards (`"ZCU104"`), which mean the
            target that their newest image boots in release 2.5 and have times of their own; one,
            or several.
        input_args: the inputs, or their shapes, as the inspectors take them.
        plan: whether to count the steps of the plan, which takes a third to as long again; without,
            they are known (none) only where no operator is on the CPU and nothing stops the
            vendor's quantiser.

    Returns:
        A judgement for each by the name of the target, or of the board; where several builds of a
        target are given, by their fingerprints.

    Raises:
        TargetError: a target names none, or none is given.
        VaiInspectError: the model cannot be inspected.

    Examples:
        >>> judge(model, "KV260")["KV260"].fps
    """
    wanted = _wanted(targets)
    each = tuple(dict.fromkeys(target for target, _ in wanted))
    options = CaptureOptions(input_args, recorded_shapes=True)
    detail = Detail.PLAN if plan else Detail.COUNTS
    # A traced PyTorch forward leaves reference cycles, which the collector must find.
    with paused() if framework_of(model) == "keras" else contextlib.nullcontext():
        captures = capture_for(each, model, options)
    found = {
        target: inspect_graph(captured, target, detail) for target, captured in zip(each, captures)
    }
    names = [target.name for target in each]
    judged: Dict[str, Judgement] = {}
    for target, board in wanted:
        twice = names.count(target.name) > 1
        key = board or (target.fingerprint_text if twice else target.name)
        judged[key] = Judgement.of(_timed(found[target], board), plan)
    return judged


def _timed(inspection: Inspection, board: Optional[str]) -> Inspection:
    """Returns an inspection whose times are those of a board."""
    found = inspection.default_estimate
    if board is None or found is None or found.board == board:
        return inspection
    return replace(inspection, default_estimate=estimate(inspection, board))


def _wanted(targets: Any) -> List[Tuple[Target, Optional[str]]]:
    """Returns each target that is meant, with the board where that is named."""
    found: List[Tuple[Target, Optional[str]]] = []
    for spec in each_of(targets):
        board = board_target(spec) if isinstance(spec, str) else None
        found.append(board if board is not None else (lookup(spec), None))
    if not found:
        raise TargetError("there is no target to judge for; `vai-inspect targets` lists them all.")
    return list(dict.fromkeys(found))


__all__ = ["Judgement", "judge"]
