"""Time, memory and disk are bounded, whatever the model is like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hostile.children import child

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
ROOT = {
    "PYTHONPATH": os.pathsep.join(
        [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
}
LARGE_GRAPHS = "from tests.hostile.large_graphs import main; main()"


@pytest.mark.parametrize(
    ("kind", "number", "seconds", "causes"),
    [("dense", 240, 2, 2), ("wide", 2000, 4, 1), ("motley", 1000, 8, 1000)],
)
def test_root_causes(kind: str, number: int, seconds: float, causes: int, tmp_path: Path) -> None:
    """Half of the time allowed, and less, is what it takes on a slow machine."""
    ended = child(LARGE_GRAPHS, tmp_path, kind, str(number), seconds=15, environment=ROOT)
    assert ended.code == 0, ended
    took, found = ended.out.split()
    assert int(found) == causes
    assert float(took) < seconds
