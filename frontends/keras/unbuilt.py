"""Models that are not built: they are built to be read, and taken back to what they were."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List

from vai_inspect.frontends.keras.recognise import is_keras_2


def within(model: Any) -> List[Any]:
    """Returns all layers in a model, at any depth."""
    return [layer for layer in model._flatten_layers() if layer is not model]


@contextmanager
def to_build(model: Any) -> Iterator[Any]:
    """Yields a model that may be built; the user's is not, afterwards.

    Of a model of Keras 2 it is a copy. Models of Keras 3 cannot be copied before they are built,
    so it is the user's own, which is set back: every layer to the attributes that it has now, and
    the containers among them to what they hold.

    Args:
        model: a model that is not built.
    """
    if is_keras_2(type(model)):
        yield copy.deepcopy(model)
        return
    held = _Held()
    for layer in [model, *within(model)]:
        held.keep(layer)
    try:
        yield model
    finally:
        held.restore()


class _Held:
    """Objects and containers, with what they held."""

    def __init__(self) -> None:
        self._attributes: Dict[int, Any] = {}
        self._containers: Dict[int, Any] = {}

    def keep(self, thing: Any) -> None:
        """Notes the attributes of an object, and what the containers in them hold."""
        if id(thing) in self._attributes:
            return
        self._attributes[id(thing)] = (thing, dict(vars(thing)))
        for value in vars(thing).values():
            self._look_into(value)

    def _look_into(self, value: Any) -> None:
        if type(value).__name__ == "Tracker":
            self.keep(value)
        elif isinstance(value, (list, dict, set)) and id(value) not in self._containers:
            kind = next(kind for kind in (list, dict, set) if isinstance(value, kind))
            self._containers[id(value)] = (value, kind(value))
            for one in value.values() if isinstance(value, dict) else value:
                self._look_into(one)
        elif isinstance(value, tuple):
            for one in value:
                self._look_into(one)

    def restore(self) -> None:
        """Sets everything back."""
        for thing, attributes in self._attributes.values():
            vars(thing).clear()
            vars(thing).update(attributes)
        for container, content in self._containers.values():
            # The methods of the base class: those of Keras's own containers track what is added.
            if isinstance(container, list):
                list.__setitem__(container, slice(None), content)
            elif isinstance(container, dict):
                dict.clear(container)
                dict.update(container, content)
            else:
                set.clear(container)
                set.update(container, content)
