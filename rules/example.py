"""Examples that a constraint declares: small graphs around one operator, on one target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from vai_inspect.core.ir import Graph


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes:
        text: what it shows, as the rule book prints it: `kernel 17x17`.
        graph: builds the graph; a function, so that importing the rules builds nothing.
        op: name of the operator that the constraint judges in it.
        target: name or fingerprint of the target; None for the family's `example_target`.
    """

    text: str
    graph: Callable[[], Graph]
    op: str = "op"
    target: Optional[str] = None
