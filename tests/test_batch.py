"""The batch of a model that leaves it open: what the target's family wants, else 1."""

from __future__ import annotations

import io

import numpy
import pytest

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from tests.cli import models  # noqa: E402
from vai_inspect import compare, frameworks, pipeline  # noqa: E402
from vai_inspect.batches import for_each_batch  # noqa: E402
from vai_inspect.core.capture import Captured  # noqa: E402
from vai_inspect.core.errors import InputShapeError  # noqa: E402
from vai_inspect.core.inspection import ModelInfo  # noqa: E402
from vai_inspect.core.ir import Graph  # noqa: E402
from vai_inspect.keras import Inspector, VitisInspector  # noqa: E402
from vai_inspect.reports.console import console  # noqa: E402
from vai_inspect.reports.text import text  # noqa: E402
from vai_inspect.rules.engine import registry  # noqa: E402
from vai_inspect.rules.targets.lookup import lookup  # noqa: E402
from vai_inspect.testing import assert_on_dpu  # noqa: E402

ADF, B4096 = "DPUCADF8H_ISA0", "DPUCZDX8G_ISA1_B4096"
SHAPE = (16, 16, 3)
LEFT_OPEN = "the model leaves its batch open; 4 is taken, the images that DPUCADF8H takes at a run"


def conv(name):
    return layers.Conv2D(8, 3, padding="same", activation="relu", name=name)


def functional(**options):
    data = keras.Input(SHAPE, name="data", **options)
    return keras.Model(data, conv("second")(conv("first")(data)), name="functional")


def sequential():
    return keras.Sequential([keras.Input(SHAPE, name="data"), conv("first"), conv("second")])


def nested():
    data = keras.Input(SHAPE, name="data")
    return keras.Model(data, conv("last")(functional()(data)), name="nested")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.first, self.second = conv("first"), conv("second")

    def call(self, data):
        return self.second(self.first(data))


def subclassed():
    model = Subclassed()
    model(numpy.zeros((2, *SHAPE), "float32"))
    return model


def two_inputs(**options):
    left = keras.Input(SHAPE, name="left", **options)
    right = keras.Input(SHAPE, name="right")
    both = layers.Add()([conv("first")(left), conv("second")(right)])
    return keras.Model([left, right], both, name="two")


OPEN = {
    "functional": functional,
    "sequential": sequential,
    "nested": nested,
    "subclassed": subclassed,
    "two inputs": two_inputs,
}


def inspected(model, target, input_args=None):
    return Inspector(target).inspect(model, input_args, output_dir=None, verbose_level=0)


def batches(inspection):
    return {op.op.output.shape[0] for op in inspection.ops}


@pytest.mark.parametrize("made", OPEN)
@pytest.mark.parametrize(("target", "batch"), [(ADF, 4), (B4096, 1)])
def test_an_open_batch_is_that_of_the_family(made, target, batch):
    found = inspected(OPEN[made](), target)
    assert batches(found) == {batch}
    assert found.summary.fully_on_dpu
    assert [LEFT_OPEN in one for one in found.warnings] == [True] * (batch == 4)


GIVEN = {
    "by the model": (lambda: functional(batch_size=2), None, 2),
    "by the shape": (functional, (3, *SHAPE), 3),
    "by a list": (functional, [(1, *SHAPE)], 1),
    "by a dict": (functional, {"data": (5, *SHAPE)}, 5),
    "by one of two inputs": (lambda: two_inputs(batch_size=2), None, 2),
    "by a shape for one of two": (two_inputs, {"left": (1, *SHAPE)}, 1),
}


@pytest.mark.parametrize("how", GIVEN)
@pytest.mark.parametrize("target", [ADF, B4096])
def test_a_batch_that_is_given_stays(how, target):
    made, input_args, batch = GIVEN[how]
    found = inspected(made(), target, input_args)
    assert batches(found) == {batch}
    assert not any(LEFT_OPEN in one for one in found.warnings)


