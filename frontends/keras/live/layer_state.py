"""Restores the state of user layers after their code has run.

Keras layers change nothing when their shapes are inferred; user layers and models may change
anything that they hold.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List

from vai_inspect.frontends.held import Held
from vai_inspect.frontends.keras.live.model_kind import is_class, is_keras
from vai_inspect.frontends.objects import is_users


@contextmanager
def state_kept(model: Any) -> Iterator[Held]:
    """Restores the state of the user layers of a model, and yields the saved state.

    Args:
        model: any Keras model, built or not.
    """
    # In a built model of Keras 3, assignments to variables are not carried out.
    values = not getattr(model, "built", False)

    def opened(cls: type) -> bool:
        own = cls.__name__ == "Tracker" or is_class(cls, "Layer")
        return own or (values and is_class(cls, "Variable")) or is_users(cls)

    with Held(opened) as held:
        held.keep(*_of_users(model))
        yield held


def _of_users(model: Any) -> List[Any]:
    if isinstance(model, type) or not is_class(type(model), "Layer"):
        return []
    layers = [model, *model._flatten_layers()]
    return [one for one in layers if not is_keras(type(one)) or type(one).__name__ == "Lambda"]
