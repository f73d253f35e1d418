"""What moved between two inspections, in Python and on the command line."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path

import pytest

keras = pytest.importorskip("keras")

from tests.cli.conftest import vai_inspect  # noqa: E402, F401
from tests.reports import samples  # noqa: E402
from vai_inspect.core.inspection import Inspection  # noqa: E402
from vai_inspect.core.quantizer import FlowStage, Obstacle, Outcome, QuantizerReport  # noqa: E402
from vai_inspect.keras import Inspector  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"


def network(activation="relu", kernel=3, filters=16, depth=3, prefix="", first=0):
    layers = keras.layers
    x = inputs = keras.Input((32, 32, 3))
    for at in range(first, first + depth):
        wide = kernel if at == first + 1 else 3
        x = layers.Conv2D(filters, wide, padding="same", name=f"{prefix}conv{at}")(x)
        x = layers.Activation(activation, name=f"{prefix}act{at}")(x)
    return keras.Model(inputs, x, name="net")


@pytest.fixture(scope="module")
def inspected(tmp_path_factory):
    inspector, folder = Inspector(B4096), tmp_path_factory.mktemp("reports")

    def inspect(**arguments):
        return inspector.inspect(network(**arguments), output_dir=folder, verbose_level=0)

    return inspect


WORSE = [
    # before, after, what is said
    ({}, {"kernel": 17}, ["2 new operators on the CPU", "more DPU subgraphs: 1 -> 2",
                               "more crossings between the DPU and the CPU: 0 -> 2",
                               "fewer multiply-accumulates on the DPU: "]),
    ({}, {"activation": "softplus"}, ["more obstacles of the quantiser: keras.unknown.",
                                      "3 new operators on the CPU", "more DPU subgraphs",
                                      "more crossings"]),
    ({"activation": "softplus"}, {"activation": "softplus", "depth": 4},
     ["more obstacles of the quantiser: keras.unknown.layer_or_operation",
      "1 new operator on the CPU", "more DPU subgraphs", "more crossings"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), WORSE)
def test_what_is_worse_and_its_opposite_is_better(inspected, before, after, said):
    old, new = inspected(**before), inspected(**after)
    worse = old.diff(new).worse
    assert len(worse) == len(said)
    assert all(sentence.startswith(part) for sentence, part in zip(worse, said))
    back = new.diff(old)
    assert back.worse == ()
    assert len(back.better) == len(worse)


NOT_WORSE = [
    ({}, {}),
    ({"filters": 32}, {"filters": 16}),  # does less as a whole
    ({"depth": 3}, {"depth": 2}),
    (
        {"activation": "softplus", "prefix": "a_"},
        {"activation": "softplus", "prefix": "b_"},
    ),  # renamed
    ({"kernel": 17}, {"kernel": 15}),
    ({"filters": 5000, "depth": 1}, {"depth": 1}),  # nothing was on the DPU
]


@pytest.mark.parametrize(("before", "after"), NOT_WORSE)
def test_what_is_not_worse(inspected, before, after):
    difference = inspected(**before).diff(inspected(**after))
    assert difference.worse == ()
    if before == after:
        assert not (difference.better)
        assert not (difference.moved)
        assert not (difference.added)
        assert not (difference.removed)


def obstacle(id, outcome, *ops):
    return Obstacle(id, outcome, FlowStage.EXPORT, None, ops, "found: what happens")


A = obstacle("torch.a", Outcome.FAILS, "conv1")


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ((), (A,), ["torch.a"]),
        ((A,), (A,), []),
        ((A,), (), []),
        ((A,), (obstacle("torch.a", Outcome.FAILS, "renamed"),), []),
        ((A,), (obstacle("torch.a", Outcome.FAILS, "conv1", "conv2"),), ["torch.a"]),
        ((A,), (A, obstacle("torch.b", Outcome.CHANGES)), ["torch.b"]),
        ((), (obstacle("torch.c", Outcome.FLOAT, "conv1"),), []),
        ((), (obstacle("torch.d", Outcome.WARNS),), []),
        (None, (A,), ["torch.a"]),
        ((A,), None, []),
    ],
)
def test_a_new_obstacle_of_the_quantiser_makes_it_worse(before, after, new):
    old, other = (
        dataclasses.replace(
            samples.all_on_dpu(),
            quantizer=None if one is None else QuantizerReport("vai_q_pytorch", "3.5", one),
        )
        for one in (before, after)
    )
    difference = old.diff(other)
    assert [one.id for one in difference.new_obstacles] == new
    assert [one["id"] for one in difference.to_dict()["new_obstacles"]] == new
    said = (f"more obstacles of the quantiser: {new[0]}",) if new else ()
    assert difference.worse == said
    assert other.diff(old).better == tuple(text.replace("more", "fewer") for text in said)


def test_which_operators_moved(inspected):
    difference = inspected().diff(inspected(kernel=17, depth=4))
    moved = {change.name: change for change in difference.moved}
    assert all((c.before.device, c.after.device) == ("dpu", "cpu") for c in moved.values())
    assert "17" in moved["conv1"].reasons[0]
    assert {change.name for change in difference.added} >= {"conv3"}
    assert difference.removed == []
    assert difference.counts["dpu_subgraphs"] == (1, 2)


@pytest.mark.parametrize("seed", range(20))
def test_every_operator_is_counted_once(seed):
    """Whatever the reports, the changes add up to the operators of both."""
    chance = random.Random(seed)
    made = [samples.all_on_dpu, samples.mixed, samples.hostile, lambda: samples.many(5)]
    old, new = chance.choice(made)(), chance.choice(made)()
    difference = old.diff(new)
    total = {name: b - a for name, (a, b) in difference.counts.items()}
    came = len(difference.new_on_cpu) - len(difference.gone_from_cpu)
    assert total["cpu_ops"] == came
    ops = [sum(not op.constant for op in one.ops) for one in (old, new)]
    assert ops[1] - ops[0] == len(difference.added) - len(difference.removed)
    assert old.diff(old).worse == old.diff(old).better == ()


@pytest.fixture
def reports(inspected, tmp_path):
    paths = []
    for name, arguments in (("old", {}), ("new", {"kernel": 17})):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(inspected(**arguments).to_dict()), encoding="utf-8")
        paths.append(str(path))
    return paths


def test_the_command_ends_with_1_where_the_new_report_is_worse(vai_inspect, reports):  # noqa: F811
    old, new = reports
    code, out, err = vai_inspect("diff", old, new)
    assert (code, err) == (1, "")
    assert "worse: more DPU subgraphs: 1 -> 2" in out
    assert "conv1 (conv2d): dpu -> cpu" in out
    code, out, err = vai_inspect("diff", new, old)
    assert (code, err) == (0, "")
    assert "better: fewer DPU subgraphs: 2 -> 1" in out
    code, out, _ = vai_inspect("diff", old, old)
    assert code == 0
    assert "nothing got worse or better" in out


def test_the_command_as_json(vai_inspect, reports):  # noqa: F811
    code, out, err = vai_inspect("diff", "--json", *reports)
    found = json.loads(out)
    assert (code, err) == (1, "")
    assert found["counts"]["dpu_subgraphs"] == {"before": 1, "after": 2}
    assert found["worse"]
    assert {"name": "conv1", "before": "dpu", "after": "cpu"}.items() <= found["moved"][0].items()
    old, new = (Inspection.from_json(Path(path).read_text(encoding="utf-8")) for path in reports)
    assert found == old.diff(new).to_dict()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"{", "is no JSON"),
        (b"[]", "list of 0 reports"),
        (b"3", "the report"),
        (b"{}", "schema_version"),
    ],
)
def test_what_is_no_report_is_one_line(vai_inspect, reports, tmp_path, content, said):  # noqa: F811
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_bytes(content)
    code, out, err = vai_inspect("diff", reports[0], str(bad))
    assert (code, out) == (2, "")
    assert said in err
    assert str(bad) in err
    assert len(err.splitlines()) == 1


def test_names_cannot_forge_lines_of_the_text():
    from vai_inspect.reports.text import difference

    text = difference.render(samples.all_on_dpu().diff(samples.hostile()))
    assert "\nassigned device" not in text
    assert "\x1b" not in text
