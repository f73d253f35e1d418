"""What a constraint yields: the facts of one violation. The sentence is made of them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Evidence, Figure, Remedy, Verdict
from vai_inspect.core.message import Argument
from vai_inspect.core.target import Limit

Remedies = Union[str, Remedy, Tuple[Remedy, ...], None]
"""How a remedy is given: a text whose effect is open, a remedy, or several."""

Given = Union[Argument, Limit, List[int], List[str]]
"""How an argument is given: a limit is taken as its text, a list as a tuple."""


@dataclass(frozen=True, init=False)
class Violation:
    """One violation of a constraint, without the constraint's own particulars.

        Violation("group is {found}; the DPU takes {limit}", found=2, limit="1", nearest=1)
        Violation("{reader:op} ({kind:kind}) reads it, too", reader=op.name, kind=op.kind)

    Attributes:
        template: the sentence with placeholders, see `core.message`; `{found}`, `{limit}` and
            `{nearest}` are the fields of these names.
        arguments: what the other placeholders stand for.
        found: the figure that was found, or None.
        limit: the limit as text, or None.
        nearest: the nearest figure that would pass, or None.
        remedies: what to change in this case; what helps in general is the constraint's.
        verdict: `UNSUPPORTED`, or `UNKNOWN` where no source decides.
        evidence: how this case is founded, where otherwise than the constraint.
        source: where that is written down.
        follows: name of the operator whose placement causes the violation; None for a root cause.
    """

    template: str
    arguments: Mapping[str, Argument]
    found: Optional[Figure]
    limit: Optional[str]
    nearest: Optional[Figure]
    remedies: Tuple[Remedy, ...]
    verdict: Verdict
    evidence: Optional[Evidence]
    source: Optional[str]
    follows: Optional[str]

    def __init__(
        self,
        template: str,
        *,
        found: Optional[Figure] = None,
        limit: "Limit | str | None" = None,
        nearest: Optional[Figure] = None,
        remedy: Remedies = None,
        verdict: Verdict = Verdict.UNSUPPORTED,
        evidence: Optional[Evidence] = None,
        source: Optional[str] = None,
        follows: Optional[str] = None,
        **arguments: Given,
    ) -> None:
        """Takes the facts; see the attributes.

        Args:
            template: see the attributes.
            found: see the attributes.
            limit: see the attributes; a `Limit` is taken as its text.
            nearest: see the attributes.
            remedy: a text, a `Remedy` or several.
            verdict: see the attributes.
            evidence: see the attributes.
            source: see the attributes.
            follows: see the attributes.
            **arguments: see the attributes, and `Given`.
        """
        taken: Dict[str, Any] = {
            "template": template,
            "arguments": {name: _plain(value) for name, value in arguments.items()},
            "found": found,
            "limit": _plain(limit),
            "nearest": nearest,
            "remedies": remedies_of(remedy),
            "verdict": verdict,
            "evidence": evidence,
            "source": source,
            "follows": follows,
        }
        for name, value in taken.items():
            object.__setattr__(self, name, value)

    def replaced(self, **changes: Any) -> Violation:
        """Returns the violation with some fields or arguments changed, named as when it is made."""
        fields = dict(vars(self))
        arguments, remedies = fields.pop("arguments"), fields.pop("remedies")
        return Violation(**{**fields, "remedy": remedies, **arguments, **changes})

    @property
    def figures(self) -> Dict[str, Optional[Figure]]:
        """What its template and those of remedies may name beside their arguments."""
        return {"found": self.found, "limit": self.limit, "nearest": self.nearest}


def remedies_of(given: Remedies) -> Tuple[Remedy, ...]:
    """Returns remedies however they are given; what is none of the ways comes back as it is."""
    if given is None:
        return ()
    if isinstance(given, str):
        return (Remedy(given),)
    return (given,) if isinstance(given, Remedy) else given


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return str(value) if isinstance(value, Limit) else value
