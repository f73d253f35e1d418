"""Equations of einsum, of which many are inner products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

Shape = Tuple[int, ...]


@dataclass(frozen=True)
class Product:
    """What an equation of two operands computes.

    Attributes:
        macs: its multiply-accumulates; 0 where it sums nothing.
        operand: which of the two is the feature map of an inner product; None where it is none.
        axis: its first axis that is summed; those after it are, too.
        weights: shape (out features, in features) of the other one.
    """

    macs: int
    operand: Optional[int] = None
    axis: int = 0
    weights: Shape = ()


def read(equation: str, shapes: Sequence[Shape], constant: Sequence[bool]) -> Optional[Product]:
    """Reads an equation; None for what is not a product of two operands.

    An operand that is constant, of which no axis is kept beside those of the other, is a matrix of
    weights where the other ends with the axes that are summed and the result with those that are
    new.

    Args:
        equation: such as `bi,io->bo`.
        shapes: of the operands.
        constant: whether each depends on no input.
    """
    parsed = _letters(equation, [len(shape) for shape in shapes])
    if parsed is None or len(shapes) != 2:
        return None
    terms, output = parsed
    sizes: Dict[str, int] = {}
    for term, shape in zip(terms, shapes):
        for letter, size in zip(term, shape):
            sizes[letter] = max(size, sizes.get(letter, 1))
    if not set(sizes) - set(output):
        return Product(0)
    macs = _count(sizes, "".join(sizes))
    for at in (0, 1):
        read_, weights = terms[at], terms[1 - at]
        if not constant[1 - at] or constant[at]:
            continue
        summed = [one for one in read_ if one not in output]
        kept = read_[: len(read_) - len(summed)]
        made = [one for one in output if one not in read_]
        fits = list(read_) == [*kept, *summed] and list(output) == [*kept, *made]
        if fits and sorted(weights) == sorted([*summed, *made]) and summed and made:
            matrix = (_count(sizes, made), _count(sizes, summed))
            return Product(macs, at, len(kept), matrix)
    return Product(macs)


def read_layer(equation: str, shape: Shape, output: Shape) -> Optional[Product]:
    """Reads the equation of an EinsumDense layer, whose second operand is its kernel.

    Args:
        equation: such as `abc,cd->abd`.
        shape: what the layer reads.
        output: what it gives.
    """
    kernel = equation.replace(" ", "").partition("->")[0].split(",")[-1]
    parsed = _letters(equation, [len(shape), len(kernel)])
    if parsed is None or len(parsed[1]) != len(output):
        return None
    sizes = dict(zip(parsed[1], output))
    sizes.update(zip(parsed[0][0], shape))
    if not set(kernel) <= set(sizes):
        return None
    kernel_shape = tuple(sizes[letter] for letter in kernel)
    return read(equation, [shape, kernel_shape], [False, True])


def _letters(equation: str, ranks: Sequence[int]) -> Optional[Tuple[List[str], str]]:
    """Returns the letters of each operand and of the result, `...` filled in with capitals."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    given = left.split(",")
    if len(given) != len(ranks):
        return None
    hidden = max(
        (rank - len(one) + 3 for one, rank in zip(given, ranks) if "..." in one), default=0
    )
    filler = [chr(0x3B1 + at) for at in range(hidden)]  # letters that no equation has
    terms = []
    for one, rank in zip(given, ranks):
        own = rank - len(one) + 3 if "..." in one else 0
        terms.append(one.replace("...", "".join(filler[hidden - own :])))
        if len(terms[-1]) != rank or len(set(terms[-1])) != rank:
            return None  # a diagonal
    if not arrow:
        every = "".join(terms)
        once = sorted(one for one in set(every) if every.count(one) == 1 and one not in filler)
        return terms, "".join([*filler, *once])
    return terms, right.replace("...", "".join(filler))


def _count(sizes: Dict[str, int], letters: Sequence[str]) -> int:
    count = 1
    for letter in letters:
        count *= sizes[letter]
    return count
