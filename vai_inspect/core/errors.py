"""The errors a user can meet.

Every message says what was received, what is valid and what to do. The command line prints the
message alone, on one line, and ends with exit code 2.
"""

from __future__ import annotations

from typing import Iterable, List, Sequence


class VaiInspectError(Exception):
    """Base of every error that the user's input can cause."""


class TargetError(VaiInspectError):
    """A target name, fingerprint or arch.json that names no DPU."""


class ReleaseError(VaiInspectError):
    """A Vitis AI release whose flow is not known."""


class ModelError(VaiInspectError):
    """Something that was given as the model and cannot be inspected."""


class InputShapeError(VaiInspectError):
    """An input shape that is missing, malformed or does not fit the model."""


class CaptureError(VaiInspectError):
    """A model of the right kind whose graph cannot be read."""


class RuleError(VaiInspectError):
    """A rule, family or plug-in that does not exist or does not work."""


class ReportError(VaiInspectError):
    """A report that cannot be written, drawn or read back."""


class EstimateError(VaiInspectError):
    """A time was requested without a trustworthy model for it, or for an unknown board."""


class ConfigError(VaiInspectError):
    """A file with defaults for the options that cannot be read, or a key or value in it."""


class PageError(VaiInspectError):
    """A page that is not installed, or that cannot be served."""


class GraphError(VaiInspectError):
    """A graph that breaks the IR's own laws: a defect of the frontend or pass that made it."""


def clipped(text: str, longest: int) -> str:
    """Returns text of at most `longest` characters; what is too much at its end is left out."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def quoted(value: object, length: int = 60) -> str:
    """Returns a value as one short line of code."""
    return clipped(repr(value), length)


def listed(names: Iterable[str], last_by: str = "and") -> str:
    """Returns names as `A, B and C`."""
    *most, last = names
    return f"{', '.join(most)} {last_by} {last}" if most else last


def plural(number: int, noun: str) -> str:
    """Returns a noun as it stands beside a number of things: `release`, `releases`."""
    return noun if number == 1 else noun + "s"


def count(number: int, noun: str) -> str:
    """Returns `1 operator`, `2 operators`."""
    return f"{number:,} {plural(number, noun)}"


def first_few(names: Sequence[str], most: int) -> str:
    """Returns names as `A, B, C and 5 more`.

    Args:
        names: the names.
        most: how many are listed.
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def text_of(error: BaseException) -> str:
    """Returns what an error says; an empty text where it says nothing.

    Args:
        error: of a class of any origin, whose `__str__` may fail as well.
    """
    try:
        return str(error)
    except (Exception, SystemExit):
        return ""


def message_of(error: BaseException) -> str:
    """Returns the message of an error on one line; see `text_of`."""
    return " ".join(text_of(error).split())


def needs_trust(what: str, otherwise: str) -> str:
    """Returns the message for a file that is read only by running what may be code in it.

    Args:
        what: a sentence without a full stop: what has to load the file, and why.
        otherwise: what to do instead of trusting it.
    """
    return (
        f"{what}, which can run code in it; add --trust (Python: trust=True) if you trust where it "
        f"comes from, or {otherwise}."
    )


def nearest_names(received: str, valid: Iterable[str], count: int = 3) -> List[str]:
    """Returns up to `count` valid names that look most like what was received, best first."""
    import difflib  # of no use where nothing is wrong

    by_folded = {name.lower(): name for name in valid}
    found = difflib.get_close_matches(received.lower(), list(by_folded), n=count, cutoff=0.5)
    return [by_folded[name] for name in found]


_PACKAGES = {
    "keras": "tensorflow",
    "onnx": "onnx",
    "tensorflow": "tensorflow",
    "tf_keras": "tf-keras",
    "timm": "timm",
    "torch": "torch",
    "torchvision": "torchvision",
}
"""What pip knows the modules by that bring models."""


def how_to_install(module: str) -> str:
    """Returns what to do where a module is missing, as one sentence."""
    top = module.split(".")[0]
    if top not in _PACKAGES:
        return "Check the spelling, or install it there."
    return f"Install it: pip install {_PACKAGES[top]}."


def how_to_give(*shapes: Sequence[int]) -> str:
    """Returns how input shapes are given, on the command line and in Python.

    Args:
        shapes: sizes of all axes of each input, batch first, in the framework's layout.
    """
    plain = [tuple(shape) for shape in shapes]
    options = " ".join("--input-shape " + ",".join(map(str, shape)) for shape in plain)
    argument = plain[0] if len(plain) == 1 else plain
    return f"{options} (command line) or input_args={argument} (Python)"


LARGEST_SIZE, MOST_ELEMENTS = 2**31 - 1, 2**40
"""Of an axis, and of a tensor: no accelerator takes more, and frameworks compute with 64 bits."""


def check_sizes(name: str, shape: Sequence[int]) -> None:
    """Refuses an input whose size nothing can compute with.

    Args:
        name: the input's name.
        shape: its sizes, each 1 or more.

    Raises:
        InputShapeError: it is too large.
    """
    elements = 1
    for size in shape:
        elements *= min(size, LARGEST_SIZE + 1)
        if size > LARGEST_SIZE or elements > MOST_ELEMENTS:
            sizes = (str(one) if one <= LARGEST_SIZE else "more" for one in shape)
            raise InputShapeError(
                f"Input {name!r} received the shape ({', '.join(sizes)}); a dimension is at most "
                f"{LARGEST_SIZE:,}, and the tensor at most {MOST_ELEMENTS:,} elements."
            )


def did_you_mean(received: str, valid: Iterable[str]) -> str:
    """Returns " Did you mean A, B or C?" for the nearest valid names, or an empty text."""
    names = nearest_names(received, valid)
    return f" Did you mean {listed(names, 'or')}?" if names else ""
