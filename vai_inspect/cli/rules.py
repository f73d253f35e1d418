"""The commands `rules` and `explain`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Dict, Tuple

import typer

from vai_inspect.cli import complete
from vai_inspect.cli.errors import warn
from vai_inspect.cli.output import put_json
from vai_inspect.core.errors import RuleError, TargetError, did_you_mean, nearest_names

if TYPE_CHECKING:
    from vai_inspect.core.target import Target
    from vai_inspect.rules.engine.family import Family


def rules(
    name: str = typer.Argument(
        ...,
        metavar="FAMILY|TARGET",
        help="czdx8g, DPUCZDX8G_ISA1_B4096; quantizers",
        autocompletion=complete.families_and_targets,
    ),
    markdown: bool = typer.Option(False, "--markdown", help="Print the rule book as Markdown."),
    as_json: bool = typer.Option(False, "--json", help="Print the rule book as JSON."),
) -> None:
    """Print the rule book of a DPU family, or of the vendor's quantisers (keras, torch)."""
    from vai_inspect.rules.engine import rule_book, rule_book_json
    from vai_inspect.rules.quantizers import rule_book as quantizers

    flows = quantizers.flows_named(name)
    if flows and markdown:
        sys.stdout.write(quantizers.markdown(flows))
        return
    for flow in flows:
        print(f"{flow.name} ({flow.title} models)")
        for rule, sentence, outcomes in quantizers.table(flow):
            print(f"\n{rule}\n  {sentence}\n  {outcomes}")
    if flows:
        return
    family, targets = _family(name)
    if as_json:
        if markdown:
            raise RuleError("--markdown and --json exclude each other; give one of them.")
        put_json(json.dumps(rule_book_json.family(family, targets), indent=2) + "\n")
        return
    if markdown:
        sys.stdout.write(rule_book.markdown(family, targets))
        return
    print(f"{family.dpu}: {family.title} ({family.guide})")
    if not family.written:
        print("The rules of this family are not written yet: every operator is unknown.")
    for constraint, kinds, sentence, evidence in rule_book.table(family, targets):
        print(f"\n{constraint}\n  {sentence}\n  {kinds} [{evidence}]")


def explain(
    constraint: str = typer.Argument(
        ...,
        metavar="CONSTRAINT_ID",
        help="czdx8g.conv.kernel",
        autocompletion=complete.constraints,
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Print one constraint, or one fact about a quantiser: sentence, evidence, what to change."""
    from vai_inspect.rules.engine import registry, rule_book, rule_book_json
    from vai_inspect.rules.quantizers import rule_book as quantizers

    page = quantizers.explain(constraint)
    if page is not None:
        print(page)
        return
    family_name, dot, _ = constraint.partition(".")
    families = {family.name: family for family in registry.families()}
    if family_name in families and not dot:
        raise RuleError(
            f"{constraint!r} is a family; `vai-inspect rules {constraint}` prints its constraints."
        )
    if family_name not in families:
        raise RuleError(
            f"{constraint!r} is no constraint; valid is FAMILY.GROUP.NAME as reports print it, "
            f"with the family one of {', '.join(families)}.{_meant(constraint)}"
        )
    family = families[family_name]
    successor = rule_book.renamed(family, constraint)
    if successor is not None:
        new = successor.id_in(family_name)
        warn(f"{constraint} is deprecated: the constraint is now {new}; use that id.")
    if as_json:
        found = rule_book_json.one(family, constraint, registry.targets(family_name))
        put_json(json.dumps(found, indent=2) + "\n")
        return
    print(rule_book.explain(family, constraint, registry.targets(family_name)))


def _meant(received: str) -> str:
    """Returns a question for what may be meant by a text that begins with no family's name."""
    from vai_inspect.rules.engine import registry, rule_book

    first: Dict[str, str] = {}
    for family in registry.families():
        for rule in rule_book.all_constraints(family):
            first.setdefault(rule.id, rule.id_in(family.name))
    ends = [one for one in first if one == received or one.endswith("." + received)]
    near = ends or nearest_names(received, first) or nearest_names(received, first.values())
    found = [first.get(one, one) for one in near[:3]]
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _family(name: str) -> Tuple[Family, Tuple[Target, ...]]:
    """Returns the family of a name and the targets that are meant: all of it, or the one."""
    from vai_inspect.rules.engine import registry
    from vai_inspect.rules.targets.lookup import lookup

    try:
        family = registry.family(name)
        return family, registry.targets(family.name)
    except RuleError:
        try:
            target = lookup(name)
            return registry.family(target.family), (target,)
        except TargetError as error:
            names = [family.name for family in registry.families()]
            raise RuleError(
                f"{name!r} is neither a family nor a target.{did_you_mean(name, names)} Families: "
                f"{', '.join(names)}; `vai-inspect targets` lists the targets."
            ) from error
