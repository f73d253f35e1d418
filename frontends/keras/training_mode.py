"""Whether the calls of a model are in training mode.

Keras 2 asks the call first: its own `training`, else that of the model around it. In Keras 3 a
model that is called with `training` passes it to all of its calls, whatever they record; and what
a call records may be the default of its layer, which no user chose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

from vai_inspect.frontends.keras.lower.identity import AUGMENTATION


@dataclass(frozen=True)
class TrainingMode:
    """How the calls within a graph find their mode.

    Attributes:
        around: `training` of the call of the graph; None if neither it nor a model around it has
            one.
        passed_on: whether `around` replaces what the calls record, as in models of Keras 3; then
            they may record defaults, too.
    """

    around: Optional[bool] = None
    passed_on: bool = False

    def of(
        self, name: Optional[str], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Optional[bool]:
        """Returns whether a call is in training mode, or None if that is left open.

        Args:
            name: Keras's class of what is called.
            args: positional arguments of the call; Keras's layers take `training` as the second.
            kwargs: keyword arguments of the call.
        """
        own = kwargs.get("training")
        if own is None and len(args) > 1 and isinstance(args[1], bool):
            own = args[1]
        if own is not None:
            own = isinstance(own, (bool, int, float)) and bool(own)
        if not self.passed_on:
            return self.around if own is None else own
        if self.around is not None:
            return self.around
        return None if own and name in AUGMENTATION else own
