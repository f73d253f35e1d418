"""What stands in a box of the picture."""

from __future__ import annotations

import os.path
import re
from collections import Counter
from typing import List, Sequence

from vai_inspect.core.errors import count
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports import gv
from vai_inspect.reports.picture.boxes import Box
from vai_inspect.reports.text import times
from vai_inspect.reports.text.format import size
from vai_inspect.reports.text.lines import plain, shortened

RUN_NAME = 36
"""Characters of an operator's name in a box that holds several."""

REASONS = 4
"""Lines of reasons in a box that stands for more operators than it lists."""


def lines(box: Box, inspection: Inspection) -> List[str]:
    """Returns the lines of a box: its one operator, each of several, or their sum.

    Args:
        box: the box.
        inspection: the inspection.
    """
    if len(box.ops) == 1:
        return gv.described(box.ops[0], gv.time_of(box.ops[0], inspection))
    if box.summed:
        lines = _sum(box.ops) + _time(box.ops, inspection)
    else:
        lines = [line for op in box.ops for line in _of_several(op, inspection)]
    if not box.end:
        return lines
    title = f"{box.end} on the CPU: {_counted(box.ops)}"
    return [title, *(lines[1:] if box.summed else lines)]


def _time(ops: Sequence[InspectedOp], inspection: Inspection) -> List[str]:
    """Returns the sum of the operators' estimated times, or nothing."""
    found = inspection.default_estimate
    us = sum(found.ops[op.name].us for op in ops if op.name in found.ops) if found else 0.0
    return [f"{times.number(us)} us"] if us else []


def _of_several(op: InspectedOp, inspection: Inspection) -> List[str]:
    shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
    text = f"{plain(op.type)}  {shortened(plain(op.name), RUN_NAME)}  {shortened(shapes, RUN_NAME)}"
    folded = gv.folded_layers(op)
    if folded:
        text += f"  +{len(folded)} folded"
    text += "".join("  " + time for time in _time([op], inspection))
    # What follows from another operator says less.
    reason = gv.reason(op, 2 if op.root_cause else 1)
    return [text, *("    " + line for line in reason)]


def _sum(ops: Sequence[InspectedOp]) -> List[str]:
    made = [_title(ops)]
    on = Counter(op.device for op in ops if not op.constant)
    if len(on) > 1:
        made.append(f"{on[Device.DPU]} on the DPU, {on[Device.CPU]} on the CPU")
    kinds = Counter(plain(op.type) for op in ops).most_common()
    text = ", ".join(f"{kind} {number}" for kind, number in kinds)
    made.append(shortened(text, 2 * RUN_NAME))
    reasons = {line: None for op in ops if op.root_cause for line in gv.reason(op, 1)}
    made += list(reasons)[:REASONS]
    if len(reasons) > REASONS:
        made.append(f"and {count(len(reasons) - REASONS, 'more reason')}")
    return made


def _title(ops: Sequence[InspectedOp]) -> str:
    """Returns the module that all are of, or from which to which they go."""
    number = _counted(ops)
    within = [re.split(r"([./])", plain(op.op.layer))[:-1] for op in ops]
    module = "".join(os.path.commonprefix(within)).rstrip("./")
    if module:
        return f"{shortened(module, gv.NAME_WIDTH)}: {number}"
    first, last = (shortened(plain(ops[place].name), RUN_NAME) for place in (0, -1))
    return f"{number}: {first} to {last}"


def _counted(ops: Sequence[InspectedOp]) -> str:
    constants = sum(op.constant for op in ops)
    counted = ((len(ops) - constants, "operator"), (constants, "constant"))
    return ", ".join(count(*one) for one in counted if one[0])
