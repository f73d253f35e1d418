"""A DPU family: the one object that an entry point of the group `vai_inspect.rules` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Tuple, Union

from vai_inspect.rules.engine.constraint import Constraint
from vai_inspect.rules.engine.note import Note
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.targets.bit_fields import Decoder
from vai_inspect.rules.timing.model import TimingModel

INTERFACE_VERSION = 2
"""Version of this interface; a family written for another one is refused with a warning."""


@dataclass(frozen=True)
class Family:
    """The rules of one DPU family.

    Attributes:
        name: name of the rules package, `czdx8g`; it stands before each constraint's id.
        dpu: the DPU's type as in fingerprints and target names, `DPUCZDX8G`.
        title: what it is, in one line, for lists.
        guide: the product guide.
        package: the package that holds `targets.yaml`.
        example_targets: names or fingerprints of the targets that the examples are shown on,
            one of each kind that the family has.
        batch: the batch that its compiler wants: that of the examples, and of a model's inputs
            where the model leaves it open.
        takes: operator kinds that the DPU runs unless a constraint objects. A kind that is
            neither here nor in any constraint is unknown.
        constraints: every constraint, in the order of the rule book.
        rewrites: what the compiler makes of some operators before it places them.
        decoders: what reads the family's fingerprints, one for each layout. Where several read
            one fingerprint, the first that accepts it decides.
        notes: what reports say of some operators that is no reason against them.
        timing: how long it takes; or, where no model of that is trustworthy, why not.
        interface_version: the version of this interface that the family was written for.
    """

    name: str
    dpu: str
    title: str
    guide: str
    package: str
    example_targets: Tuple[str, ...] = ()
    batch: int = 1
    takes: FrozenSet[str] = frozenset()
    constraints: Tuple[Constraint, ...] = ()
    rewrites: Tuple[Rewrite, ...] = ()
    decoders: Tuple[Decoder, ...] = ()
    notes: Tuple[Note, ...] = ()
    timing: Union[TimingModel, str] = "no timing model was written for it"
    interface_version: int = INTERFACE_VERSION

    @property
    def written(self) -> bool:
        """Whether the family has rules at all; without them every operator is unknown."""
        return bool(self.constraints)
