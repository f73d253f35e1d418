"""Sentences as data: a template with typed arguments, which is rendered once.

A placeholder is `{name}` or `{name:type}`. The types:

    {size}          a number, numbers ("[3, 17]"), or a text
    {producer:op}   the name of an operator, or names
    {before:kind}   an operator kind, or kinds
    {axes:are}      names of attributes as the subject: "kernel_w is", "kernel_w and kernel_h are"

Two sentences are alike where they differ in nothing but numbers, names of operators and names of
attributes; kinds, texts, how many numbers there are and templates distinguish them.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple, Union

from vai_inspect.core.errors import first_few, listed

Argument = Union[int, float, str, Tuple[int, ...], Tuple[float, ...], Tuple[str, ...]]
Arguments = Tuple[Tuple[str, Argument], ...]
"""Arguments by name, in the order of the template."""

LIMITS = ("limit", "nearest")
"""Placeholders whose text means numbers, such as 1-16: they never distinguish causes."""

MOST_NAMES = 3
"""Operators that a sentence names one by one."""

_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")


class Placeholder(NamedTuple):
    """A placeholder of a template; its type is empty for a number or a text."""

    name: str
    type: str


@functools.lru_cache(maxsize=4096)
def placeholders(template: str) -> Tuple[Placeholder, ...]:
    """Returns the placeholders of a template, each once, in order."""
    found = (Placeholder(*match.groups("")) for match in _PLACEHOLDER.finditer(template))
    return tuple(dict.fromkeys(found))


def render(template: str, arguments: Mapping[str, Argument]) -> str:
    """Returns the sentence of a template.

    Args:
        template: the template.
        arguments: a value for each of its placeholders.

    Raises:
        KeyError: a placeholder has no argument, or is of no type.
    """

    def text(match: "re.Match[str]") -> str:
        return _RENDERERS[match[2] or ""](arguments[match[1]])

    return _PLACEHOLDER.sub(text, template)


def distinguishing(template: str, arguments: Mapping[str, Argument]) -> Tuple[Argument, ...]:
    """Returns what distinguishes a sentence: its template, kinds, texts, counts of numbers."""
    return (template, *_telling(template, arguments))


def _telling(template: str, arguments: Mapping[str, Argument]) -> Iterator[Argument]:
    for one in placeholders(template):
        value = arguments[one.name]
        if one.name in LIMITS or one.type not in ("", "kind"):
            continue
        if _is_text(value):
            yield value
        elif isinstance(value, tuple):
            yield len(value)


def without_names(template: str, arguments: Mapping[str, Argument]) -> Tuple[Argument, ...]:
    """Returns what is left of a sentence without the names of operators: template and arguments."""
    named = {one.name for one in placeholders(template) if one.type == "op"}
    return (template, *(value for name, value in arguments.items() if name not in named))


def filled(
    template: str, arguments: Mapping[str, Any], figures: Mapping[str, Any]
) -> Dict[str, Any]:
    """Returns what the placeholders of a template stand for, in their order.

    Args:
        template: the template.
        arguments: its own arguments; one that it does not name comes last.
        figures: what it may name besides.
    """
    known: Dict[str, Any] = {}
    for name, _ in placeholders(template):
        if name in arguments:
            known[name] = arguments[name]
        elif name in figures:
            known[name] = figures[name]
    return {**known, **arguments}


def mismatch(template: str, arguments: Mapping[str, Any]) -> Optional[str]:
    """Returns what is wrong with the arguments of a template, or None.

    Args:
        template: the template.
        arguments: values by name.
    """
    wanted: Dict[str, str] = {}
    for name, type_ in placeholders(template):
        if type_ not in _RENDERERS:
            types = ", ".join(one for one in _RENDERERS if one)
            return f"the placeholder {{{name}:{type_}}} is of no type; valid are {types}"
        if name not in arguments:
            return f"the placeholder {{{name}}} has no argument"
        wanted[name] = type_
    for name, value in arguments.items():
        if name not in wanted:
            return f"the argument {name} has no placeholder"
        fits = _is_text if wanted[name] else _is_argument
        if not fits(value):
            return f"the argument {name} is {value!r:.60}"
    return None


def _is_argument(value: object) -> bool:
    return _is_number(value) or _is_text(value) or _each(_is_number, value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) or _each(lambda one: isinstance(one, str), value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _each(fits: Callable[[object], bool], value: object) -> bool:
    return isinstance(value, tuple) and all(map(fits, value))


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if not isinstance(value, tuple):
        return str(value)
    if all(map(_is_number, value)):
        return f"[{', '.join(map(_value, value))}]"
    return _listed(value)


def _ops(value: Any) -> str:
    names = (value,) if isinstance(value, str) else value
    return _listed(names) if len(names) <= MOST_NAMES + 1 else first_few(names, MOST_NAMES)


def _subject(value: Any) -> str:
    names = (value,) if isinstance(value, str) else value
    return f"{_listed(names)} {'is' if len(names) == 1 else 'are'}"


def _listed(names: "Tuple[str, ...]") -> str:
    return listed(names or ("nothing",))


_RENDERERS: Dict[str, Callable[[Any], str]] = {
    "": _value,
    "op": _ops,
    "kind": _value,
    "are": _subject,
}
