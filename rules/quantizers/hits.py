"""What a quantiser rule finds, and the operators at which it looks.

A rule about single operators names them, and judges one at a time:

    @each(calls("Hardswish", "hardswish"))
    def hardswish(scene, op):
        return f"{described(op)} is not supported"

A rule about several operators or the model as a whole is a function of the scene that yields hits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Mapping, Optional, Tuple, Union

from vai_inspect.core.findings import Remedy
from vai_inspect.core.ir import Op
from vai_inspect.rules.quantizers.effects import Effect
from vai_inspect.rules.quantizers.scene import Scene, Where


@dataclass(frozen=True)
class Hit:
    """A place in a model where a rule applies.

    Attributes:
        ops: names of the operators.
        found: what was found, as the beginning of a sentence.
        remedy: a remedy that overrides the rule's, or None.
        effects: effects that override the rule's, or None.
    """

    ops: Tuple[str, ...]
    found: str
    remedy: Optional[Remedy] = None
    effects: Optional[Mapping[str, Effect]] = None


Check = Callable[[Scene], Iterable[Hit]]
Found = Union[str, Hit, None]
"""What a rule finds at one operator: the text or the whole hit; None where it does not apply."""


@dataclass(frozen=True)
class Each:
    """A check of one operator at a time, called like a check of a whole scene.

    Attributes:
        where: the operators.
        check: judges one.
    """

    where: Where
    check: Callable[[Scene, Op], Found]

    def __call__(self, scene: Scene) -> Iterator[Hit]:
        """Yields the hits in a scene."""
        for op in scene.ops(self.where):
            found = self.check(scene, op)
            if found is not None:
                yield Hit((op.name,), found) if isinstance(found, str) else found


def each(where: Where) -> Callable[[Callable[[Scene, Op], Found]], Each]:
    """Returns a decorator that makes a check of one operator a check of a scene.

    Args:
        where: the operators to check.
    """
    return lambda check: Each(where, check)
