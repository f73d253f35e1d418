"""How the codec reads a targets.yaml: the notations of its figures, and what its errors say.

The dataclasses of `core.target` say which figures there are and of which kind, so a figure added
there can be written in a targets.yaml at once. Every wrong figure is a RuleError that says where it
stands, what was received and what is valid.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple, Union

from vai_inspect.core import codec
from vai_inspect.core.errors import RuleError, did_you_mean, listed, quoted
from vai_inspect.core.target import Bank, BoardUse, Limit

_RELEASE = re.compile(r"\d+\.\d+\Z", re.ASCII)
_BANK = re.compile(r"(Virtual|Param|Special) (\S+) x (\S+) x (\S+?)(?:, (\d+) bit)?\Z")


class Place(codec.Place):
    """Where in which file a figure stands, and the sizes that figures there may name.

    Attributes:
        path: file, target and field, outermost first.
        sizes: numbers by name, `PP`, `ICP`, ...
    """

    strict = True

    def __init__(
        self, path: Sequence[Union[str, int]], sizes: Optional[Mapping[str, int]] = None
    ) -> None:
        """Takes the path.

        Args:
            path: file, target and field.
            sizes: numbers by name.
        """
        super().__init__(*path)
        self.sizes = sizes or {}

    def at(self, key: object) -> Place:
        """Returns the place of a field in here."""
        return Place((*self.path, str(key)), self.sizes)

    def error(self, received: object, valid: str) -> RuleError:
        """Returns the error of this place."""
        path = list(map(str, self.path))
        where, field = ": ".join(path[:2]), ".".join(path[2:])
        got = "nothing" if received is None else quoted(received)
        whole = f"{where}: {field}" if field else where
        return RuleError(f"{whole}: received {got}; valid is {valid}.")

    def missing(self, name: str) -> RuleError:
        """Returns the error that a field is not there."""
        return self.at(name).error(None, "a value: the field is required")

    def unknown(self, name: str, known: Iterable[str]) -> RuleError:
        """Returns the error that there is no such field."""
        valid = sorted(known)
        return self.error(name, f"one of {', '.join(valid)}.{did_you_mean(name, valid)}")


def mapping(value: object, place: Place, names: Iterable[str] = ()) -> Dict[str, Any]:
    """Returns a mapping whose keys are among the names, where any are given."""
    if not isinstance(value, dict):
        raise place.error(value, "a mapping of names to values")
    figures = {str(key): figure for key, figure in value.items()}
    valid = tuple(names)
    for key in figures:
        if valid and key not in valid:
            raise place.unknown(key, valid)
    return figures


def number(value: object, place: Place) -> int:
    """Returns an integer that is written as such, as a size's name, or as a product."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    product = 1
    for factor in value.split("*") if isinstance(value, str) else [""]:
        name = factor.strip()
        if name in place.sizes:
            product *= place.sizes[name]
        elif name.isdecimal() and name.isascii():
            product *= int(name)
        else:
            known = ", ".join(sorted(place.sizes)) or "none is defined"
            raise place.error(value, f"an integer, a size ({known}) or a product such as 2*8")
    return product


def text(value: object, place: Place) -> str:
    """Returns a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise place.error(value, "a text")
    return value


def words(value: object, place: Place) -> Tuple[str, ...]:
    """Returns names that are written as a list, or with blanks between them."""
    listed = value.split() if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise place.error(value, "names with blanks between them, or a list of names")
    return tuple(listed)


def board_uses(
    value: object, place: Place, releases: Sequence[str], registered: Sequence[str]
) -> Tuple[BoardUse, ...]:
    """Returns the boards that a target is known from in some releases.

    Args:
        value: names, or of each board the releases whose image boots the target, or a text that
            says what else of the board has it; or a mapping with that as `by`, and `cores`,
            `clock_mhz` and `source`.
        place: where that stands.
        releases: those that register this build of the target; a board whose image boots it in
            none of them is left out.
        registered: those that register any build of it.
    """
    if not isinstance(value, dict):
        return tuple(map(BoardUse, words(value, place)))
    found = []
    for board, entry in mapping(value, place).items():
        here = place.at(board)
        how, more = entry, {}
        if isinstance(entry, dict):
            more = mapping(entry, here, ("by", *_OF_A_BOARD))
            how = more.pop("by", None)
        described = str(how).split() if isinstance(how, (str, float)) else []
        if not described:
            raise here.error(how, "releases as in 2.5 3.0, or a text")
        figures = {name: _OF_A_BOARD[name](figure, here.at(name)) for name, figure in more.items()}
        if not all(map(_RELEASE.match, described)):
            found.append(BoardUse(board, design=" ".join(described), **figures))
            continue
        for release in described:
            if release not in registered:
                valid = f"a release that registers the target: {listed(registered)}"
                raise here.error(release, valid)
        booted = tuple(release for release in described if release in releases)
        if booted:
            found.append(BoardUse(board, booted, **figures))
    return tuple(found)


_OF_A_BOARD: Dict[str, Callable[[object, Place], Any]] = {
    "cores": number,
    "clock_mhz": number,
    "source": text,
}
"""Figures of a board, and what reads them."""


def flag(value: object, place: Place) -> bool:
    """Returns true or false."""
    if not isinstance(value, bool):
        raise place.error(value, "true or false")
    return value


def limit(value: object, place: Place) -> Limit:
    """Returns a limit: integers and a-b ranges with commas between them."""
    try:
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return Limit.parse(str(value))
    except ValueError:
        pass
    raise place.error(value, 'a limit such as "1-16", "3,5" or "1-3,7"')


def bank(name: str, value: object, base_id: int, place: Place) -> Bank:
    """Returns a bank group from `Virtual 8 x 16 x 2048`, with `, 4 bit` where not 8."""
    match = _BANK.match(value) if isinstance(value, str) else None
    if match is None:
        raise place.error(
            value, "TYPE NUM x WIDTH x DEPTH, as in Virtual 8 x 16 x 2048, or with , 4 bit"
        )
    type_name, num, width, depth, bits = match.groups()
    return Bank(
        name=name,
        type=type_name,
        base_id=base_id,
        num=number(num, place),
        width=number(width, place),
        depth=number(depth, place),
        word_bits=int(bits or 8),
    )


Place.readers = {
    dict: mapping,
    int: number,
    str: text,
    bool: flag,
    Limit: limit,
    Tuple[str, ...]: words,
}
