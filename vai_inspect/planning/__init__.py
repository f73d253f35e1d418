"""The plan: what to change, what to cut off and what to leave on the host, in order.

`planner.py` chooses the steps, `placing.py` places and counts each changed graph, `steps.py` writes
the steps, and `cut_code/` the code that builds the DPU part, a file for each framework.
"""

from __future__ import annotations

from vai_inspect.planning.planner import Planned, plan

__all__ = ["Planned", "plan"]
