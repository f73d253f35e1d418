"""What layers hold, set back after the user's code in them ran.

Keras's own layers change nothing when their shapes are inferred; a layer or model of the user's
may change anything that it holds.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List

from vai_inspect.frontends.held import Held
from vai_inspect.frontends.keras.live.model_kind import is_class, is_keras
from vai_inspect.frontends.objects import is_users


@contextmanager
def state_kept(model: Any) -> Iterator[Held]:
    """Sets back what the user's layers of a model hold, and yields what was noted of it.

    Args:
        model: any Keras model, built or not.
    """
    # Of a built model of Keras 3 no assignment to a variable is carried out.
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
