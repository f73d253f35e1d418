"""What `inspect` and `compare` have in common of `--fail-on` and `--allow`."""

from __future__ import annotations

from enum import Enum

from vai_inspect.cli.errors import warn


class FailOn(str, Enum):
    """What ends the command with exit code 1."""

    CPU = "cpu"
    UNKNOWN = "unknown"
    QUANTIZER = "quantizer"
    NEVER = "never"


def warn_of_idle(pattern: str) -> None:
    """Warns of a pattern of `--allow` that matches no operator: a misspelt one.

    Args:
        pattern: the pattern.
    """
    warn(
        f"no operator matches --allow {pattern}; valid are an op type, an operator or a layer as "
        "the "
        "report names them."
    )
