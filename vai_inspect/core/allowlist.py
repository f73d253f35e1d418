"""Which operators may be on the CPU: patterns that a user's checks allow."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Iterator, List, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.core.root_cause import Position

START, END = "start:", "end:"
_POSITIONS = {
    START: (Position.START, Position.APART),
    END: (Position.END, Position.APART),
}


@dataclass(frozen=True)
class Allowlist:
    """Operators that may be on the CPU.

    Attributes:
        patterns: shell patterns (`*`, `?`, `[...]`). One allows an operator whose XIR type, whose
            name or one of whose layers it matches. With `end:` before it, only where nothing
            after the operator runs on the DPU; with `start:`, only where nothing before it does.
    """

    patterns: Tuple[str, ...] = ()

    def excess(self, inspection: Inspection) -> List[InspectedOp]:
        """Returns the operators on the CPU that are not allowed, in graph order.

        Args:
            inspection: what to check.
        """
        return [
            op
            for op in inspection.on(Device.CPU)
            if not any(_allows(pattern, op, inspection) for pattern in self.patterns)
        ]

    def for_the_rest(self, inspection: Inspection) -> Tuple[str, ...]:
        """Returns the patterns that allow what is left, if all of it has no DPU cost.

        These are at the start or the end of the network and multiply and accumulate
        nothing, such as a last softmax: `end:softmax`.

        Args:
            inspection: what to check.
        """
        left = self.excess(inspection)
        free = {op.name for op in inspection.left_to_host()} if left else set()
        if not all(op.name in free for op in left):
            return ()
        boundary = inspection.boundary
        starts = (boundary.position((op.name,)) is Position.START for op in left)
        patterns = ((START if first else END) + op.type for first, op in zip(starts, left))
        return tuple(dict.fromkeys(patterns))

    def idle(self, inspection: Inspection) -> List[str]:
        """Returns the patterns that match no operator at all, wherever it runs: probably misspelt.

        Args:
            inspection: what to check.
        """
        return [
            pattern
            for pattern in self.patterns
            if not any(_matches(_bare(pattern)[1], op) for op in inspection.ops)
        ]


def _allows(pattern: str, op: InspectedOp, inspection: Inspection) -> bool:
    where, bare = _bare(pattern)
    if not _matches(bare, op):
        return False
    return not where or inspection.boundary.position((op.name,)) in _POSITIONS[where]


def _bare(pattern: str) -> Tuple[str, str]:
    for where in (START, END):
        if pattern.startswith(where):
            return where, pattern[len(where) :]
    return "", pattern


def _matches(pattern: str, op: InspectedOp) -> bool:
    names = (op.type, op.name, *op.op.origin.layers, *_around(op))
    return any(fnmatchcase(text, pattern) for text in names)


def _around(op: InspectedOp) -> Iterator[str]:
    """Yields the Keras layers that hold an operator's layers: an own one that was walked."""
    for path in op.op.origin.layers:
        while "/" in path:
            path = path.rpartition("/")[0]
            yield path
