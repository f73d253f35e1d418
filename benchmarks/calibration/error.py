"""How far off the model is: each network predicted by a fit without its family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Sequence, Tuple

from benchmarks.calibration.fit import Fitted, fitted
from benchmarks.calibration.measured import Row
from vai_inspect.rules.timing.layers import Layer

FITTED_ON = "2.5"
"""The release whose times are fitted; those of others are only predicted."""


@dataclass(frozen=True)
class Predicted:
    """One row, predicted without its family.

    Attributes:
        row: what was published.
        frame: seconds of a frame with all cores in use.
        latency: seconds of one frame alone.
    """

    row: Row
    frame: float
    latency: float

    @property
    def frame_error(self) -> float:
        """Error of the time of a frame, percent; above 0 where it is predicted too slow."""
        return 100 * (self.frame / self.row.frame - 1)

    @property
    def latency_error(self) -> float:
        """Error of the latency, percent; likewise."""
        return 100 * (self.latency / self.row.latency - 1)


@dataclass(frozen=True)
class Calibration:
    """The constants, and the predictions that say how good they are.

    Attributes:
        fitted: from all networks of `FITTED_ON`.
        without: by family, from all the others.
        predicted: every row, by the constants without its family.
    """

    fitted: Fitted
    without: Dict[str, Fitted]
    predicted: Tuple[Predicted, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], layers: Dict[str, List[Layer]]) -> "Calibration":
        """Fits.

        Args:
            rows: the published times.
            layers: the layers of each network by its builder.
        """
        known = [row for row in rows if row.release == FITTED_ON]
        without = {
            family: fitted([row for row in known if row.family != family], layers)
            for family in sorted({row.family for row in known})
        }
        predicted = tuple(
            Predicted(
                row,
                without[row.family].frame(layers[row.builder], row),
                without[row.family].latency(layers[row.builder], row),
            )
            for row in rows
        )
        return cls(fitted(known, layers), without, predicted)

    def groups(self) -> Dict[Tuple[str, str], List[Predicted]]:
        """Returns the predictions by board and release."""
        found: Dict[Tuple[str, str], List[Predicted]] = {}
        for one in self.predicted:
            found.setdefault((one.row.board, one.row.release), []).append(one)
        return found

    def rank_correlation(self, release: str = FITTED_ON) -> float:
        """Returns Spearman's correlation of predicted and published frames per second.

        Args:
            release: whose rows; all networks and boards of it together.
        """
        chosen = [one for one in self.predicted if one.row.release == release]
        first = _ranks([one.frame / one.row.cores for one in chosen])
        second = _ranks([one.row.frame / one.row.cores for one in chosen])
        mean = (len(chosen) + 1) / 2
        top = sum((a - mean) * (b - mean) for a, b in zip(first, second))
        squares = [sum((rank - mean) ** 2 for rank in ranks) for ranks in (first, second)]
        return top / (squares[0] * squares[1]) ** 0.5


def mean_and_max(errors: Iterable[float]) -> Tuple[float, float]:
    """Returns the mean and the largest of the sizes of some errors."""
    sizes = [abs(error) for error in errors]
    return sum(sizes) / len(sizes), max(sizes)


def _ranks(values: Sequence[float]) -> List[float]:
    """Returns the rank of each value from 1 on; equal values share the mean of their ranks."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) + 1) / 2 for value in values]
