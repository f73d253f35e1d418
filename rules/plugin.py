"""What a family of DPUs is written with: the one module that plug-ins import.

Its names stay from one release to the next as long as `INTERFACE_VERSION` does. Beside it plug-ins
may use the builders of `vai_inspect.rules.shared.examples` and the groups of constraints in
`vai_inspect.rules.shared`, whose rules may change with what is known of DPUs. Where these names
come from, `vai_inspect.rules.engine` and `vai_inspect.rules.targets`, is for this project to move.
"""

from __future__ import annotations

from vai_inspect.core.findings import (
    Device,
    Effect,
    Evidence,
    Remedy,
    Verdict,
    approximate,
    exact,
)
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.engine.compose import with_notes, with_own, with_provenance, without
from vai_inspect.rules.engine.constraint import (
    Check,
    Constraint,
    Provenance,
    Stage,
    constraint,
    unsupported_kinds,
)
from vai_inspect.rules.engine.context import SIDES, OpContext
from vai_inspect.rules.engine.example import (
    Build,
    Example,
    Examples,
    ExamplesOf,
    FigureOf,
    inside,
    outside,
    where,
)
from vai_inspect.rules.engine.family import INTERFACE_VERSION, Family
from vai_inspect.rules.engine.note import Note
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.engine.violation import Remedies, Violation
from vai_inspect.rules.targets.bit_fields import BitField, Decoder, Reading
from vai_inspect.rules.timing.model import Range, TimingModel

__all__ = [
    "INTERFACE_VERSION",
    "SIDES",
    "BitField",
    "Build",
    "Check",
    "Constraint",
    "Decoder",
    "Device",
    "Effect",
    "Evidence",
    "Example",
    "Examples",
    "ExamplesOf",
    "Family",
    "FigureOf",
    "Limit",
    "Note",
    "OpContext",
    "Provenance",
    "Range",
    "Reading",
    "Remedies",
    "Remedy",
    "Rewrite",
    "Stage",
    "Target",
    "TimingModel",
    "Verdict",
    "Violation",
    "approximate",
    "constraint",
    "exact",
    "inside",
    "outside",
    "unsupported_kinds",
    "where",
    "with_notes",
    "with_own",
    "with_provenance",
    "without",
]
