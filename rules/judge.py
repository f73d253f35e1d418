"""Asks the constraints of a family about the operators of a graph."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

from vai_inspect.core.findings import Evidence, Finding, Verdict
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition import DeviceOf
from vai_inspect.core.target import Target
from vai_inspect.rules import general
from vai_inspect.rules.constraint import Constraint, Stage
from vai_inspect.rules.family import Family
from vai_inspect.rules.site import Problem, Site

Findings = Tuple[Finding, ...]


class Judge:
    """What one family says of one graph on one target.

    A constraint or rewrite that raises is a defect of the family: it is named in `warnings`,
    the operator becomes unknown, and the rest goes on.

    Attributes:
        warnings: defects that were met, each once.
    """

    def __init__(self, family: Family, target: Target, graph: Graph) -> None:
        self.family = family
        self.target = target
        self.graph = graph
        self.warnings: List[str] = []
        self._seen: Dict[str, Op] = {}
        self._messages: Dict[str, Tuple[str, ...]] = {}
        self._by_kind = _by_stage_and_kind(family)
        for op in graph:
            self._rewrite(op)
            self._remark(op)

    def seen_as(self, op: Op) -> Op:
        """Returns the operator as the compiler sees it, after rewrites."""
        return self._seen[op.name]

    def messages(self, op: Op) -> Tuple[str, ...]:
        """Returns what rewrites and remarks have to tell of an operator."""
        return self._messages.get(op.name, ())

    def own_findings(self) -> Mapping[str, Findings]:
        """Returns what each operator has against it, whatever the device of its neighbours."""
        return {op.name: self._own(op) for op in self.graph}

    def context_findings(self, op: Op, device_of: DeviceOf) -> Findings:
        """Returns what an operator's neighbours cause on the devices they have now."""
        if op.kind == "const":
            return self._const(op)
        if (Stage.CONTEXT, self._seen[op.name].kind) not in self._by_kind:
            return ()
        return self._ask(Stage.CONTEXT, op, self._site(op, device_of))

    def _const(self, op: Op) -> Findings:
        """Says of a constant on the CPU whom it is for."""
        readers = self.graph.consumers(op)
        if not readers:
            return ()
        message = "a constant lies where it is read, and {} is on the CPU".format(readers[0].name)
        problem = Problem(message, found=op.kind, follows=readers[0].name)
        return (general.constant.finding(problem, self.family.name),)

    def _own(self, op: Op) -> Findings:
        if op.kind in ("data", "const", "return"):
            return ()
        site = self._site(op)
        found: Findings = ()
        if op.float_only is not None:
            found += (self._left_in_float(op),)
        if not self._spoken_of(site.op.kind):
            return found + (self._unknown_kind(op),)
        return found + self._ask(Stage.OP, op, site) + self._ask(Stage.FUSION, op, site)

    def _site(self, op: Op, device_of: "DeviceOf | None" = None) -> Site:
        site = Site(self._seen[op.name], op, self.graph, self.target, self.seen_as)
        return site if device_of is None else site.on_devices(device_of)

    def _ask(self, stage: Stage, op: Op, site: Site) -> Findings:
        found: List[Finding] = []
        for rule in self._by_kind.get((stage, site.op.kind), ()):
            try:
                found.extend(rule.findings(site, self.family.name))
            except Exception as error:
                found.append(self._broken(rule.id, op, error))
        return tuple(found)

    def _rewrite(self, op: Op) -> None:
        seen = op
        for rewrite in self.family.rewrites:
            if seen.kind not in rewrite.kinds:
                continue
            try:
                new = rewrite.apply(seen, self.graph, self.target)
            except Exception as error:
                self._warn(rewrite.id, error)
                continue
            if new is not None:
                seen = new
                self._messages[op.name] = (*self.messages(op), rewrite.sentence)
        self._seen[op.name] = seen

    def _remark(self, op: Op) -> None:
        for remark in self.family.remarks:
            if op.kind not in remark.kinds:
                continue
            try:
                text = remark.says(op, self.graph, self.target)
            except Exception as error:
                self._warn(remark.id, error)
                continue
            if text is not None:
                self._messages[op.name] = (*self.messages(op), text)

    def _spoken_of(self, kind: str) -> bool:
        return kind in self.family.takes or (Stage.OP, kind) in self._by_kind

    def _unknown_kind(self, op: Op) -> Finding:
        if not self.family.written:
            message = "the rules of {} are not written yet, so nothing is known of {}".format(
                self.family.dpu, op.kind
            )
        elif op.kind == "unknown":
            message = (
                "{} is no operator that the compiler's vocabulary (XIR) names; what it computes "
                "is not looked into".format(op.attributes()["framework_type"] or "this")
            )
        else:
            message = "no source says whether {} runs {}".format(self.family.dpu, op.kind)
        problem = Problem(message, found=op.kind, verdict=Verdict.UNKNOWN)
        return general.unknown.finding(problem, self.family.name)

    def _left_in_float(self, op: Op) -> Finding:
        message = "the vendor's quantiser leaves it in float: {}".format(op.float_only)
        return general.left_in_float.finding(Problem(message, found=op.kind), self.family.name)

    def _broken(self, rule: str, op: Op, error: Exception) -> Finding:
        name = self._warn(rule, error)
        return Finding(
            constraint=name,
            message="the rule itself failed, so nothing is known: {}".format(error),
            evidence=Evidence.INFERRED,
            verdict=Verdict.UNKNOWN,
        )

    def _warn(self, rule: str, error: Exception) -> str:
        name = "{}.{}".format(self.family.name, rule)
        text = "rule {} failed: {}: {}".format(name, type(error).__name__, error)
        if text not in self.warnings:
            self.warnings.append(text)
        return name


def _by_stage_and_kind(family: Family) -> Dict[Tuple[Stage, str], List[Constraint]]:
    table: Dict[Tuple[Stage, str], List[Constraint]] = {}
    for rule in family.constraints:
        for kind in rule.kinds:
            table.setdefault((rule.stage, kind), []).append(rule)
    return table
