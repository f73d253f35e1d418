"""Every class of Keras 2's public list of layers has an entry."""

from __future__ import annotations

from typing import List

import pytest

from tests.frontends.keras2.library import layers
from vai_inspect.frontends.keras.lower.dispatch import LAYERS


def classes() -> List[str]:
    found = [getattr(layers, name) for name in dir(layers) if not name.startswith("_")]
    layer = [cls for cls in found if isinstance(cls, type) and issubclass(cls, layers.Layer)]
    return sorted({cls.__name__ for cls in layer})


def test_there_are_classes_to_walk() -> None:
    assert {"Conv2D", "LSTM", "MultiHeadAttention"} <= set(classes())


@pytest.mark.parametrize("name", classes())
def test_the_class_has_an_entry(name: str) -> None:
    assert name in LAYERS
