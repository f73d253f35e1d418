"""Which operators may be on the CPU: patterns that a user's checks allow."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Dict, List, Sequence, Set, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import InspectedOp, Inspection

START, END = "start:", "end:"


@dataclass(frozen=True)
class Allowance:
    """Operators that may be on the CPU.

    Attributes:
        patterns: shell patterns (`*`, `?`, `[...]`). One allows an operator whose XIR type, whose
            name or one of whose layers it matches. With `end:` before it, only where nothing
            behind the operator runs on the DPU; with `start:`, only where nothing before it does.
    """

    patterns: Tuple[str, ...] = ()

    def excess(self, inspection: Inspection) -> List[InspectedOp]:
        """Returns the operators on the CPU that are not allowed, in graph order.

        A constant is where it is read: it counts with its readers, never by itself.

        Args:
            inspection: what to check.
        """
        named = {_bare(pattern)[0] for pattern in self.patterns}
        edge = {where: _without(inspection.ops, where == END) for where in named if where}
        return [
            op
            for op in inspection.on(Device.CPU)
            if op.type != "const"
            and not any(self._allows(pattern, op, edge) for pattern in self.patterns)
        ]

    def idle(self, inspection: Inspection) -> List[str]:
        """Returns the patterns that match no operator at all, wherever it runs: misspelt ones.

        Args:
            inspection: what to check.
        """
        return [
            pattern
            for pattern in self.patterns
            if not any(_matches(_bare(pattern)[1], op) for op in inspection.ops)
        ]

    @staticmethod
    def _allows(pattern: str, op: InspectedOp, edge: Dict[str, Set[str]]) -> bool:
        where, bare = _bare(pattern)
        return (not where or op.name in edge[where]) and _matches(bare, op)


def _bare(pattern: str) -> Tuple[str, str]:
    for where in (START, END):
        if pattern.startswith(where):
            return where, pattern[len(where) :]
    return "", pattern


def _matches(pattern: str, op: InspectedOp) -> bool:
    return any(fnmatchcase(text, pattern) for text in (op.type, op.name, *op.op.origin.layers))


def _without(ops: Sequence[InspectedOp], behind: bool) -> Set[str]:
    """Returns the operators behind (else: before) which nothing runs on the DPU."""
    # Constants are on the DPU where they are read; they are no computation before an operator.
    on_dpu = {op.name for op in ops if op.device is Device.DPU and op.type != "const"}
    reached: Set[str] = set()
    for op in reversed(ops) if behind else ops:
        near = op.consumers if behind else tuple(value.op for value in op.op.inputs)
        if any(name in on_dpu or name in reached for name in near):
            reached.add(op.name)
    return {op.name for op in ops} - reached
