"""Whether what a family hands over is what its interface says, see `family` and `violation`."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from vai_inspect.core.errors import RuleError, quoted
from vai_inspect.core.findings import Effect, Evidence, Remedy, Verdict
from vai_inspect.core.ir import Graph
from vai_inspect.core.message import filled, mismatch, placeholders
from vai_inspect.rules.engine.constraint import Constraint, Provenance, Stage
from vai_inspect.rules.engine.family import INTERFACE_VERSION, Family
from vai_inspect.rules.engine.note import Note
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.engine.violation import Violation
from vai_inspect.rules.targets.bit_fields import Decoder
from vai_inspect.rules.timing.model import TimingModel

MOST_VIOLATIONS = 10_000
"""Violations that a constraint may yield of one operator."""


def family(found: object) -> Family:
    """Returns what an entry point loads, if it is a family of this interface.

    Raises:
        RuleError: it is something else; the message says what was received and what is valid.
    """
    if not isinstance(found, Family):
        raise RuleError(
            f"received a {type(found).__name__}; valid is a vai_inspect.rules.plugin.Family"
        )
    if found.interface_version != INTERFACE_VERSION:
        raise RuleError(
            f"it is written for interface version {quoted(found.interface_version)}; this "
            f"vai-inspect has {INTERFACE_VERSION}"
        )
    _check(found, "", _FAMILY)
    for what, kind, fields in _PARTS:
        for part in getattr(found, what):
            where = f"{quoted(getattr(part, 'id', part))} of its {what}: "
            if not isinstance(part, kind):
                raise RuleError(f"{where}valid is a {kind.__name__}")
            _check(part, where, fields)
    _check_ids(part.id for part in found.constraints)
    for decoder in found.decoders:
        if not isinstance(decoder, Decoder) or decoder.family != found.name:
            raise RuleError(
                f"its decoder {quoted(decoder)} is of another kind or family; valid is a Decoder "
                f"of {found.name}"
            )
    return found


def violations(
    yielded: Sequence[object], graph: Graph
) -> Tuple[Tuple[Violation, ...], Optional[Exception]]:
    """Returns what a constraint yields, up to the first thing that is no sound violation.

    Args:
        yielded: what the check yielded.
        graph: the graph, whose operators a violation may name.

    Returns:
        The violations before that, and what is wrong with the next one, if anything.
    """
    found: List[Violation] = []
    for violation in yielded[:MOST_VIOLATIONS]:
        if not isinstance(violation, Violation):
            kind = type(violation).__name__
            return tuple(found), TypeError(f"it yields a {kind}; valid is a Violation")
        wrong = _wrong(violation, graph)
        if wrong is not None:
            return tuple(found), TypeError(f"it yields a Violation {wrong}")
        found.append(violation)
    if len(yielded) > MOST_VIOLATIONS:
        return tuple(found), ValueError(f"it yields more than {MOST_VIOLATIONS} violations")
    return tuple(found), None


def _wrong(violation: Violation, graph: Graph) -> Optional[str]:
    """Returns what is wrong with a violation, or None."""
    for name, fits in _VIOLATION:
        if not fits(getattr(violation, name)):
            return f"whose {name} is {quoted(getattr(violation, name))}"
    if violation.follows is not None and violation.follows not in graph:
        return f"whose follows is {quoted(violation.follows)}"
    wrong = _wrong_sentence(violation.template, violation.arguments, violation.figures, graph)
    for remedy in violation.remedies:
        if wrong is None and not remedy.text:
            arguments = dict(remedy.arguments)
            wrong = _wrong_sentence(remedy.template, arguments, violation.figures, graph)
    return wrong


def _wrong_sentence(
    template: str, own: Mapping[str, Any], figures: Mapping[str, Any], graph: Graph
) -> Optional[str]:
    """Returns what is wrong with a template and its arguments, or None."""
    arguments = filled(template, own, figures)
    wrong = mismatch(template, arguments)
    if wrong is not None:
        return f"of which {wrong}"
    for one in placeholders(template):
        names = arguments[one.name] if one.type == "op" else ()
        for name in (names,) if isinstance(names, str) else names:
            if name not in graph:
                return f"that names an operator {quoted(name)}, which the graph does not have"
    return None


Fits = Callable[[Any], bool]


def _check(part: object, where: str, fields: Mapping[str, Tuple[Fits, str]]) -> None:
    for name, (fits, valid) in fields.items():
        value = getattr(part, name)
        if not fits(value):
            raise RuleError(f"{where}its {name} is {quoted(value)}; valid is {valid}")


def _check_ids(ids: Iterable[str]) -> None:
    seen = set()
    for name in ids:
        if name in seen:
            raise RuleError(f"it has two constraints {quoted(name)}; valid is each id once")
        seen.add(name)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _optional_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: object) -> bool:
    return isinstance(value, (tuple, frozenset)) and all(isinstance(one, str) for one in value)


def _figure(value: object) -> bool:
    return value is None or isinstance(value, (int, float, str)) or _numbers(value)


def _numbers(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, int) for one in value)


def _of(kind: Union[type, Tuple[type, ...]]) -> Fits:
    return lambda value: isinstance(value, kind)


def _provenance(value: object) -> bool:
    return (
        isinstance(value, Provenance)
        and isinstance(value.evidence, Evidence)
        and isinstance(value.source, str)
    )


def _remedies(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_remedy, value))


def _remedy(value: object) -> bool:
    return (
        isinstance(value, Remedy)
        and _name(value.template)
        and (value.effect is None or isinstance(value.effect, Effect))
        and _optional_text(value.rewrite)
    )


def _fixed_remedies(value: object) -> bool:
    """Returns whether the remedies of a constraint are sound: they know no arguments."""
    return _remedies(value) and not any(placeholders(one.template) for one in value)  # type: ignore[attr-defined]


def _limits(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(callable, value.values()))


_TEXT, _NAME = (_text, "a text"), (_name, "a text")
_SEVERAL = (_of(tuple), "a tuple")
_NAMES = (_texts, "a tuple of texts")
_FUNCTION = (callable, "a function")
_FAMILY: Dict[str, Tuple[Fits, str]] = {
    "name": _NAME,
    "dpu": _NAME,
    "package": _NAME,
    "title": _TEXT,
    "guide": _TEXT,
    "example_targets": _NAMES,
    "batch": (_count, "an integer, 1 or more"),
    "takes": (_texts, "a frozenset of texts"),
    "constraints": _SEVERAL,
    "rewrites": _SEVERAL,
    "notes": _SEVERAL,
    "decoders": _SEVERAL,
    "timing": (_of((TimingModel, str)), "a TimingModel or a text"),
}
_EVIDENCE = (_of(Evidence), "an Evidence")
_DESCRIBED: Dict[str, Tuple[Fits, str]] = {
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
            "provenance": (_provenance, "a Provenance"),
            "sentence": _TEXT,
            "notes": _TEXT,
            "limits": (_limits, "a mapping of functions"),
            "check": _FUNCTION,
            "remedies": (_fixed_remedies, "a text or Remedy without placeholders"),
            "since": _NAME,
            "aliases": _NAMES,
        },
    ),
    ("rewrites", Rewrite, {**_DESCRIBED, "apply": _FUNCTION}),
    ("notes", Note, {**_DESCRIBED, "says": _FUNCTION}),
)
_VIOLATION: Tuple[Tuple[str, Fits], ...] = (
    ("template", _name),
    ("found", _figure),
    ("limit", _optional_text),
    ("nearest", _figure),
    ("remedies", _remedies),
    ("verdict", (Verdict.UNSUPPORTED, Verdict.UNKNOWN).__contains__),
    ("evidence", lambda value: value is None or isinstance(value, Evidence)),
    ("source", _optional_text),
    ("follows", _optional_text),
)
