"""Dataclasses to plain data and back: the one codec of JSON reports, targets.yaml and timing.yaml.

Plain data is what JSON and YAML have: texts, numbers, true and false, null, lists, mappings. What
a dataclass's annotations say, the plain value must be; errors name the path of the one that is not.
A class with `parse` and `str()`, such as `Limit`, is written as text.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import typing
import warnings
from enum import Enum
from typing import Any, Callable, ClassVar, Dict, Mapping, Tuple, Type, TypeVar, Union

from vai_inspect.core.errors import ReportError, VaiInspectError, clipped

T = TypeVar("T")
INFINITE = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}
"""Figures that JSON has no equivalent for, as the JSON report writes them."""

_PLAIN: Dict[Any, Tuple[str, Tuple[type, ...]]] = {
    str: ("text", (str,)),
    bool: ("true or false", (bool,)),
    int: ("an integer", (int,)),
    float: ("a number", (int, float)),
    dict: ("an object", (dict,)),
    list: ("a list", (list, tuple)),
}
_AS_THEY_ARE = frozenset((int, float, str, bool, type(None)))


class Plain:
    """Base of dataclasses that are written as a mapping of their members.

    Attributes:
        MEMBERS: names of what is written, fields or properties, in order; empty for the fields. A
            trailing underscore, as of a name that is a Python keyword, is not written.
    """

    MEMBERS: ClassVar[Tuple[str, ...]] = ()

    def to_dict(self) -> Dict[str, Any]:
        """Returns it as plain data, as the JSON report holds it."""
        kind: Any = type(self)  # mypy does not see that a type is hashable
        names = self.MEMBERS or _fields(kind)
        return {name.rstrip("_"): encode(getattr(self, name)) for name in names}


class Renamed(Plain):
    """Base of dataclasses with members that had other names in earlier releases.

    JSON has them under both names, and is read with either. In Python the earlier name warns.

    Attributes:
        FORMER: the name of a member for each earlier name.
    """

    FORMER: ClassVar[Mapping[str, str]] = {}

    def to_dict(self) -> Dict[str, Any]:
        """Returns it as plain data, renamed members under both names."""
        found = super().to_dict()
        return {**found, **{former: found[name] for former, name in self.FORMER.items()}}

    if not typing.TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in self.FORMER:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            now = self.FORMER[name]
            warnings.warn(f"{name} is deprecated; use {now}.", DeprecationWarning, stacklevel=2)
            return getattr(self, now)


def encode(value: Any) -> Any:
    """Returns a value as plain data.

    Args:
        value: a dataclass that is `Plain`, an enum, a mapping, a sequence or a plain value.
    """
    if type(value) in _AS_THEY_ARE:  # nearly all are
        return value
    if isinstance(value, Plain):
        return value.to_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [encode(one) for one in value]
    if isinstance(value, Mapping):
        return {name: encode(one) for name, one in value.items()}
    if hasattr(value, "parse"):
        return str(value)
    # A framework's own number, such as numpy's, becomes Python's.
    return value.item() if hasattr(value, "item") else value


class Place:
    """The position of a value in a JSON report, for errors.

    Other files have a subclass: their errors, and other notations of a value.

    Attributes:
        path: the keys that lead there, outermost first; a number is a place in a list.
        strict: whether a mapping may have no keys but those that a dataclass knows.
        readers: what reads values of a type, where that is not their plain form.
    """

    strict: ClassVar[bool] = False
    readers: ClassVar[Mapping[Any, Callable[[Any, Any], Any]]] = {}

    def __init__(self, *path: Union[str, int]) -> None:
        """Takes the path.

        Args:
            *path: the keys.
        """
        self.path = path

    def at(self, key: Union[str, int]) -> Place:
        """Returns the place of a member or an element of what is here."""
        return type(self)(*self.path, key)

    def error(self, received: object, valid: str) -> VaiInspectError:
        """Returns the error that a value is not what it should be.

        Args:
            received: the value.
            valid: what it should be.
        """
        return ReportError(f"{self} is {clipped(repr(received), 80)}; valid is {valid}.")

    def missing(self, name: str) -> VaiInspectError:
        """Returns the error that a mapping has no such member."""
        return ReportError(f"{self} has no {name!r}; is it a complete report of vai-inspect?")

    def unknown(self, name: str, known: typing.Iterable[str]) -> VaiInspectError:
        """Returns the error that a mapping has a member too many."""
        return self.error(name, "one of " + ", ".join(known))

    def __str__(self) -> str:
        parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return "".join(parts)[1:] or "the report"


def plain(kind: Type[T], value: object, place: Place) -> T:
    """Returns a value that must be of a plain type: text, a number, an object or a list.

    Raises:
        VaiInspectError: it is not.
    """
    name, types = _PLAIN[kind]
    if kind is float and isinstance(value, str) and value in INFINITE:
        return typing.cast(T, INFINITE[value])
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool):
        raise place.error(value, name)
    return typing.cast(T, value)


def member(kind: Type[T], data: Mapping[str, Any], name: str, place: Place) -> T:
    """Returns a member of an object as an annotation has it.

    Args:
        kind: the annotation.
        data: the object.
        name: of the member.
        place: the position of the object.

    Raises:
        VaiInspectError: the object has no such member, or its value does not fit.
    """
    if name not in data:
        raise place.missing(name)
    found: T = decode(kind, data[name], place.at(name))
    return found


def dataclass(cls: Type[T], value: object, place: Place, **given: Any) -> T:
    """Returns a dataclass made of an object.

    Args:
        cls: the dataclass.
        value: the object; a field's trailing underscore is not in its name there.
        place: its position.
        **given: fields that do not come from the object.

    Raises:
        VaiInspectError: a field is missing or has a wrong value, or the object has a member too
            many where that is no report.
    """
    kind: Any = cls
    data = _renamed(kind, decode(dict, value, place))
    values = dict(given)
    fields = _decoded_fields(kind)
    if place.strict:
        for name in data:
            if name not in fields:
                raise place.unknown(name, fields)
    for name, (field, hint, required) in fields.items():
        if field in given:
            continue
        if name in data:
            values[field] = decode(hint, data[name], place.at(name))
        elif required:
            raise place.missing(name)
    return cls(**values)


def _renamed(cls: Any, data: Dict[str, Any]) -> Dict[str, Any]:
    """Returns an object with its members by their names of today."""
    if not issubclass(cls, Renamed):
        return data
    earlier = {
        name: data[former]
        for former, name in cls.FORMER.items()
        if former in data and name not in data
    }
    return {**data, **earlier}


def decode(hint: Any, value: Any, place: Place) -> Any:
    """Returns a value as an annotation has it.

    Raises:
        VaiInspectError: the value does not fit.
    """
    reader = place.readers.get(hint)
    if reader is not None:
        return reader(value, place)
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint) and not hasattr(hint, "parse"):
        return dataclass(typing.cast(Any, hint), value, place)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union:
        return _one_of(arguments, value, place)
    if origin is tuple:
        return _tuple(arguments, value, place)
    if origin is collections.abc.Mapping:
        data = plain(dict, value, place)
        return {name: decode(arguments[1], one, place.at(name)) for name, one in data.items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint, value, place)
    if hasattr(hint, "parse"):
        try:
            return hint.parse(plain(str, value, place))
        except ValueError:
            raise place.error(value, "a limit such as 1-16 or 3,5") from None
    return plain(hint, value, place)


def _tuple(kinds: Tuple[Any, ...], value: Any, place: Place) -> Tuple[Any, ...]:
    items = plain(list, value, place)
    if kinds[-1] is Ellipsis:
        return tuple(decode(kinds[0], one, place.at(at)) for at, one in enumerate(items))
    if len(items) != len(kinds):
        raise place.error(value, f"a list of {len(kinds)}")
    return tuple(decode(kinds[at], one, place.at(at)) for at, one in enumerate(items))


def _one_of(kinds: Tuple[Any, ...], value: Any, place: Place) -> Any:
    if value is None and type(None) in kinds:
        return None
    problem = None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return decode(kind, value, place)
        except VaiInspectError as error:
            problem = problem or error
    raise problem or place.error(value, "null")


def _enum(kind: Type[Enum], value: Any, place: Place) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise place.error(value, " or ".join(repr(one.value) for one in kind)) from None


@functools.lru_cache(maxsize=None)
def _fields(cls: Any) -> Tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(cls))


@functools.lru_cache(maxsize=None)
def _decoded_fields(cls: Any) -> Dict[str, Tuple[str, Any, bool]]:
    """Returns the fields of a dataclass by their written names: name, annotation, required."""
    hints = typing.get_type_hints(cls)
    return {
        one.name.rstrip("_"): (
            one.name,
            hints[one.name],
            one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING,
        )
        for one in dataclasses.fields(cls)
    }
