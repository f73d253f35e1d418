"""A batch that the model leaves open: what is read is what is read with it given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from tests.frontends.keras import test_every_layer, test_files, test_layout
from vai_inspect.core.errors import InputShapeError
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector

L = keras.layers
SHAPE = (16, 16, 3)
ADF, B4096 = "DPUCADF8H_ISA0", "DPUCZDX8G_ISA1_B4096"

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def own_shapes(model: Any, batch: int) -> Any:
    return [(batch, *tensor.shape[1:]) for tensor in model.inputs]


def agree(model: Any, path: Path) -> None:
    """Live and from a file, with the batch left open and given, the graph is the same."""
    given = capture(model, own_shapes(model, 4))
    assert given.batch is None
    sources = [model]
    for ending in test_files.FORMATS:
        model.save(path / ("model." + ending))
        sources.append(path / ("model." + ending))
    for source in sources:
        left = capture(source, None, 4)
        assert left.batch == 4
        assert {op.output.shape[0] for op in left.graph if op.kind == "data"} == {4}
        assert capture(source, None).batch == 1
        if left.model.capture == given.model.capture:
            assert [repr(op) for op in left.graph] == [repr(op) for op in given.graph]


def several() -> Any:
    left, right = keras.Input(SHAPE, name="left"), keras.Input(SHAPE, name="right")
    inner = keras.Sequential([keras.Input(SHAPE), L.Conv2D(8, 3)], name="inner")
    both = L.Concatenate()([inner(left), inner(right)])
    own = L.Lambda(lambda x: x * 2.0, name="own", output_shape=(14, 14, 16))(both)
    return keras.Model([left, right], [both, L.Dense(4)(L.Flatten()(own))])


@pytest.mark.parametrize("name", ["MobileNetV3Small", "EfficientNetB0", "DenseNet121"])
def test_network(name: str, tmp_path: Path) -> None:
    options = {"input_shape": (224, 224, 3)} if "V3" in name else {}
    agree(getattr(keras.applications, name)(weights=None, **options), tmp_path)


def test_several_inputs_and_models_within() -> None:
    model = several()
    given = capture(model, own_shapes(model, 4))
    left = capture(model, None, 4)
    assert [repr(op) for op in left.graph] == [repr(op) for op in given.graph]


def test_many_paths(tmp_path: Path) -> None:
    agree(test_files.many_paths(), tmp_path)


@pytest.mark.parametrize("case", test_layout.CASES)
def test_channels_first(case: str) -> None:
    build = test_layout.CASES[case][0]
    data = keras.Input((3, 8, 6))
    model = keras.Model(data, build(L.Conv2D(4, 1, **test_layout.FIRST)(data)))
    left, given = capture(model, None, 4), capture(model, own_shapes(model, 4))
    assert [repr(op) for op in left.graph] == [repr(op) for op in given.graph]


@pytest.mark.parametrize("case", test_every_layer.CASES)
def test_layers_without_an_equivalent(case: str) -> None:
    build, shape, _, _ = test_every_layer.CASES[case]
    data = keras.Input(shape)
    graph = capture(keras.Model(data, build()(data)), None, 4).graph
    assert {op.output.shape[0] for op in graph} == {4}


class Fixed(keras.Model):  # type: ignore[misc]
    """Its own reshape holds a batch of 1: with another it is refused."""

    def __init__(self) -> None:
        super().__init__(name="fixed")
        self.first = L.Conv2D(8, 3, name="first")

    def call(self, data: Any) -> Any:
        return self.first(keras.ops.reshape(data, (1, *SHAPE)))


def fixed() -> Any:
    model = Fixed()
    model(keras.ops.zeros((1, *SHAPE)))
    return model


def test_a_record_of_another_batch_is_not_taken() -> None:
    assert capture(fixed()).graph["first"].output.shape == (1, 14, 14, 8)
    with pytest.raises(InputShapeError, match="'reshape"):
        capture(fixed(), None, 4)


def test_a_model_that_cannot_be_read_with_it_is_read_with_1() -> None:
    from vai_inspect import compare

    found = Inspector(ADF).inspect(fixed(), output_dir=None, verbose_level=0)
    assert found.ops[0].op.output.shape == (1, *SHAPE)
    assert "it cannot be read with 4, so 1 is taken" in found.warnings[0]
    rows = {row.target.name: row for row in compare(fixed(), [ADF, B4096]).rows}
    assert (len(rows[ADF].warnings), len(rows[B4096].warnings)) == (1, 0)
