"""The platform of an estimate: a board that is known, or a design of the user's own."""

from __future__ import annotations

import math
from typing import Dict, Iterable, List, Optional, Tuple

from vai_inspect.core.errors import EstimateError, did_you_mean, quoted
from vai_inspect.core.estimate import Platform
from vai_inspect.core.target import BoardUse, Target
from vai_inspect.rules.timing.table import Table

FIRST = "KV260"
"""The board of an estimate that names none, where it has the DPU."""
OWN_CLOCK_MHZ = 300
"""Clock of a design of which nothing is known: that of most of the vendor's images."""


def platform(
    target: Target,
    known: Iterable[Target],
    fitted: Table,
    board: Optional[str] = None,
    clock_mhz: Optional[float] = None,
    cores: Optional[int] = None,
    bandwidth_gb_s: Optional[float] = None,
) -> Platform:
    """Returns the platform that is meant.

    Args:
        target: the DPU.
        known: the targets of its family, which name boards.
        fitted: the figures of memory and host.
        board: a board's name in any case; None for the one that stands first, see `boards_of`,
            or one core at 300 MHz where no board is known to have such a DPU.
        clock_mhz: clock of the DPU in place of the board's, MHz.
        cores: DPU cores in place of the board's.
        bandwidth_gb_s: memory bandwidth in place of the board's, GB/s in each direction.

    Raises:
        EstimateError: there is no such board, it has another DPU, or a figure is none.
    """
    given = {
        "clock": _positive("clock_mhz", clock_mhz),
        "cores": _whole("cores", cores),
        "bandwidth": _positive("bandwidth_gb_s", bandwidth_gb_s),
    }
    every = list(known)
    designs = boards_of(target, every)
    use = next(iter(designs.values()), None) if board is None else None
    if board is not None:
        use = _named(board, target, designs, every, given)
    if use is None or use.cores is None or use.clock_mhz is None:
        use = BoardUse(use.board if use else "", cores=1, clock_mhz=OWN_CLOCK_MHZ)
    of_board = {"clock": use.clock_mhz, "cores": use.cores, "bandwidth": fitted.memory.value}
    others = {
        name: figure for name, figure in given.items() if figure not in (None, of_board[name])
    }
    figures = {**of_board, **others}
    return Platform(
        board=use.board or None,
        cores=int(figures["cores"] or 1),
        clock_mhz=float(figures["clock"] or OWN_CLOCK_MHZ),
        bandwidth_gb_s=float(figures["bandwidth"] or fitted.memory.value),
        host_ms=fitted.host.value,
        host_ns_per_pixel=fitted.host_pixel.value,
        given=tuple(others),
        source=use.source,
    )


def boards_of(target: Target, known: Iterable[Target]) -> Dict[str, BoardUse]:
    """Returns the boards that have a DPU of the target's size with cores and clock, by small name.

    A target's own boards come first, and the KV260 among equals.
    """
    uses: List[Tuple[bool, bool, BoardUse]] = []
    for one in (target, *known):
        if _size(one) != _size(target):
            continue
        for use in one.board_uses:
            if use.cores is not None and use.clock_mhz is not None:
                uses.append((one is not target, use.board != FIRST, use))
    found: Dict[str, BoardUse] = {}
    for _, _, use in sorted(uses, key=lambda entry: entry[:2]):
        found.setdefault(use.board.lower(), use)
    return found


def _named(
    board: str,
    target: Target,
    designs: Dict[str, BoardUse],
    known: Iterable[Target],
    given: Dict[str, Optional[float]],
) -> BoardUse:
    found = designs.get(str(board).strip().lower())
    if found is not None:
        return found
    others = {
        use.board.lower(): use
        for one in known
        for use in one.board_uses
        if use.cores is not None and use.clock_mhz is not None
    }
    other = others.get(str(board).strip().lower())
    if other is None:
        names = sorted(use.board for use in others.values())
        valid, hint = ", ".join(names) or "none", did_you_mean(str(board), names)
        raise EstimateError(
            f"unknown board {quoted(board)}: valid are {valid}.{hint} For another board give "
            "clock, cores and bandwidth, and no board."
        )
    if given["cores"] is None or given["clock"] is None:
        raise EstimateError(
            f"no image of {other.board} has {target.name}; for a design of your own give its "
            "clock and its cores."
        )
    return other


def _size(target: Target) -> Tuple[int, int, int]:
    conv = target.conv
    return conv.pixel_parallel, conv.input_channel_parallel, conv.output_channel_parallel


def _positive(name: str, value: Optional[float]) -> Optional[float]:
    if value is None:
        return None
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or not 0 < value < 1e6:
        raise EstimateError(f"{name} is {quoted(value)}; valid is a number above 0.")
    return float(value)


def _whole(name: str, value: Optional[int]) -> Optional[int]:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 64:
        valid = "an integer from 1 to 64"
        raise EstimateError(f"{name} is {quoted(value)}; valid is {valid}.")
    return value
