"""Each section of the benchmarks makes its table; how long anything takes is not looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import growth, memory, pipeline, process
from benchmarks.__main__ import SECTIONS, parsed
from benchmarks.graphs import GRAPHS
from benchmarks.table import Table
from tests.torchvision_models import torchvision_models
from vai_inspect.core.ir import verify
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.lookup import lookup

ROOT = Path(__file__).parent.parent


def figures(cells):
    return [float(cell.replace(",", "")) for cell in cells if cell]


def the_only(tables):
    (table,) = tables
    assert len(table.rows) > 0
    for row in table.rows:
        assert len(row) == len(table.head)
        assert min(figures(row[2:])) >= 0
    return table


def test_growth_has_a_row_for_each_graph_and_size():
    table = the_only(growth.tables(sizes=(10, 100), runs=1))
    assert [row[:2] for row in table.rows] == [[n, s] for n in GRAPHS for s in ("10", "100")]
    assert [bool(row[-1]) for row in table.rows] == [False, True] * len(GRAPHS)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_graphs_are_sound_and_as_large_as_wanted(name):
    captured = GRAPHS[name](100)
    verify(captured.graph)
    assert 98 <= len(captured.graph) <= 104
    done = inspect_graph(captured, lookup(pipeline.TARGET))
    assert (done.summary.cpu_ops > 20) == ("cut" in name)
    assert done.summary.dpu_ops > 40


def test_torch_has_a_row_for_each_network():
    torchvision_models()
    from benchmarks.frameworks import torch_tables

    table = the_only(torch_tables(("resnet18",), runs=1))
    assert [row[:2] for row in table.rows] == [["resnet18", "51"]]


def test_keras_and_targets_have_a_row_for_each_network():
    pytest.importorskip("keras")
    from benchmarks import targets
    from benchmarks.frameworks import keras_tables

    table = the_only(keras_tables(("MobileNetV2",), runs=1))
    assert [row[0] for row in table.rows] == ["MobileNetV2"]
    table = the_only(targets.tables(("MobileNetV2",), runs=1))
    everything = len({target.name for target in registry.targets()})
    assert [(row[0], row[2]) for row in table.rows] == [
        ("MobileNetV2", "27"),
        ("MobileNetV2", str(everything)),
    ]


def test_search_has_a_row_for_each_way_to_give_a_model():
    pytest.importorskip("keras")
    torchvision_models()
    from benchmarks import search

    table = the_only(search.tables(("a chain",), ("resnet18",), runs=1))
    names = ["a chain (Keras, live)", "a chain (Keras, config)", "resnet18 (PyTorch)"]
    assert [row[:2] for row in table.rows] == list(map(list, zip(names, ("100", "100", "51"))))


# Keras's own way of saving warns of numpy's.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_processes_have_a_row_for_each_command(tmp_path):
    keras = pytest.importorskip("keras")
    layers = [keras.Input((8, 8, 3), batch_size=1), keras.layers.Conv2D(4, 3)]
    keras.Sequential(layers).save(str(tmp_path / "small.keras"))
    table = the_only(process.tables(runs=1, file=str(tmp_path / "small.keras")))
    assert [row[0] for row in table.rows][2:] == ["vai-inspect targets", process.READ]
    assert table.rows[-1][-1] == "1.00"


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is Linux's")
def test_memory_has_a_row_for_each_case():
    torchvision_models()
    table = the_only(memory.tables(cases=(("torch, meta", "resnet18"),)))
    assert [row[:2] for row in table.rows] == [["torch, meta", "resnet18"]]
    assert figures(table.rows[0][2:])[0] > 40


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_walk_has_a_row_for_each_convolution():
    pytest.importorskip("keras")
    torchvision_models()
    from benchmarks import walk

    table = the_only(walk.tables())
    assert [row[0] for row in table.rows] == [
        "F.conv2d",
        "nn.Conv2d",
        "keras.layers.Conv2D",
        "a .keras file",
    ]
    for _, files, changes, *entered, rest in table.rows:
        assert 0 < max(map(int, entered)) < int(changes)
        assert int(changes) > int(files) > int(rest) > 20


def test_the_parts_of_a_walk_are_files_that_there_are():
    from benchmarks.walk import LATER

    for start in (start for starts in LATER.values() for start in starts):
        path = ROOT / start
        assert path.is_dir() or path.with_suffix(".py").is_file(), start


def test_a_change_is_a_step_into_another_file():
    from benchmarks.walk import REST, Step, changes, walk

    assert changes([Step(file, REST) for file in "aaba"]) == 3
    steps = walk(lambda: lookup("KV260"))
    assert steps[0] == ("rules/targets/lookup.py", REST)
    assert walk(lambda: sorted([2, 1])) == []


def test_what_a_later_part_calls_counts_for_it():
    from benchmarks.walk import REST, walk
    from vai_inspect.core.ir import Graph
    from vai_inspect.core.model_form import ModelForm
    from vai_inspect.rules.quantizers.scene import Scene, kinds

    scene = Scene(Graph("none", ()), "3.5", ModelForm())
    parts = {step.file: step.part for step in walk(lambda: list(scene.ops(kinds("relu"))))}
    assert parts["vai_inspect/core/ir/graph.py"] == "quantiser"
    assert {step.part for step in walk(lambda: list(scene.graph))} == {REST}


def test_the_command_prints_tables():
    command = [sys.executable, "-m", "benchmarks", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=str(ROOT))
    assert all(section in done.stdout for section in SECTIONS)
    assert parsed(["growth", "--markdown", "--runs", "2"]).sections == ["growth"]
    with pytest.raises(SystemExit):
        parsed(["no-section"])


def test_a_table_as_text_and_as_markdown():
    table = Table("Title", ("what", "ms"), "How.")
    table.add("a", 12.345)
    table.add("b", 0.0123)
    assert table.text() == "Title\nHow.\n\nwhat     ms\na      12.3\nb     0.012\n"
    assert table.markdown() == (
        "## Title\n\nHow.\n\n| what | ms |\n|---|---:|\n| a | 12.3 |\n| b | 0.012 |\n"
    )
