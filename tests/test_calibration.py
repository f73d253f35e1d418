"""The calibration: what the package ships is what the published times give, and how good it is."""

from __future__ import annotations

import csv
import xml.etree.ElementTree
from pathlib import Path

import pytest

pytest.importorskip("keras")
pytest.importorskip("torch")

from benchmarks.calibration import __main__ as command
from benchmarks.calibration.error import Calibration, mean_and_max
from benchmarks.calibration.fit import Fitted, least
from benchmarks.calibration.measured import FILE, layers_of, rows
from benchmarks.calibration.written import plot, timing_yaml
from tests.torchvision_models import torchvision_models
from vai_inspect.rules.targets.lookup import lookup

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def layers():
    torchvision_models()
    return layers_of(rows(), lookup(command.TARGET))


@pytest.fixture(scope="module")
def found(layers):
    return Calibration.of(rows(), layers)


def test_what_is_shipped_is_what_the_calibration_writes(found):
    assert (ROOT / "rules" / "czdx8g" / "timing.yaml").read_text("utf-8") == timing_yaml(found)
    drawn = (ROOT / "docs" / "performance-model.svg").read_text("utf-8")
    assert drawn == plot(found)
    assert len(list(xml.etree.ElementTree.fromstring(drawn).iter())) > 48


@pytest.mark.parametrize(("board", "mean"), [("KV260", 5), ("ZCU104", 5), ("ZCU102", 8)])
def test_the_error_without_the_family_is_within_what_was_aimed_at(found, board, mean):
    group = found.groups()[board, "2.5"]
    got = mean_and_max(one.frame_error for one in group)
    assert len(group) == 16
    assert got[0] <= mean
    assert got[1] <= 20


def test_ranks_are_those_of_the_boards(found):
    assert found.rank_correlation("2.5") >= 0.99
    assert found.rank_correlation("3.0") >= 0.99


def test_the_layers_are_as_many_as_the_compiler_makes(layers):
    """A profile of a KV260 (vaitrace) counts 15, 36 and 55 DPU nodes, without input or output."""
    counts = {"MobileNet": 16, "MobileNetV2": 37, "ResNet50": 56}
    for name, count in counts.items():
        assert len(layers["applications." + name]) == count


def test_the_networks_are_those_that_were_measured(layers):
    """Operations by the vendor's count: two a multiply-accumulate."""
    with FILE.open(encoding="utf-8", newline="") as file:
        given = {row["builder"]: float(row["gops_rebuilt"]) for row in csv.DictReader(file)}
    assert set(given) == set(layers)
    for builder, gops in given.items():
        cycles = sum(layer.array for layer in layers[builder])
        assert 2 * 2048 * cycles / 1e9 > gops, builder  # padding only adds


def test_the_tables_print_every_network_and_constant(found):
    constants, boards, networks = command.tables(found)
    assert [row[0] for row in constants.rows] == ["port", "memory", "fill", "host", "host_pixel"]
    assert len(boards.rows) == 6
    assert len(networks.rows) == 16


def test_the_page_has_the_tables_that_are_printed(found):
    page = (ROOT / "docs" / "performance-model.md").read_text("utf-8")
    for table in command.tables(found):
        for line in table.markdown().splitlines()[2:]:
            assert line in page.splitlines()


def test_the_search_ends_where_a_function_is_least():
    def valley(x):
        return (x[0] - 3) ** 2 + (x[0] * x[1] - 6) ** 2

    assert least(valley, [1.0, 1.0]) == pytest.approx([3, 2], rel=1e-3)
    assert least(valley, [30.0, 0.1]) == pytest.approx([3, 2], rel=1e-3)


def test_a_frame_with_all_cores_in_use_is_slower_than_one_alone(layers):
    fitted = Fitted(24.0, 10.5, 80e3)
    for row in rows():
        alone = fitted.dpu_seconds(layers[row.builder], row, 1)
        together = fitted.frame(layers[row.builder], row)
        assert together == alone if row.cores == 1 else together > alone
