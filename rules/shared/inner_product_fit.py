"""Which layout of an inner product's features keeps the limits of a family's convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.plugin import Target, Verdict, Violation
from vai_inspect.rules.shared.engines import input_channels
from vai_inspect.rules.shared.feature_layout import Layout, factorised, own_map, reads_product
from vai_inspect.rules.shared.windows import WindowRule

Violations = List[Violation]


@dataclass(frozen=True)
class Fit:
    """How a family takes inner products.

    Attributes:
        rules: what a convolution's window keeps.
        factorises: whether compiled models show factorised features on this family. Where they do
            not, a map that fits on its own decides; one that fits only when factorised is unknown.
    """

    rules: Tuple[WindowRule, ...]
    factorises: bool = False

    def refusals(self, layout: Layout, target: Target) -> Violations:
        """Returns the window rules that a layout violates."""
        return [
            violation.replaced(
                template="as a convolution over {map_height} x {map_width} x {map_channels}: "
                + violation.template,
                map_height=layout.height,
                map_width=layout.width,
                map_channels=layout.channels,
            )
            for violation in self._violations(layout, target)
        ]

    def fits(self, layout: Optional[Layout], target: Target) -> bool:
        """Returns whether there is a layout and it violates nothing."""
        return layout is not None and next(self._violations(layout, target), None) is None

    def _violations(self, layout: Layout, target: Target) -> Iterator[Violation]:
        for rule in self.rules:
            yield from rule(target, layout.width, layout.height, layout.channels)

    def factorised(self, features: int, target: Target) -> Optional[Layout]:
        """Returns the layout of factorised features within the target's limits."""
        return factorised(features, target.conv.limit.kernel_size.high, input_channels(target))

    def own(self, product: Op, graph: Graph) -> Optional[Layout]:
        """Returns the map that decides on its own: the input's own, or a vector in one pixel."""
        layout = own_map(product, graph)
        if layout is None and not self.factorises:
            return Layout(1, 1, graph.input_types(product)[0].channels)
        return layout

    def takes_factorised(self, product: Op, graph: Graph) -> bool:
        """Returns whether compiled models show that the input is factorised where its map fails."""
        return self.factorises and not reads_product(product, graph)

    def layout(self, product: Op, graph: Graph, target: Target) -> Optional[Layout]:
        """Returns the layout that the compiler takes, or None where none fits."""
        features = graph.input_types(product)[0].channels
        for layout in (own_map(product, graph), self.factorised(features, target)):
            if self.fits(layout, target):
                return layout
        return None


def fewest(refused: List[Violations]) -> Violations:
    """Returns the violations of the layout that has fewest, one only in doubt before others."""

    def weight(violations: Violations) -> Tuple[bool, int]:
        refuses = any(violation.verdict is Verdict.UNSUPPORTED for violation in violations)
        return refuses, len(violations)

    return min(refused, key=weight)
