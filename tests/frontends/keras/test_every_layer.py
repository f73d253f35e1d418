"""Every class of keras.layers has an entry, and what no DPU takes ends in an honest verdict."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

import keras
import pytest
from keras import layers

from tests.frontends.keras.reading import inner_ops
from vai_inspect.frontends.keras import capture
from vai_inspect.frontends.keras.lower.dispatch import LAYERS
from vai_inspect.keras import Inspector

B4096 = "DPUCZDX8G_ISA1_B4096"


def classes() -> List[str]:
    found = [getattr(layers, name) for name in dir(layers)]
    layer = [cls for cls in found if isinstance(cls, type) and issubclass(cls, layers.Layer)]
    return sorted({cls.__name__ for cls in layer})


def test_there_are_classes_to_walk() -> None:
    assert {"Conv2D", "LSTM", "MultiHeadAttention"} <= set(classes())


@pytest.mark.parametrize("name", classes())
def test_the_class_has_an_entry(name: str) -> None:
    assert name in LAYERS


def attention(x: Any) -> Any:
    return layers.MultiHeadAttention(2, 4, name="x")(x, x)


def encoder(x: Any) -> Any:
    sequence, *_ = layers.LSTM(4, return_sequences=True, return_state=True, name="x")(x)
    return sequence


class Own(layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return x + 1.0


UNSUPPORTED = "unsupported"
SEQUENCE, IMAGE = (8, 6), (8, 8, 6)

CASES: Dict[str, Tuple[Callable[[], Callable[[Any], Any]], Tuple[int, ...], str, str]] = {
    "attention": (lambda: attention, SEQUENCE, UNSUPPORTED, "MultiHeadAttention"),
    "LSTM": (lambda: layers.LSTM(4, name="x"), SEQUENCE, UNSUPPORTED, "LSTM"),
    "LSTM with states": (lambda: encoder, SEQUENCE, UNSUPPORTED, "LSTM"),
    "GRU": (lambda: layers.GRU(4, name="x"), SEQUENCE, UNSUPPORTED, "GRU"),
    "bidirectional": (
        lambda: layers.Bidirectional(layers.LSTM(4), name="x"),
        SEQUENCE,
        UNSUPPORTED,
        "Bidirectional",
    ),
    "time distributed": (
        lambda: layers.TimeDistributed(layers.Dense(4), name="x"),
        SEQUENCE,
        UNSUPPORTED,
        "TimeDistributed",
    ),
    "embedding": (lambda: layers.Embedding(10, 4, name="x"), (8,), UNSUPPORTED, "Embedding"),
    "layer norm": (
        lambda: layers.LayerNormalization(name="x"),
        IMAGE,
        UNSUPPORTED,
        "LayerNormalization",
    ),
    "spectral norm": (
        lambda: layers.SpectralNormalization(layers.Conv2D(4, 1), name="x"),
        IMAGE,
        UNSUPPORTED,
        "SpectralNormalization",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_operator_with_a_reason(case: str) -> None:
    build, shape, verdict, name = CASES[case]
    data = keras.Input(shape)
    result = Inspector(B4096).inspect(
        keras.Model(data, build()(data)), output_dir=None, verbose_level=0
    )
    (op,) = [op for op in result.ops if op.name == "x"]
    assert (op.type, op.verdict.value, op.device.value) == ("unknown", verdict, "cpu")
    assert op.op.attributes()["framework_type"] == name
    assert any(name in finding.message for finding in op.findings)
    assert all(finding.suggestion for finding in op.findings)


@pytest.mark.parametrize(("groups", "want"), [(3, 3), (-1, 6)])
def test_group_normalisation(groups: int, want: int) -> None:
    data = keras.Input(IMAGE)
    (op,) = inner_ops(capture(keras.Model(data, layers.GroupNormalization(groups)(data))).graph)
    assert op.kind == "groupnorm"
    assert op.attributes()["num_groups"] == want
    assert [param.role for param in op.params] == ["weight", "bias"]
