"""Asks the constraints of a family about the operators of a graph, and places them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from vai_inspect.core.findings import Evidence, Finding, Verdict
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition import ContextRules, DeviceOf, Placement, place
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import builtin_rules, plugin_validation
from vai_inspect.rules.engine.apply_rewrites import Failure, Seen, rewritten
from vai_inspect.rules.engine.constraint import Constraint, Stage
from vai_inspect.rules.engine.context import Problem, Site, no_device
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.guard import FAILURES, message_of, told
from vai_inspect.rules.engine.plugin_validation import MOST_PROBLEMS
from vai_inspect.rules.shared.no_xir_op import refused

Findings = Tuple[Finding, ...]


@dataclass(frozen=True)
class Evaluation:
    """What a family says of a graph on a target.

    Attributes:
        own: findings of each operator, whatever the devices of its neighbours.
        context: returns what an operator's neighbours cause on the devices they have.
        placement: the device of each operator, and why.
        messages: what rewrites and notes say of operators, by name.
        warnings: defects of the family that were met, each once.
    """

    own: Mapping[str, Findings]
    context: ContextRules
    placement: Placement
    messages: Mapping[str, Tuple[str, ...]]
    warnings: Tuple[str, ...]


def evaluate(family: Family, target: Target, graph: Graph) -> Evaluation:
    """Returns what a family says of a normalised graph on a target.

    A constraint, rewrite or note that raises is a defect of the family: it is named in the
    warnings, the operator becomes unknown, and the rest goes on.

    Args:
        family: the rules.
        target: the DPU.
        graph: the normalised graph.
    """
    evaluator = _Evaluator(family, target, graph)
    own = evaluator.own_findings()
    placement = place(graph, own, evaluator.context_findings)
    return Evaluation(
        own,
        evaluator.context_findings,
        placement,
        evaluator.messages,
        tuple(evaluator.warnings),
    )


class _Evaluator:
    """The constraints of a family on a target, with their figures, and the graph as it sees it."""

    def __init__(self, family: Family, target: Target, graph: Graph) -> None:
        self._family = family
        self._target = target
        self._graph = graph
        self.warnings: List[str] = []
        made = rewritten(family, graph, target)
        self.messages: Mapping[str, Tuple[str, ...]] = made.messages
        self._warn_of(made.failed)
        self._seen = Seen(graph, made.changed, made.inputs)
        self._asked: Dict[Stage, Dict[str, List[_Asked]]] = {stage: {} for stage in Stage}
        for rule in family.constraints:
            kinds = [kind for kind in rule.kinds if kind in self._seen.by_kind]
            if kinds:
                asked = _Asked(rule, target)
                for kind in kinds:
                    self._asked[rule.stage].setdefault(kind, []).append(asked)

    def own_findings(self) -> Dict[str, Findings]:
        """Returns what each operator has against it, whatever the device of its neighbours."""
        found: Dict[str, Findings] = {op.name: () for op in self._graph}
        for kind, ops in self._seen.by_kind.items():
            rules = [*self._asked[Stage.OP].get(kind, ()), *self._asked[Stage.FUSION].get(kind, ())]
            spoken_of = kind in self._family.takes or bool(self._asked[Stage.OP].get(kind))
            for op in ops:
                findings: List[Finding] = []
                if op.float_only is not None:
                    findings.append(self._left_in_float(op, op.float_only))
                elif not spoken_of or (kind == "unknown" and not refused(op)):
                    findings.append(self._unknown_kind(op))
                for asked in rules:
                    findings += self._findings(asked, op, no_device)
                found[op.name] = tuple(findings)
        return found

    def context_findings(self, op: Op, device_of: DeviceOf) -> Findings:
        """Returns what an operator's neighbours cause on the devices they have now."""
        if op.kind == "const":
            return self._const(op)
        rules = self._asked[Stage.CONTEXT].get(self._seen(op).kind, ())
        return tuple(one for asked in rules for one in self._findings(asked, op, device_of))

    def _findings(self, asked: _Asked, op: Op, device_of: DeviceOf) -> List[Finding]:
        """Returns what a constraint finds of an operator; where it fails, that nothing is known."""
        rule, seen = asked.rule, self._seen
        error: Optional[BaseException] = asked.error
        found: List[Finding] = []
        if error is None:
            site = Site(
                seen(op),
                op,
                self._graph,
                self._target,
                seen,
                device_of,
                asked.limits,
                seen.laid_out(op),
            )
            problems: List[Problem] = []
            try:
                problems.extend(islice(rule.check(site), MOST_PROBLEMS + 1))
            except FAILURES as raised:
                error = raised
            if problems:
                good, wrong = plugin_validation.problems(problems, self._graph)
                error = wrong or error
                try:
                    found.extend(rule.finding(problem, self._family.name) for problem in good)
                except FAILURES as raised:
                    error = raised
        if error is not None:
            self._warn_of([(rule.id, error)])
            found.append(_broken(rule.id_in(self._family.name), error))
        return found

    def _const(self, op: Op) -> Findings:
        """Says of a constant on the CPU whom it is for."""
        readers = self._graph.consumers(op)
        if not readers:
            return ()
        message = "a constant lies where it is read, and {} is on the CPU".format(readers[0].name)
        problem = Problem(message, found=op.kind, follows=readers[0].name)
        return (builtin_rules.constant.finding(problem, self._family.name),)

    def _unknown_kind(self, op: Op) -> Finding:
        if not self._family.written:
            message = "the rules of {} are not written yet, so nothing is known of {}".format(
                self._family.dpu, op.kind
            )
        elif op.kind == "unknown":
            message = (
                "{} is no operator of the compiler's vocabulary (XIR), and what it computes is not "
                "known".format(op.attributes()["framework_type"] or "this")
            )
        else:
            message = "no source says whether {} runs {}".format(self._family.dpu, op.kind)
        problem = Problem(message, found=op.kind, verdict=Verdict.UNKNOWN)
        return builtin_rules.unknown.finding(problem, self._family.name)

    def _left_in_float(self, op: Op, reason: str) -> Finding:
        message = (
            "the vendor's quantiser leaves it in float, which the DPU does not compute: {}"
        ).format(reason)
        remedy = op.float_cure or "do it on the host, before or after the network"
        problem = Problem(message, found=op.kind, suggestion=remedy)
        return builtin_rules.left_in_float.finding(problem, self._family.name)

    def _warn_of(self, failures: Iterable[Failure]) -> None:
        for rule, error in failures:
            text = "rule {}.{} failed: {}".format(self._family.name, rule, told(error))
            if text not in self.warnings:
                self.warnings.append(text)


class _Asked:
    """A constraint with its figures for a target, which are read once.

    Attributes:
        rule: the constraint.
        limits: the figures.
        error: what reading them raised, if anything.
    """

    def __init__(self, rule: Constraint, target: Target) -> None:
        self.rule = rule
        self.limits: Mapping[str, Any] = {}
        self.error: Optional[BaseException] = None
        try:
            self.limits = rule.limits_for(target)
        except FAILURES as error:
            self.error = error


def _broken(name: str, error: BaseException) -> Finding:
    return Finding(
        constraint=name,
        message="the rule itself failed, so nothing is known: {}".format(
            message_of(error) or type(error).__name__
        ),
        evidence=Evidence.INFERRED,
        verdict=Verdict.UNKNOWN,
    )
