"""What to do about an operator that nothing on a DPU replaces."""

from __future__ import annotations

from vai_inspect.core.findings import Remedy

AT_AN_END = Remedy(
    "at the start or the end of the network, run it on the host; elsewhere it splits the DPU "
    "subgraph, so design the network without it"
)
