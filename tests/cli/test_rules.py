"""The commands `rules` and `explain`: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vai_inspect.rules.engine import registry, rule_book
from vai_inspect.rules.quantizers import rule_book as quantizers

FAMILIES = [family.name for family in registry.families()]
RULE_BOOKS = Path(__file__).parent.parent.parent / "docs" / "rules"


@pytest.mark.parametrize("name", FAMILIES)
def test_rules_names_every_constraint_of_a_family_with_kinds_and_evidence(vai_inspect, name):
    code, out, err = vai_inspect("rules", name)
    assert (code, err) == (0, "")
    family = registry.family(name)
    title, *sections = out.rstrip("\n").split("\n\n")
    assert title == "{}: {} ({})".format(family.dpu, family.title, family.guide)
    told = [section.splitlines() for section in sections]
    constraints = rule_book.all_constraints(family)
    assert [lines[0] for lines in told] == [rule.id_in(name) for rule in constraints]
    for lines, rule in zip(told, constraints):
        assert len(lines) == 3
        assert lines[2].endswith("[{}]".format(rule.provenance.evidence.value))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_rule_book_as_markdown_is_the_page_in_the_docs(vai_inspect, name):
    code, out, err = vai_inspect("rules", name, "--markdown")
    assert (code, err) == (0, "")
    assert out == (RULE_BOOKS / (name + ".md")).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["dpuczdx8g", "DPUCZDX8G", "czdx8g", "DPUCZDX8G_ISA1_B4096", "0x101000016010407"]
)
def test_a_family_may_be_named_by_the_dpu_or_a_target(vai_inspect, name):
    code, out, err = vai_inspect("rules", name)
    assert (code, err) == (0, "")
    assert out.startswith("DPUCZDX8G: ")


def test_rules_of_a_target_give_its_own_limits(vai_inspect):
    code, out, err = vai_inspect("rules", "DPUCZDX8G_ISA1_B512")
    assert (code, err) == (0, "")
    assert "Input channels are at most 2048" in out
    assert "B4096" not in out


@pytest.mark.parametrize("name", FAMILIES)
def test_every_constraint_can_be_explained(vai_inspect, name):
    family = registry.family(name)
    for rule in rule_book.all_constraints(family):
        code, out, err = vai_inspect("explain", rule.id_in(name))
        assert (code, err) == (0, "")
        first, blank, sentence = out.splitlines()[:3]
        assert (first, blank) == (rule.id_in(name), "")
        assert sentence == rule.sentence_for(*registry.targets(name))
        evidence = rule.provenance.evidence
        assert "\nevidence:       {} ({})\n".format(evidence.value, evidence.meaning) in out
        assert "\nsource:         " in out


@pytest.mark.parametrize("name", FAMILIES)
def test_every_rewrite_and_note_can_be_explained(vai_inspect, name):
    family = registry.family(name)
    for one in (*family.rewrites, *family.notes):
        code, out, err = vai_inspect("explain", "{}.{}".format(name, one.id))
        assert (code, err) == (0, "")
        assert out.splitlines()[2] == one.sentence
        assert "evidence:       {} (".format(one.evidence.value) in out


def test_explain(vai_inspect):
    code, out, err = vai_inspect("explain", "czdx8g.conv.kernel")
    assert (code, err) == (0, "")
    assert out == (
        "czdx8g.conv.kernel\n"
        "\n"
        "Kernel width and height are each within 1-16.\n"
        "\n"
        "operators:      conv2d\n"
        "kind of rule:   op rule: attributes and shapes of the operator alone\n"
        "evidence:       partition_rule (published partition rule of the vendor)\n"
        "source:         dpu_op_filter.py of Vitis AI 2.5; UG1414 3.5, Currently Supported "
        "Operators\n"
        "since:          0.1.0\n"
        "limits:         every target: kernel_size = 1-16\n"
        "what to change: replace a large kernel by a chain of smaller ones with the same receptive "
        "field (approximate: retrain)\n"
        "passes:         kernel 1x1\n"
        "passes:         kernel 16x1\n"
        "passes:         kernel 1x16\n"
        "fails:          kernel 17x1\n"
        "fails:          kernel 1x17\n"
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_constraint_is_found_by_the_id_that_it_had_in_an_earlier_release(vai_inspect, options):
    code, out, err = vai_inspect("explain", "czdx8g.conv1d.unknown", *options)
    assert code == 0
    assert err == (
        "vai-inspect: warning: czdx8g.conv1d.unknown is deprecated: the constraint is now "
        "czdx8g.conv1d.group; use that id.\n"
    )
    if options:
        assert json.loads(out)["id"] == "czdx8g.conv1d.group"
        return
    assert out.startswith("czdx8g.conv1d.group\n")
    assert "\nsince:          0.1.0; formerly conv1d.unknown\n" in out


@pytest.mark.parametrize("name", FAMILIES)
def test_no_id_of_an_earlier_release_is_given_to_another_rule(name):
    family = registry.family(name)
    rules = rule_book.all_constraints(family)
    former = [alias for rule in rules for alias in rule.aliases]
    assert len(former) == len(set(former))
    assert not set(former) & {rule.id for rule in rules}


WRONG = [
    (("rules",), "Missing argument 'FAMILY|TARGET'"),
    (("rules", "czdx9g"), "'czdx9g' is neither a family nor a target. Did you mean czdx8g"),
    (("rules", "DPUCZDX8G_ISA1_B4069"), "neither a family nor a target"),
    (("rules", "czdx8g", "--jsn"), "`vai-inspect rules --help` shows what is valid."),
    (("rules", "a", "b"), "unexpected extra argument"),
    (("explain",), "Missing argument 'CONSTRAINT_ID'"),
    (("explain", "czdx8g.conv.kernal"), "Did you mean czdx8g.conv.kernel"),
    (("explain", "czdx8g.rewrite.maen"), "Did you mean czdx8g.rewrite.mean"),
    (("explain", "czdx8g"), "'czdx8g' is a family; `vai-inspect rules czdx8g` prints its"),
    (("explain", "conv.kernel"), "Did you mean czdx8g.conv.kernel?"),
    (("explain", "conv.kernal"), "Did you mean czdx8g.conv.kernel"),
    (("explain", "czdx9g.conv.kernel"), "Did you mean czdx8g.conv.kernel"),
    (("explain", "group_size.channels"), "with the family one of czdx8g, "),
    (("explain", ""), "'' is no constraint; valid is FAMILY.GROUP.NAME"),
    (("explain", "a", "b"), "unexpected extra argument"),
]


@pytest.mark.parametrize(("command", "message"), WRONG)
def test_wrong_input_ends_with_one_line_and_exit_code_2(vai_inspect, command, message):
    code, out, err = vai_inspect(*command)
    assert (code, out) == (2, "")
    assert err.startswith("vai-inspect: error: ")
    assert err.count("\n") == 1
    assert message in " ".join(err.split())


@pytest.mark.parametrize(
    ("name", "title"), [("keras", "vai_q_tensorflow2"), ("TORCH", "vai_q_pytorch")]
)
def test_rules_of_a_quantiser(vai_inspect, name, title):
    code, out, err = vai_inspect("rules", name)
    assert (code, err) == (0, "")
    assert out.startswith(title)
    flow = quantizers.flows_named(name)[0]
    found = [line for line in out.splitlines() if line.startswith(flow.framework + ".")]
    rules = [*quantizers.rules_of(flow), *flow.conversions]
    assert found == [rule.id for rule in rules]


def test_the_rules_of_the_quantisers_are_the_page_in_the_docs(vai_inspect):
    code, out, err = vai_inspect("rules", "quantizers", "--markdown")
    assert (code, err) == (0, "")
    assert out == RULE_BOOKS.with_name("quantizers.md").read_text(encoding="utf-8")


def test_every_fact_about_a_quantiser_can_be_explained(vai_inspect):
    for flow in quantizers.flows_named("quantizers"):
        for rule in (*quantizers.rules_of(flow), *flow.conversions):
            page = quantizers.explain(rule.id)
            assert page is not None
            assert page.startswith(rule.id + "\n\n" + rule.sentence)
    code, out, err = vai_inspect("explain", "torch.splits.chunk")
    assert (code, err) == (0, "")
    assert "3.0: fails (export, CONVERT_XMODEL)" in out


def test_a_fact_that_does_not_exist(vai_inspect):
    code, out, err = vai_inspect("explain", "torch.splits.chunc")
    assert (code, out) == (2, "")
    assert "Did you mean torch.splits.chunk" in err
