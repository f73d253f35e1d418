"""What results need of the layers above the core; the package registers it on import."""

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


_registered: List[Presenter] = []


def register(presenter: Presenter) -> None:
    """Sets what renders and estimates results.

    Args:
        presenter: the presenter.
    """
    _registered[:] = [presenter]


def presenter() -> Presenter:
    """Returns what renders and estimates results."""
    return _registered[0]
