"""`vai-inspect targets` and `vai-inspect target`: what DPUs there are."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Tuple

import typer

from vai_inspect.cli import complete
from vai_inspect.cli.errors import warn
from vai_inspect.cli.listing import columns, heading_of, listed

if TYPE_CHECKING:
    from vai_inspect.core.target import Target
    from vai_inspect.rules.engine.family import Family


def targets(
    family: Optional[str] = typer.Option(
        None,
        "--family",
        metavar="F",
        autocompletion=complete.families,
        help="Only this family: czdx8g or DPUCZDX8G, ...",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the targets.

    A line for each: name, fingerprint, peak operations per cycle (of one image of the batch),
    batch, the Vitis AI releases that register it, and the boards that have it: in brackets the
    releases whose image of the board boots it, or the design. A fingerprint that is not listed can
    be a target too: `vai-inspect target FINGERPRINT` decodes it.
    """
    from vai_inspect.rules.targets import listing

    families = listing.written_down()
    if families is None or not _is_among(family, families):
        families = _installed(family)
    elif family is not None:
        families = [one for one in families if _is_among(family, [one])]
    if as_json:
        print_json([one for each in families for one in (*each["registered"], *each["legacy"])])
        return
    for line in listed(families, shutil.get_terminal_size().columns if _at_terminal() else None):
        typer.echo(line)


def _is_among(name: Optional[str], families: Iterable[Dict[str, Any]]) -> bool:
    if name is None:
        return True
    names = {text.lower() for one in families for text in (one["name"], one["dpu"])}
    return name.strip().lower() in names


def _installed(family: Optional[str]) -> List[Dict[str, Any]]:
    from vai_inspect.rules.engine import registry
    from vai_inspect.rules.targets import listing

    wanted = None if family is None else registry.family(family).name
    for text in registry.warnings():
        warn(text)
    return [one for one in listing.installed() if wanted in (None, one["name"])]


def _at_terminal() -> bool:
    return sys.stdout.isatty()


def target(
    spec: str = typer.Argument(
        ...,
        metavar="NAME|FINGERPRINT|BOARD|ARCH_JSON",
        show_default=False,
        autocompletion=complete.targets,
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show one target, field by field.

    Names are taken in any case; fingerprints with or without 0x, registered or not: those of
    DPUCZDX8G, DPUCVDX8G and DPUCV2DX8G are decoded bit by bit.
    """
    from vai_inspect.rules.engine import registry
    from vai_inspect.rules.targets.describe import decoded
    from vai_inspect.rules.targets.lookup import lookup

    found = lookup(spec)
    for text in registry.warnings():
        warn(text)
    bits = decoded(found)
    if as_json:
        print_json(details(found, bits))
        return
    same_name = [other for other in registry.targets() if other.name == found.name]
    for line in description(found, heading(registry.family(found.family)), same_name, bits):
        typer.echo(line)


def heading(family: Family) -> str:
    """Returns a family as one line.

    Args:
        family: the family.
    """
    return heading_of({key: getattr(family, key) for key in ("dpu", "guide", "title", "written")})


def details(found: Target, bits: Any) -> Dict[str, Any]:
    """Returns a target as JSON, with the fields of its fingerprint from the highest bit down."""
    fields = [
        {
            "name": row.name or None,
            "bits": row.bits,
            "value": row.value,
            "meaning": row.meaning,
            "source": row.source or None,
        }
        for row in bits.rows
    ]
    return {**found.to_dict(), "fields": fields, "remarks": list(bits.notes)}


def description(found: Target, title: str, same_name: Iterable[Target], bits: Any) -> Iterator[str]:
    """Yields the lines that describe a target.

    Args:
        found: the target.
        title: its family, as one line.
        same_name: its builds in all releases.
        bits: its decoded fingerprint, a `Decoded`.
    """
    yield found.name
    yield ""
    identity = [
        ("dpu", title),
        ("isa_version", str(found.isa_version)),
        ("fingerprint", found.fingerprint_text),
        ("feature_code", found.feature_code_text),
        ("peak_ops_per_cycle", f"{found.peak_ops_per_cycle:,} per image of the batch"),
        ("batch", str(found.batch)),
        ("releases", _releases(found)),
    ]
    if found.board_uses:
        identity.append(("boards", ", ".join(map(str, found.board_uses))))
    for other in same_name:
        if other.fingerprint != found.fingerprint:
            known = f"{other.fingerprint_text} in {', '.join(other.releases)}"
            identity.append(("other builds", known))
    identity += [("note", note) for note in bits.notes]
    yield from indented(columns(identity))
    yield ""
    if bits.rows:
        yield from _fields(bits)
        yield ""
    yield "banks"
    banks = [("NAME", "TYPE", "NUM", "WIDTH", "DEPTH", "WORD_BITS", "BYTES")]
    for bank in found.banks:
        figures = (bank.num, bank.width, bank.depth, bank.word_bits, bank.bytes)
        banks.append((bank.name, bank.type, *map("{:,}".format, figures)))  # type: ignore[arg-type]
    yield from indented(columns(banks, right=range(2, 7)))
    for name, figures in found.to_dict()["engines"].items():
        yield ""
        yield f"{name} engine"
        yield from indented(columns(list(_figures(figures))))
    if found.others:
        yield ""
        yield "further figures of the definition, which no rule reads"
        yield from indented(columns(found.others))


def _fields(bits: Any) -> Iterator[str]:
    missing = "" if bits.by_table else ": no table of this DPU's feature code is published"
    yield f"fingerprint, from the highest bit down{missing}"
    fields = [("BITS", "FIELD", "VALUE", "MEANING")]
    for field in bits.rows:
        value = str(field.value) if field.name else hex(field.value)
        fields.append((field.bits, field.name or "-", value, field.meaning))
    yield from indented(columns(fields, right=(2,)))


def _releases(found: Target) -> str:
    if found.releases:
        return "Vitis AI " + ", ".join(found.releases)
    return "none registers it; its figures are derived from the fingerprint"


def _figures(figures: Dict[str, Any], prefix: str = "") -> Iterator[Tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _figures(value, "" if name == "limit" else name + ".")
            continue
        if name == "nonlinear":
            name = "fuses (nonlinear)"
        if isinstance(value, list):
            value = ", ".join(value) or "nothing"
        yield prefix + name, str(value).lower() if isinstance(value, bool) else str(value)


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yields lines with two blanks before them."""
    return ("  " + line for line in lines)


def print_json(value: Any) -> None:
    """Prints a value as JSON."""
    typer.echo(json.dumps(value, indent=2))
