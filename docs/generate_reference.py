"""Writes docs/reference: the command line from its commands, the JSON from its schema."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Mapping, Sequence, Tuple

import typer
from typer.main import get_command

from vai_inspect.cli import app
from vai_inspect.cli.examples import EXAMPLES

Schema = Mapping[str, Any]
ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
GROUP: Any = get_command(app)
COMMANDS = """# The command line

Written by `docs/generate.sh` from the commands. `vai-inspect COMMAND --help` prints the same;
`vai-inspect --install-completion` installs completion for bash, zsh or fish.

A *MODEL* is a file (`.keras`, `.h5`, `.onnx`, a SavedModel folder; with `--trust` `.pt`, `.pth`,
`.pt2`) or `package.module:name` or `file.py:name`, where `name` is a model or a callable that
returns one. Results go to standard output, progress and errors to standard error; the
[exit codes](../ci.md#on-the-command-line) are the same for all commands.
"""
FIELDS = """# The JSON, field by field

Written by `docs/generate.sh` from the [schema](../../reports/inspection.schema.json), which every
JSON report keeps to (`--json`, `Inspection.to_dict()`); [the report](../report.md) explains the
words. `[]` is an element of a list. What has no text is what its name says.
"""


def commands() -> str:
    """Returns the page of the command line."""
    return "\n".join([COMMANDS, *map(command, GROUP.commands)])


def command(name: str) -> str:
    """Returns the section of a command: what it does, its arguments and options, examples."""
    found = GROUP.commands[name]
    context = typer.Context(found, info_name="vai-inspect " + name)
    usage = found.get_usage(context).replace("Usage: ", "")
    rows = [
        # An argument comes with its type in Python, as in MODEL <list[str]>.
        (re.sub(" <.*>$", "", title), text)
        for title, text in (param.get_help_record(context) for param in found.params)
    ]
    parts = ["## vai-inspect {}\n".format(name), found.help + "\n", fenced([usage])]
    parts += [table(("argument or option", "what it is"), rows)] if rows else []
    shown = EXAMPLES.get(name, ())
    parts += [fenced(["vai-inspect " + example for example in shown])] if shown else []
    return "\n".join(parts)


def fields() -> str:
    """Returns the page of the fields of the JSON: a table of the report and one a definition."""
    schema = json.loads((ROOT / "reports" / "inspection.schema.json").read_text(encoding="utf-8"))
    tables = {name: node for name, node in schema["$defs"].items() if "properties" in node}
    parts = [FIELDS]
    for title, node in {"The report": schema, **tables}.items():
        rows = [
            ("`{}`".format(path), kind_of(what, schema["$defs"]), described(what, schema["$defs"]))
            for path, what in properties(node)
        ]
        parts.append("## {}\n".format(title))
        parts += [node["description"] + "\n"] if "description" in node else []
        parts.append(table(("field", "type", "what it is"), rows))
    return "\n".join(parts)


def properties(node: Schema, path: str = "") -> Iterator[Tuple[str, Schema]]:
    """Yields the fields of an object and of what is in them, with their paths."""
    for name, what in node.get("properties", {}).items():
        yield path + name, what
        yield from properties(what, path + name + ".")
        yield from properties(what.get("items", {}), path + name + "[].")


def kind_of(what: Schema, definitions: Mapping[str, Schema]) -> str:
    """Returns the type of a value in words; a definition with fields is a link to its table."""
    if "$ref" in what:
        name = str(what["$ref"]).rsplit("/", 1)[-1]
        if "properties" in definitions[name]:
            return "[{0}](#{0})".format(name)
        return kind_of(definitions[name], definitions)
    if "const" in what:
        return "`{}`".format(json.dumps(what["const"]))
    if "enum" in what:
        return ", ".join("`{}`".format(json.dumps(one)) for one in what["enum"])
    if "anyOf" in what:
        return " or ".join(kind_of(one, definitions) for one in what["anyOf"])
    kinds = what["type"]
    if kinds == "array" and "items" in what:
        return "list of {}".format(kind_of(what["items"], definitions))
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def described(what: Schema, definitions: Mapping[str, Schema]) -> str:
    """Returns the text of a field, else that of its definition where this has no table."""
    named = definitions.get(str(what.get("$ref", "")).rsplit("/", 1)[-1], {})
    own = "" if "properties" in named else named.get("description", "")
    return str(what.get("description", own))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table of Markdown."""
    written = ["| {} |".format(" | ".join(map(cell, row))) for row in (head, *rows)]
    return "\n".join([written[0], "|" + "---|" * len(head), *written[1:], ""])


def cell(text: str) -> str:
    """Returns a text that ends no cell and opens no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def fenced(lines: List[str]) -> str:
    """Returns a block of code."""
    return "\n".join(["```text", *lines, "```\n"])


def main() -> int:
    """Writes the pages; with --check it only compares."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in (("cli.md", commands()), ("json.md", fields())):
        page = FOLDER / name
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
        elif not page.is_file() or page.read_text(encoding="utf-8") != text:
            stale = "docs/reference/{} is stale: run sh docs/generate.sh and commit what it writes"
            print(stale.format(name), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
