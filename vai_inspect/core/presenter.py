"""What results ask of the layers above the core, which the package hands in when it is imported."""

from __future__ import annotations

from typing import Any, List, Optional, Protocol


class Presenter(Protocol):
    """Renders and estimates results."""

    def html(self, result: Any) -> str:
        """Returns an inspection or a comparison as a notebook shows it."""

    def text(self, comparison: Any) -> str:
        """Returns a comparison as text."""

    def graph(self, inspection: Any) -> Any:
        """Returns an inspection's graph as a `graphviz.Source`."""

    def estimate(
        self,
        inspection: Any,
        board: Optional[str],
        clock_mhz: Optional[float],
        cores: Optional[int],
        bandwidth_gb_s: Optional[float],
    ) -> Any:
        """Returns how long an inspected network takes on a board."""


_handed_in: List[Presenter] = []


def hand_in(presenter: Presenter) -> None:
    """Sets what results show themselves with.

    Args:
        presenter: the presenter.
    """
    _handed_in[:] = [presenter]


def presenter() -> Presenter:
    """Returns what results show themselves with."""
    return _handed_in[0]
