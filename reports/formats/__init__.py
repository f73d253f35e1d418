"""The formats of `--report`: each module of this folder is one, with its name and a `WRITER`.

A new module needs no entry anywhere: the command line, `reports.writer.WRITERS` and the tests of
all formats find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Callable, Optional, Protocol, Tuple, cast

if TYPE_CHECKING:
    from vai_inspect.core.inspection import Inspection
    from vai_inspect.reports.checked import Checked


class Writer(Protocol):
    """A format of report."""

    @property
    def name(self) -> str:
        """Its name, as in `--report html`."""

    @property
    def ending(self) -> Optional[str]:
        """Of the file `inspect_<TARGET>.<ending>`; None for one that is printed."""

    def render(self, inspection: Inspection) -> bytes:
        """Returns the report of an inspection.

        Raises:
            ReportError: it cannot be drawn; only pictures.
        """


@dataclass(frozen=True)
class TextWriter:
    """A report of an inspection, in UTF-8."""

    name: str
    ending: str
    text: Callable[[Inspection], str]

    def render(self, inspection: Inspection) -> bytes:
        """Returns the report of an inspection."""
        return self.text(inspection).encode("utf-8")


@dataclass(frozen=True)
class CheckWriter:
    """A report of an inspection and the outcome of a check, in UTF-8.

    Attributes:
        name: the format's name.
        ending: of its file; None for one that is printed.
        text: renders it.
        checked: the check; None for one without conditions.
    """

    name: str
    ending: Optional[str]
    text: Callable[[Checked], str]
    checked: Optional[Checked] = None

    def render(self, inspection: Inspection) -> bytes:
        """Returns the report of an inspection."""
        from vai_inspect.reports.checked import Checked

        return self.text(self.checked or Checked.of(inspection)).encode("utf-8")


def names() -> Tuple[str, ...]:
    """Returns the names of the formats in alphabetical order; imports none of them."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def writers() -> Tuple[Writer, ...]:
    """Returns the writers of the formats, in the order of `names`."""
    modules = (import_module(f"{__name__}.{name}") for name in names())
    return tuple(cast(Writer, module.WRITER) for module in modules)
