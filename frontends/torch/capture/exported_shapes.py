"""The input shapes that an exported program takes: sizes, and symbols for those left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

Shape = Optional[Tuple[int, ...]]
"""None stands for an argument that is no tensor."""


@dataclass(frozen=True)
class Wanted:
    """What the inputs of a program are to be.

    Attributes:
        shapes: of each input, in the framework's own layout; a size is a whole number, or an
            expression of symbols where the program was exported with dynamic shapes. None for
            an input that is no tensor.
        ranges: the smallest and largest size that each symbol may stand for, by its name.
    """

    shapes: Tuple[Optional[Tuple[Any, ...]], ...]
    ranges: Dict[str, Tuple[Any, Any]]

    @classmethod
    def of(cls, program: Any, nodes: Sequence[Any]) -> Wanted:
        """Reads what a program wants.

        Args:
            program: a torch.export.ExportedProgram.
            nodes: the nodes of its inputs, in order.
        """
        shapes = tuple(_shape(node) for node in nodes)
        used = {
            str(symbol)
            for shape in shapes
            for size in shape or ()
            for symbol in getattr(size, "free_symbols", ())
        }
        bounds = getattr(program, "range_constraints", {})
        ranges = {
            str(symbol): (bound.lower, bound.upper)
            for symbol, bound in bounds.items()
            if str(symbol) in used
        }
        return cls(shapes, ranges)

    def takes(self, given: Sequence[Shape]) -> bool:
        """Returns whether a program can be run on inputs of these shapes."""
        if len(given) != len(self.shapes):
            return False
        sizes: Dict[Any, int] = {}
        return all(self._fits(one, own, sizes) for one, own in zip(given, self.shapes))

    def with_batch(self, batch: int, given: Sequence[Shape]) -> Optional[Tuple[Shape, ...]]:
        """Returns shapes with another batch; None where the program does not leave it open.

        Args:
            batch: the batch.
            given: shapes that the program takes.
        """
        firsts = [shape[0] for shape in self.shapes if shape]
        symbol = next((size for size in firsts if getattr(size, "is_Symbol", False)), None)
        others = [size for shape in self.shapes for size in (shape or ())[1:]]
        if symbol is None or any(symbol in getattr(size, "free_symbols", ()) for size in others):
            return None
        shapes = tuple(
            (int(own[0].subs({symbol: batch})), *one[1:])
            if own and one and getattr(own[0], "free_symbols", None) == {symbol}
            else one
            for own, one in zip(self.shapes, given)
        )
        return shapes if self.takes(shapes) else None

    def _fits(self, given: Shape, own: Optional[Tuple[Any, ...]], sizes: Dict[Any, int]) -> bool:
        if given is None or own is None:
            return given is own
        if len(given) != len(own):
            return False
        for size, wanted in zip(given, own):
            if not getattr(wanted, "free_symbols", ()):
                if size != wanted:
                    return False
            elif getattr(wanted, "is_Symbol", False):
                if sizes.setdefault(wanted, size) != size or not self._within(str(wanted), size):
                    return False
            else:
                expected = wanted.subs(sizes)
                if not expected.free_symbols and expected != size:
                    return False
        return True

    def _within(self, symbol: str, size: int) -> bool:
        low, high = self.ranges.get(symbol, (size, size))
        # torch notes 2 where nothing but its own treatment of 0 and 1 bounds a size; it does not
        # hold a program's inputs to that either.
        return bool((low <= size or low <= 2) and size <= high)

    def __str__(self) -> str:
        """The shapes as they stand in messages."""
        shapes = ", ".join(str(shape) for shape in self.shapes)
        ranges = [f"{name} from {low} to {high}" for name, (low, high) in self.ranges.items()]
        return shapes + (" with " + ", ".join(ranges) if ranges else "")


def _shape(node: Any) -> Optional[Tuple[Any, ...]]:
    """Returns a node's shape, an expression of sympy for each size that is left open."""
    shape = getattr(node.meta.get("val"), "shape", None)
    if shape is None:
        return None
    return tuple(getattr(getattr(size, "node", None), "expr", size) for size in shape)
