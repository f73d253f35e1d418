"""A topological order in which operators that belong together stand together."""

from __future__ import annotations

import heapq
from typing import Dict, Hashable, List, Optional, Sequence

from vai_inspect.core.inspection import InspectedOp


def brought_together(ops: Sequence[InspectedOp], keys: Sequence[Sequence[Hashable]]) -> List[int]:
    """Returns the numbers of the operators in a topological order with long stretches of one key.

    After an operator comes one that has its narrowest key where one can, else the next wider one,
    else the earliest that can; what reads nothing comes right before the first that reads it.

    Args:
        ops: operators in topological order; what others give and read counts for nothing.
        keys: what those that belong together have in common, the widest first.
    """
    number = {op.name: at for at, op in enumerate(ops)}
    reads = [sorted({number[one.op] for one in op.op.inputs if one.op in number}) for op in ops]
    read_by = [sorted({number[name] for name in op.consumers if name in number}) for op in ops]
    waits_for = [sum(1 for source in sources if reads[source]) for sources in reads]
    order: List[int] = []
    done = [False] * len(ops)
    ready: List[int] = []
    alike: Dict[Hashable, List[int]] = {}

    def make_ready(at: int) -> None:
        heapq.heappush(ready, at)
        for key in keys[at]:
            heapq.heappush(alike.setdefault(key, []), at)

    def put(at: int) -> None:
        if not done[at]:
            done[at] = True
            order.append(at)

    def take(last: Optional[int]) -> Optional[int]:
        narrowing = [alike.get(key, []) for key in keys[last]] if last is not None else []
        for waiting in (*reversed(narrowing), ready):
            while waiting:
                at = heapq.heappop(waiting)
                if not done[at]:
                    return at
        return None

    for at in range(len(ops)):
        if not waits_for[at] and (reads[at] or not read_by[at]):
            make_ready(at)
    last = take(None)
    while last is not None:
        for source in reads[last]:
            put(source)
        put(last)
        for reader in read_by[last]:
            waits_for[reader] -= 1
            if not waits_for[reader]:
                make_ready(reader)
        last = take(last)
    return order
