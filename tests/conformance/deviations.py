"""Where this project means to differ from the 2.5 inspector, and the evidence that outranks it.

One row covers every case that it describes; the test fails on a difference without a row, and on a
row that describes no case. P-numbers are defects of the 2.5 PyTorch inspector, found by reading and
by running it (see docs/vendor_inspectors.md); order of evidence: docs of the rules.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple


class Refused(NamedTuple):
    """Operators that the 2.5 inspector puts on the DPU and this project on the CPU.

    Attributes:
        constraints: ids of the constraints that refuse it here, without the family; any of them.
        evidence: what the refusal is founded on; `unknown` where no source decides, so that
            nothing is promised.
        reason: why the 2.5 inspector is not followed.
        types: the vendor's operator types; every type where there are none.
    """

    constraints: Tuple[str, ...]
    evidence: str
    reason: str
    types: Tuple[str, ...] = ()


class Taken(NamedTuple):
    """Operators that the 2.5 inspector puts on the CPU and this project on the DPU.

    Attributes:
        types: the vendor's operator types.
        evidence: what the verdict is founded on.
        reason: why the 2.5 inspector is not followed.
        families: the DPU families that it holds for; every family where there are none.
    """

    types: Tuple[str, ...]
    evidence: str
    reason: str
    families: Tuple[str, ...] = ()


class Shown(NamedTuple):
    """Operators that only one of the two graphs has.

    Attributes:
        theirs: whether it is the vendor's graph that has them.
        types: operator types, in the words of the side that has them.
        reason: why the other has none.
        inserted: whether they are the permutes that the vendor's quantiser inserts.
        cases: the cases in which it happens; any where there are none.
    """

    theirs: bool
    types: Tuple[str, ...]
    reason: str
    inserted: Optional[bool] = None
    cases: Tuple[str, ...] = ()
