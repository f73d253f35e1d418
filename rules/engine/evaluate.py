"""Asks the constraints of a family about the operators of a graph, and places them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from vai_inspect.core.findings import Evidence, Finding, Verdict, exact
from vai_inspect.core.ir import ACTIVATIONS, Graph, Op
from vai_inspect.core.partition import ContextRules, DeviceOf, Placement, place
from vai_inspect.core.passes import LEAVE_OUT, idle
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import builtin_rules, plugin_validation
from vai_inspect.rules.engine.apply_rewrites import AfterRewrites, Failure, apply_rewrites
from vai_inspect.rules.engine.constraint import Constraint, Stage
from vai_inspect.rules.engine.context import OpContext, no_device
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.guard import GUARDED, format_error, message_of
from vai_inspect.rules.engine.host import AT_AN_END
from vai_inspect.rules.engine.plugin_validation import MOST_VIOLATIONS
from vai_inspect.rules.engine.violation import Violation

Findings = Tuple[Finding, ...]


@dataclass(frozen=True)
class Evaluation:
    """What the rules of a family say of a graph on a target.

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
    """Returns what the rules of a family say of a normalised graph on a target.

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
    """The constraints of a family with their figures for a target, and the rewritten graph."""

    def __init__(self, family: Family, target: Target, graph: Graph) -> None:
        self._family = family
        self._target = target
        self._graph = graph
        self.warnings: List[str] = []
        rewritten = apply_rewrites(family, graph, target)
        self.messages: Mapping[str, Tuple[str, ...]] = rewritten.messages
        self._warn_of(rewritten.failed)
        self._ops = AfterRewrites(graph, rewritten)
        self._rules: Dict[Stage, Dict[str, List[_Rule]]] = {stage: {} for stage in Stage}
        for constraint in family.constraints:
            kinds = [kind for kind in constraint.kinds if kind in self._ops.by_kind]
            if kinds:
                rule = _Rule(constraint, target)
                for kind in kinds:
                    self._rules[constraint.stage].setdefault(kind, []).append(rule)

    def own_findings(self) -> Dict[str, Findings]:
        """Returns what each operator has against it, whatever the device of its neighbours."""
        found: Dict[str, Findings] = {op.name: () for op in self._graph}
        for kind, ops in self._ops.by_kind.items():
            of_ops = self._rules[Stage.OP].get(kind, ())
            rules = [*of_ops, *self._rules[Stage.FUSION].get(kind, ())]
            known = kind in self._family.takes or bool(of_ops)
            for op in ops:
                findings: List[Finding] = []
                context = self._context(op, no_device)
                if op.float_only is not None:
                    findings.append(self._left_in_float(op, op.float_only))
                elif not known:
                    findings.append(self._unknown(op))
                for rule in rules:
                    of_rule = self._findings(rule, context)
                    if op.float_only is not None and rule.constraint.always:
                        # That no source covers this kind is no doubt any more.
                        of_rule = [one for one in of_rule if one.verdict != Verdict.UNKNOWN]
                    findings += of_rule
                if kind == "unknown" and not findings:
                    findings.append(self._unknown(op))
                found[op.name] = self._leaving_out(op, findings)
        return found

    def _leaving_out(self, op: Op, findings: List[Finding]) -> Findings:
        """Returns findings with another remedy where an operator computes nothing.

        So it is also where an activation cannot be fused as one that computes nothing stands
        before it.
        """
        if not findings:
            return ()
        before = self._graph.producer(op)
        if idle(op, self._graph) is not None:
            remedy = exact(LEAVE_OUT, "add-zero")
        elif (
            op.kind in ACTIVATIONS and before is not None and idle(before, self._graph) is not None
        ):
            remedy = exact(
                "leave {operator:op} out, which computes the same",
                "add-zero",
                operator=before.name,
            )
        else:
            return tuple(findings)
        return tuple(replace(one, remedies=(remedy.rendered({}),)) for one in findings)

    def context_findings(self, op: Op, device_of: DeviceOf) -> Findings:
        """Returns what an operator's neighbours cause on the devices they have now."""
        if op.kind == "const":
            return self._const(op)
        context = self._context(op, device_of)
        rules = self._rules[Stage.CONTEXT].get(context.op.kind, ())
        return tuple(one for rule in rules for one in self._findings(rule, context))

    def _context(self, op: Op, device_of: DeviceOf) -> OpContext:
        """Returns what every constraint sees of an operator, without the constraint's limits."""
        return OpContext(
            self._ops(op),
            op,
            self._graph,
            self._target,
            self._ops,
            device_of,
            laid_out=self._ops.laid_out(op),
        )

    def _findings(self, rule: _Rule, context: OpContext) -> List[Finding]:
        """Returns what a constraint finds of an operator; where it fails, that nothing is known."""
        constraint = rule.constraint
        error: Optional[BaseException] = rule.error
        found: List[Finding] = []
        if error is None:
            yielded: List[Violation] = []
            try:
                of_rule = context._replace(limits=rule.limits)
                yielded.extend(islice(constraint.check(of_rule), MOST_VIOLATIONS + 1))
            except GUARDED as raised:
                error = raised
            if yielded:
                sound, wrong = plugin_validation.violations(yielded, self._graph)
                error = wrong or error
                found = [constraint.finding(one, self._family.name) for one in sound]
        if error is not None:
            self._warn_of([(constraint.id, error)])
            found.append(_broken(constraint.id_in(self._family.name), error))
        return found

    def _const(self, op: Op) -> Findings:
        """Returns that a constant on the CPU is placed with what reads it."""
        readers = self._graph.consumers(op)
        if not readers:
            return ()
        violation = Violation(
            "constants are placed with their consumer ({reader:op}, CPU)",
            reader=readers[0].name,
            found=op.kind,
            follows=readers[0].name,
        )
        return (builtin_rules.constant.finding(violation, self._family.name),)

    def _unknown(self, op: Op) -> Finding:
        kind, dpu, unknown = op.kind, self._family.dpu, Verdict.UNKNOWN
        if not self._family.written:
            violation = Violation(
                "the rules of {dpu} are not written yet, so nothing is known of {kind:kind}",
                dpu=dpu,
                kind=kind,
                found=kind,
                verdict=unknown,
            )
        elif kind == "unknown":
            violation = Violation(
                "{kind} has no XIR operator, and what it computes is not known",
                kind=str(op.attributes()["framework_type"] or "this operator"),
                found=kind,
                verdict=unknown,
            )
        else:
            violation = Violation(
                "no source says whether {dpu} runs {kind:kind}",
                dpu=dpu,
                kind=kind,
                found=kind,
                verdict=unknown,
            )
        return builtin_rules.unknown.finding(violation, self._family.name)

    def _left_in_float(self, op: Op, reason: str) -> Finding:
        violation = Violation(
            "the vendor's quantiser leaves it in float, which the DPU does not compute: {reason}",
            reason=reason,
            found=op.kind,
            remedy=op.float_remedy or AT_AN_END,
        )
        return builtin_rules.left_in_float.finding(violation, self._family.name)

    def _warn_of(self, failures: Iterable[Failure]) -> None:
        for rule, error in failures:
            text = f"rule {self._family.name}.{rule} failed: {format_error(error)}"
            if text not in self.warnings:
                self.warnings.append(text)


class _Rule:
    """A constraint with its figures for a target, which are read once.

    Attributes:
        constraint: the constraint.
        limits: the figures.
        error: what reading them raised, if anything.
    """

    def __init__(self, constraint: Constraint, target: Target) -> None:
        self.constraint = constraint
        self.limits: Mapping[str, Any] = {}
        self.error: Optional[BaseException] = None
        try:
            self.limits = constraint.limits_for(target)
        except GUARDED as error:
            self.error = error


def _broken(name: str, error: BaseException) -> Finding:
    reason = message_of(error) or type(error).__name__
    template = "the rule itself failed, so nothing is known: {reason}"
    return Finding(
        constraint=name,
        message=template.replace("{reason}", reason),
        evidence=Evidence.INFERRED,
        verdict=Verdict.UNKNOWN,
        template=template,
        arguments=(("reason", reason),),
    )
