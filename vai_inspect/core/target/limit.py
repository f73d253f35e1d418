"""A set of integers in the notation of the target definitions."""

from __future__ import annotations

import bisect
import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import List, Tuple


@dataclass(frozen=True)
class Limit:
    """A set of integers in the notation of the target definitions: `1-16`, `3,5`, `1-3,7`.

    Attributes:
        text: the limit as written.
        spans: its parts as (low, high), both included, ascending.
    """

    text: str
    spans: Tuple[Tuple[int, int], ...] = dataclasses.field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Reads comma-separated integers and a-b ranges.

        Raises:
            ValueError: the text has another form.
        """
        spans: List[Tuple[int, int]] = []
        for part in str(text).split(","):
            low, dash, high = part.strip().partition("-")
            spans.append((int(low), int(high if dash else low)))
        if any(low > high for low, high in spans):
            raise ValueError(f"limit {text!r} has a range that ends before it starts")
        return cls(str(text), tuple(sorted(spans)))

    @classmethod
    @lru_cache(maxsize=4096)
    def span(cls, low: int, high: int) -> "Limit":
        """Returns the limit from low to high, both included."""
        return cls(f"{low}-{high}", ((low, high),))

    def __contains__(self, value: int) -> bool:
        for low, high in self.spans:  # noqa: SIM110 - any() takes twice the time
            if low <= value <= high:
                return True
        return False

    def __str__(self) -> str:
        return self.text

    @property
    def low(self) -> int:
        """The smallest number within."""
        return self.spans[0][0]

    @property
    def high(self) -> int:
        """The largest number within."""
        return max(high for _, high in self.spans)

    def nearest(self, value: int) -> int:
        """Returns the nearest number within the limit; the smaller of two at equal distance."""
        ends = sorted(end for span in self.spans for end in span)
        if value in self:
            return value
        place = bisect.bisect(ends, value)
        return min(ends[max(0, place - 1) : place + 1], key=lambda end: (abs(end - value), end))
