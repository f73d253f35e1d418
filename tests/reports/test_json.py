from __future__ import annotations

import json as standard

import jsonschema
import pytest

from tests.reports import samples
from vai_inspect.core.ir import attrs as a
from vai_inspect.reports import json

VALIDATOR = jsonschema.Draft202012Validator(json.schema())


def test_the_schema_is_one():
    VALIDATOR.check_schema(json.schema())


@pytest.mark.parametrize(
    "make", [samples.all_on_dpu, samples.mixed, samples.hostile, lambda: samples.chain(5)]
)
def test_a_report_keeps_to_the_schema_and_loses_nothing(make):
    inspection = make()
    text = json.render(inspection)
    report = standard.loads(text.encode("utf-8"))
    VALIDATOR.validate(report)
    assert report == inspection.to_dict()


@pytest.mark.parametrize(
    "make", [samples.all_on_dpu, samples.mixed, samples.hostile, lambda: samples.chain(5)]
)
def test_the_writer_writes_what_the_standard_library_does(make):
    report = make().to_dict()
    text = standard.dumps(report, indent=2, ensure_ascii=False) + "\n"
    assert json.render(make()).encode("utf-8") == text.encode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("ops", 0, "device"), "gpu"),
        (("ops", 0, "verdict"), "maybe"),
        (("ops", 2, "findings", 0, "evidence"), "rumour"),
        (("model", "capture"), "guess"),
        (("summary", "ops"), -1),
        (("ops", 0, "extra"), 1),
        (("target", "fingerprint"), 12),
        (("subgraphs", 0, "device"), "user"),
        (("root_causes", 0, "position"), "middle"),
        (("root_causes", 0, "alone", "crossings"), -1),
    ],
)
def test_the_schema_refuses(path, wrong):
    report = samples.mixed().to_dict()
    part = report
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = wrong
    assert [list(error.absolute_path) for error in VALIDATOR.iter_errors(report)]


@pytest.mark.parametrize("key", sorted(json.schema()["required"]))
def test_the_schema_wants_every_section(key):
    report = samples.mixed().to_dict()
    del report[key]
    assert not VALIDATOR.is_valid(report)


def test_figures_that_json_has_no_word_for_become_text():
    op = samples.op("x", "elu", attrs=a.EluAttrs(float("inf")))
    text = json.render(samples.inspection("m", [op]))
    assert standard.loads(text)["ops"][0]["attributes"]["alpha"] == "Infinity"
