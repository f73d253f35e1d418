"""The one immutable result: what a user calls on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional

from vai_inspect.core.errors import count
from vai_inspect.core.estimate import Estimate
from vai_inspect.core.inspection.data import InspectionData
from vai_inspect.core.inspection.difference import Difference
from vai_inspect.core.inspection.reading import read_inspection, read_json
from vai_inspect.core.plan import Plan
from vai_inspect.core.presenter import presenter


@dataclass(frozen=True)
class Inspection(InspectionData):
    """What became of a model on a target; its fields are those of `InspectionData`."""

    @classmethod
    def from_dict(cls, report: Mapping[str, Any]) -> Inspection:
        """Returns the inspection that a report holds; `to_dict` of it gives the report again.

        Args:
            report: what `to_dict` returned, or a JSON report that was read.

        Raises:
            ReportError: it is no report, or its parts contradict each other.
        """
        return read_inspection(cls, report)

    @classmethod
    def from_json(cls, text: str) -> Inspection:
        """Returns the inspection that the text of a JSON report holds.

        Args:
            text: the content of `inspect_<TARGET>.json`.

        Raises:
            ReportError: it is no JSON, no report, or its parts contradict each other.
        """
        return read_inspection(cls, read_json(text))

    def estimate(
        self,
        board: Optional[str] = None,
        clock_mhz: Optional[float] = None,
        cores: Optional[int] = None,
        bandwidth_gb_s: Optional[float] = None,
    ) -> Estimate:
        """Returns how long the network takes on a board, and what is known of the error.

        Args:
            board: a board's name in any case; None for the KV260 where it has such a DPU, else
                for one core at 300 MHz.
            clock_mhz: clock of the DPU in place of the board's, MHz.
            cores: DPU cores in place of the board's.
            bandwidth_gb_s: memory bandwidth in place of the board's, GB/s in each direction.

        Raises:
            EstimateError: there is no trustworthy model for the target's family, nothing runs on
                the DPU, or the board or a figure is none; the message says why and what to do.
        """
        found: Estimate = presenter().estimate(self, board, clock_mhz, cores, bandwidth_gb_s)
        return found

    def plan(self) -> Plan:
        """Returns the plan: ordered steps with the counts before and after each."""
        return Plan(self.steps)

    def diff(self, other: InspectionData) -> Difference:
        """Returns what moved from this inspection to another, and what got worse.

        Args:
            other: the newer inspection, of the same model or of what it became.
        """
        return Difference(self, other)

    def graph(self) -> Any:
        """Returns the graph of `inspect_<TARGET>.gv` as a `graphviz.Source`.

        A notebook shows it, and `.view()`, `.render()` and `.pipe()` draw it in any format; they
        need Graphviz's `dot`. `.source` is the text, which needs nothing.

        Raises:
            ReportError: the Python package `graphviz` is not installed.
        """
        return presenter().graph(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    def __repr__(self) -> str:
        total, name = self.summary, self.model.name
        return (
            f"<Inspection of {name if name.isprintable() else repr(name)} on {self.target.name}: "
            f"{count(total.dpu_ops, 'operator')} on the DPU, {total.cpu_ops:,} on the CPU, "
            f"{count(total.dpu_subgraphs, 'DPU subgraph')}, {count(total.crossings, 'crossing')}>"
        )