def test_a_shape_that_leaves_the_batch_open_leaves_it_to_the_family():
    assert batches(inspected(functional(), ADF, (None, 8, 8, 3))) == {4}
    assert batches(inspected(functional(), B4096, (None, 8, 8, 3))) == {1}


@pytest.mark.parametrize("shape", [None, SHAPE, (None, *SHAPE)])
def test_the_vendors_inspector(shape, capsys):
    found = VitisInspector(ADF).inspect_model(functional(), input_shape=shape)
    assert batches(found) == {4}
    assert batches(VitisInspector(ADF).inspect_model(functional(), input_shape=(1, *SHAPE))) == {1}


def test_the_testing_helper():
    assert batches(assert_on_dpu(functional(), ADF)) == {4}
    with pytest.raises(AssertionError, match="give input_args with the batch 4"):
        assert_on_dpu(functional(), ADF, input_args=(1, *SHAPE))


@pytest.fixture
def reads(monkeypatch):
    """The batches that models are read with."""
    taken = []

    def counted(framework, model, options, batch):
        taken.append(batch)
        return frameworks.read(framework, model, options, batch)

    monkeypatch.setattr(pipeline, "read", counted)
    return taken


def test_a_comparison_reads_the_model_once_for_each_batch(reads):
    found = compare(functional())
    assert len(found.rows) > 20
    assert sorted(reads) == [1, 4]
    (row,) = [row for row in found.rows if row.target.name == ADF]
    assert row.takes_all
    assert row.summary == inspected(functional(), ADF).summary
    assert [LEFT_OPEN in one for one in row.warnings] == [True]
    others = [row for row in found.rows if row.target.name != ADF]
    assert not any(LEFT_OPEN in one for row in others for one in row.warnings)
    assert LEFT_OPEN in " ".join(str(found).split())


@pytest.mark.parametrize(
    ("options", "input_args", "expected"),
    [({"batch_size": 1}, None, 1), ({}, (2, *SHAPE), 2)],
)
def test_a_comparison_reads_a_model_with_a_batch_of_its_own_once(
    reads, options, input_args, expected
):
    rows = compare(
        functional(**options), [B4096, ADF, "DPUCAHX8L_ISA0"], input_args=input_args
    ).rows
    assert len(reads) == 1
    assert len({row.summary.macs for row in rows}) == 1


def test_a_comparison_without_the_family_reads_it_once(reads):
    compare(functional(), family="czdx8g")
    assert reads == [1]


def test_every_report_says_what_was_taken():
    found = inspected(models.small(), ADF)
    printed = io.StringIO()
    console.show(found, 1, printed)
    for report in (text.render(found), printed.getvalue(), found._repr_html_()):
        assert LEFT_OPEN in " ".join(report.split())
        assert "per run of 4 frames" in " ".join(report.split())
    assert "per frame" in text.render(inspected(models.small(), B4096))


def test_the_error_is_that_of_a_batch_of_1():
    def read(batch):
        raise InputShapeError("with {}".format(batch))

    with pytest.raises(InputShapeError, match="with 1"):
        for_each_batch([lookup(ADF)], read)


def test_a_model_is_read_once_for_each_batch():
    taken = []

    def read(batch):
        taken.append(batch)
        return Captured(Graph("g", []), ModelInfo("g", "keras", "", "config"), batch=batch)

    targets = [lookup(name) for name in (B4096, ADF, B4096, "DPUCAHX8H_ISA2", ADF)]
    found = for_each_batch(targets, read)
    assert taken == [1, 4]
    assert [one.batch for one in found] == [1, 4, 1, 1, 4]
    assert found[1] is found[4]


def test_families_other_than_dpucadf8h_want_one_image():
    """Every compiled model of C32B6 and C20B14 that is known has an input batch of 1."""
    assert {family.name for family in registry.families() if family.batch != 1} == {"cadf8h"}
