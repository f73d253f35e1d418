"""Plain data back into typed values: what a dataclass's annotations say, a JSON value must be."""

from __future__ import annotations

import dataclasses
import typing
from enum import Enum
from typing import Any, Dict, Mapping, Tuple, Type, TypeVar

from vai_inspect.core.errors import ReportError, clipped
from vai_inspect.core.target import Limit

T = TypeVar("T")
INFINITE = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}
"""Figures that JSON has no word for, as the JSON report writes them."""

_PLAIN: Dict[Any, Tuple[str, Tuple[type, ...]]] = {
    str: ("text", (str,)),
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
    dict: ("an object", (dict,)),
    list: ("a list", (list, tuple)),
}


def wrong(where: str, received: object, valid: str) -> ReportError:
    """Returns the error of a value that is not what it should be.

    Args:
        where: path of the value in the report, `ops[3].device`.
        received: the value.
        valid: what it should be.
    """
    shown = clipped(repr(received), 80)
    return ReportError("{} is {}; valid is {}.".format(where, shown, valid))


def plain(kind: Type[T], value: object, where: str) -> T:
    """Returns a value that must be of a plain type: text, a number, an object or a list.

    Raises:
        ReportError: it is not.
    """
    name, types = _PLAIN[kind]
    if kind is float and isinstance(value, str) and value in INFINITE:
        return typing.cast(T, INFINITE[value])
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool):
        raise wrong(where, value, name)
    return typing.cast(T, value)


def field(data: Mapping[str, Any], name: str, where: str) -> Any:
    """Returns a member of an object.

    Raises:
        ReportError: the object has no such member.
    """
    if name not in data:
        raise ReportError(
            "{} has no {!r}; is it a whole report of vai-inspect?".format(where or "it", name)
        )
    return data[name]


def dataclass(cls: Type[T], value: object, where: str, **given: Any) -> T:
    """Returns a dataclass made of an object; members that it does not know are left out.

    Args:
        cls: the dataclass.
        value: the object; a field's trailing underscore is not in its name there.
        where: path of the value in the report.
        **given: fields that do not come from the object.

    Raises:
        ReportError: a field is missing or has a wrong value.
    """
    data = plain(dict, value, where)
    hints = typing.get_type_hints(cls)
    values = dict(given)
    for one in dataclasses.fields(cls):  # type: ignore[arg-type]
        name = one.name.rstrip("_")
        if one.name in given:
            continue
        if name in data:
            path = "{}.{}".format(where, name) if where else name
            values[one.name] = decoded(hints[one.name], data[name], path)
        elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            field(data, name, where)
    return cls(**values)


def decoded(hint: Any, value: Any, where: str) -> Any:
    """Returns a value as an annotation has it.

    Raises:
        ReportError: the value does not fit.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin is typing.Union:
        return _one_of(arguments, value, where)
    if origin is tuple:
        items = plain(list, value, where)
        if arguments[-1] is not Ellipsis and len(items) != len(arguments):
            raise wrong(where, value, "a list of {}".format(len(arguments)))
        kinds = [arguments[0]] * len(items) if arguments[-1] is Ellipsis else arguments
        paths = ("{}[{}]".format(where, at) for at in range(len(items)))
        return tuple(decoded(*one) for one in zip(kinds, items, paths))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint, value, where)
    if hint is Limit:
        try:
            return Limit.parse(plain(str, value, where))
        except ValueError:
            raise wrong(where, value, "a limit such as 1-16 or 3,5") from None
    if dataclasses.is_dataclass(hint):
        return dataclass(typing.cast(Any, hint), value, where)
    return plain(hint, value, where)


def _one_of(kinds: Tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    problem = None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return decoded(kind, value, where)
        except ReportError as error:
            problem = problem or error
    raise problem or wrong(where, value, "null")


def _enum(kind: Type[Enum], value: Any, where: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        valid = " or ".join(repr(one.value) for one in kind)
        raise wrong(where, value, valid) from None
