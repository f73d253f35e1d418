"""What the vendor's flow does with a model, as cases state it, against what a report says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Optional, Tuple

B4096 = "DPUCZDX8G_ISA1_B4096"
OK = None
Stated = Optional[Tuple[str, str, Optional[str]]]


@dataclass(frozen=True)
class Case:
    """A model, and (outcome, stage, code) by release; None where the flow takes it as it is."""

    name: str
    build: Callable[[], Any]
    stated: Dict[str, Stated] = field(default_factory=dict)

    def each(self):
        """Yields (release, what is stated)."""
        return self.stated.items()


def always(stated: Stated) -> Dict[str, Stated]:
    """Returns one statement for every release."""
    return dict.fromkeys(("2.5", "3.0", "3.5"), stated)


def since_3(stated: Stated, before: Any = "not known") -> Dict[str, Stated]:
    """Returns a statement for 3.0 and 3.5, and one for 2.5 where that is known."""
    found = {"3.0": stated, "3.5": stated}
    return found if before == "not known" else {"2.5": before, **found}


def check(report: Any, stated: Stated) -> None:
    """Asserts that the worst that a report says is what is stated."""
    found = [(one.outcome.value, one.stage.value, one.code) for one in report.obstacles]
    if stated is OK:
        assert found == []
    elif stated[1] == "qat":
        assert stated in [(one.outcome.value, one.stage.value, one.code) for one in report.training]
        assert found == []
    else:
        assert found[:1] == [stated]


def labelled(cases: Any) -> Any:
    """Returns (case, release, stated) of every case, with labels for pytest."""
    listed = [(case, release, stated) for case in cases for release, stated in case.each()]
    return {
        "argvalues": listed,
        "ids": ["{} in {}".format(case.name, release) for case, release, _ in listed],
    }
