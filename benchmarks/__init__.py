"""What vai_inspect costs: `python -m benchmarks`, from the root of the repository.

Tables, not tests: nothing fails where a machine is slow. Ratios within one run say more than the
times, which depend on the machine.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
"""Where `python -m benchmarks` works."""
