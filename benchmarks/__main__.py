"""`python -m benchmarks [SECTION ...] [--markdown] [--runs N]`."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from typing import Dict, List, Optional, Tuple

SECTIONS: Dict[str, Tuple[str, str]] = {
    "torch": ("frameworks", "torch_tables"),
    "keras": ("frameworks", "keras_tables"),
    "targets": ("targets", "tables"),
    "search": ("search", "tables"),
    "growth": ("growth", "tables"),
    "process": ("process", "tables"),
    "memory": ("memory", "tables"),
    "walk": ("walk", "tables"),
}
"""Where each section is made. They import frameworks, so only the one that runs is imported."""


def parsed(args: Optional[List[str]] = None) -> argparse.Namespace:
    """Returns the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--markdown", action="store_true", help="tables as in docs/performance.md")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the least is told")
    found = parser.parse_args(args)
    for section in found.sections:
        if section not in SECTIONS:
            parser.error("no section {!r}; valid are {}".format(section, ", ".join(SECTIONS)))
    return found


def main(args: Optional[List[str]] = None) -> int:
    """Runs the sections, each in a process of its own, and prints their tables."""
    wanted = parsed(args)
    options = ["--runs", str(wanted.runs), *(["--markdown"] if wanted.markdown else [])]
    sections = list(dict.fromkeys(wanted.sections or SECTIONS))
    if len(sections) > 1:
        commands = [[sys.executable, "-m", "benchmarks", one, *options] for one in sections]
        return max(subprocess.run(command, check=False).returncode for command in commands)
    module, function = SECTIONS[sections[0]]
    make = getattr(importlib.import_module("benchmarks." + module), function)
    for table in make(runs=wanted.runs):
        print(table.markdown() if wanted.markdown else table.text(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
