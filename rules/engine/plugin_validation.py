"""Whether what a family hands over is what its interface says, see `family` and `site`."""

from __future__ import annotations

from typing import (
    Any,
    Callable,
    Dict,
    Hashable,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from vai_inspect.core.errors import RuleError, quoted
from vai_inspect.core.findings import Evidence, Verdict
from vai_inspect.core.ir import Graph
from vai_inspect.rules.engine.constraint import Constraint, Founding, Stage
from vai_inspect.rules.engine.context import Problem
from vai_inspect.rules.engine.family import INTERFACE_VERSION, Family
from vai_inspect.rules.engine.note import Remark
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.targets.bit_fields import Decoder

MOST_PROBLEMS = 10_000
"""Problems that a constraint may yield of one operator."""


def family(found: object) -> Family:
    """Returns what an entry point loads, if it is a family of this interface.

    Raises:
        RuleError: it is something else; the message says what was received and what is valid.
    """
    if not isinstance(found, Family):
        raise RuleError(
            "received a {}; valid is a vai_inspect.rules.engine.family.Family".format(
                type(found).__name__
            )
        )
    if found.interface_version != INTERFACE_VERSION:
        raise RuleError(
            "it is written for interface version {}; this vai-inspect has {}".format(
                quoted(found.interface_version), INTERFACE_VERSION
            )
        )
    _check(found, "", _FAMILY)
    for what, kind, fields in _PARTS:
        for part in getattr(found, what):
            where = "{} of its {}: ".format(quoted(getattr(part, "id", part)), what)
            if not isinstance(part, kind):
                raise RuleError("{}valid is a {}".format(where, kind.__name__))
            _check(part, where, fields)
    _check_ids(part.id for part in found.constraints)
    for decoder in found.decoders:
        if not isinstance(decoder, Decoder) or decoder.family != found.name:
            raise RuleError(
                "its decoder {} is of another kind or family; valid is a Decoder of {}".format(
                    quoted(decoder), found.name
                )
            )
    return found


def problems(
    yielded: Sequence[object], graph: Graph
) -> Tuple[Tuple[Problem, ...], Optional[Exception]]:
    """Returns what a constraint yields until something in it is none of the problems it may be.

    Args:
        yielded: what the check yielded.
        graph: the graph, whose operators a problem may follow from.

    Returns:
        The problems before that, and what is wrong with the next one, if anything.
    """
    found: List[Problem] = []
    for problem in yielded[:MOST_PROBLEMS]:
        if not isinstance(problem, Problem):
            kind = type(problem).__name__
            return tuple(found), TypeError("it yields a {}; valid is a Problem".format(kind))
        wrong = next((name for name, fits in _PROBLEM if not fits(getattr(problem, name))), None)
        if wrong is None and problem.follows is not None and problem.follows not in graph:
            wrong = "follows"
        if wrong is not None:
            value = quoted(getattr(problem, wrong))
            error = TypeError("it yields a Problem whose {} is {}".format(wrong, value))
            return tuple(found), error
        found.append(problem)
    if len(yielded) > MOST_PROBLEMS:
        return tuple(found), ValueError("it yields more than {} problems".format(MOST_PROBLEMS))
    return tuple(found), None


Fits = Callable[[Any], bool]


def _check(part: object, where: str, fields: Mapping[str, Tuple[Fits, str]]) -> None:
    for name, (fits, valid) in fields.items():
        value = getattr(part, name)
        if not fits(value):
            raise RuleError("{}its {} is {}; valid is {}".format(where, name, quoted(value), valid))


def _check_ids(ids: Iterable[str]) -> None:
    seen = set()
    for name in ids:
        if name in seen:
            raise RuleError("it has two constraints {}; valid is each id once".format(quoted(name)))
        seen.add(name)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _perhaps_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: object) -> bool:
    return isinstance(value, (tuple, frozenset)) and all(isinstance(one, str) for one in value)


def _figure(value: object) -> bool:
    return value is None or isinstance(value, (int, float, str)) or _numbers(value)


def _numbers(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, int) for one in value)


def _of(kind: type) -> Fits:
    return lambda value: isinstance(value, kind)


def _founding(value: object) -> bool:
    return (
        isinstance(value, Founding)
        and isinstance(value.evidence, Evidence)
        and isinstance(value.source, str)
    )


def _function(value: object) -> bool:
    # What is found is kept by the function, see `memory`.
    return callable(value) and isinstance(value, Hashable)


def _limits(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(callable, value.values()))


_TEXT, _NAME = (_text, "a text"), (_name, "a text")
_SEVERAL = (_of(tuple), "a tuple")
_NAMES = (_texts, "a tuple of texts")
_FUNCTION = (_function, "a function")
_FAMILY: Dict[str, Tuple[Fits, str]] = {
    "name": _NAME,
    "dpu": _NAME,
    "package": _NAME,
    "title": _TEXT,
    "guide": _TEXT,
    "example_targets": _NAMES,
    "batch": (_count, "a whole number from 1 on"),
    "takes": (_texts, "a frozenset of texts"),
    "constraints": _SEVERAL,
    "rewrites": _SEVERAL,
    "remarks": _SEVERAL,
    "decoders": _SEVERAL,
}
_EVIDENCE = (_of(Evidence), "an Evidence")
_TOLD: Dict[str, Tuple[Fits, str]] = {
    "id": _NAME,
    "kinds": _NAMES,
    "sentence": _TEXT,
    "evidence": _EVIDENCE,
    "source": _TEXT,
}
_PARTS: Tuple[Tuple[str, type, Dict[str, Tuple[Fits, str]]], ...] = (
    (
        "constraints",
        Constraint,
        {
            "id": _NAME,
            "kinds": _NAMES,
            "stage": (_of(Stage), "a Stage"),
            "founding": (_founding, "a Founding"),
            "elsewhere": (_founding, "a Founding"),
            "sentence": _TEXT,
            "notes": _TEXT,
            "limits": (_limits, "a mapping of functions"),
            "check": _FUNCTION,
            "cure": (_perhaps_text, "a text or None"),
        },
    ),
    ("rewrites", Rewrite, {**_TOLD, "apply": _FUNCTION}),
    ("remarks", Remark, {**_TOLD, "says": _FUNCTION}),
)
_PROBLEM: Tuple[Tuple[str, Fits], ...] = (
    ("message", _name),
    ("found", _figure),
    ("limit", _perhaps_text),
    ("nearest", _figure),
    ("suggestion", _perhaps_text),
    ("verdict", (Verdict.UNSUPPORTED, Verdict.UNKNOWN).__contains__),
    ("evidence", lambda value: value is None or isinstance(value, Evidence)),
    ("source", _perhaps_text),
    ("follows", _perhaps_text),
)
