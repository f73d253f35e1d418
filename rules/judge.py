"""Asks the constraints of a family about the operators of a graph."""

from __future__ import annotations

from functools import cached_property, partial
from itertools import islice
from typing import (
    AbstractSet,
    Any,
    Callable,
    Dict,
    Hashable,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)

from vai_inspect.core.findings import Device, Evidence, Finding, Verdict
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition import ContextRules, DeviceOf, Placement, explained, settled
from vai_inspect.core.target import Target
from vai_inspect.rules import general, sound
from vai_inspect.rules.common.foreign import refused
from vai_inspect.rules.constraint import Constraint, Stage
from vai_inspect.rules.failures import FAILURES, message_of, told
from vai_inspect.rules.family import Family
from vai_inspect.rules.memory import Recall
from vai_inspect.rules.rewritten import Failure, Seen, rewritten
from vai_inspect.rules.site import Problem, Site, no_device
from vai_inspect.rules.sound import MOST_PROBLEMS

Findings = Tuple[Finding, ...]
Found = Tuple[Findings, Optional[BaseException]]
"""Findings, and what was raised on the way."""


class Answer(NamedTuple):
    """What one constraint yields of one operator, and what it raised in the end, if it did."""

    problems: Tuple[Problem, ...]
    error: Optional[BaseException]


NOTHING = Answer((), None)


class Judge:
    """What one family says of one graph on one target.

    A constraint or rewrite that raises is a defect of the family: it is named in `warnings`,
    the operator becomes unknown, and the rest goes on.

    Attributes:
        warnings: defects that were met, each once.
    """

    def __init__(
        self, family: Family, target: Target, graph: Graph, recall: Optional[Recall] = None
    ) -> None:
        """Applies the rewrites.

        Args:
            family: the rules; of families of one name and one memory there is but one.
            target: the DPU.
            graph: the normalised graph.
            recall: the graph's memory, where it is judged on several targets.
        """
        self.family = family
        self.target = target
        self.graph = graph
        self.warnings: List[str] = []
        self._recall = recall or Recall()
        made = self._recalled(("rewritten",), partial(rewritten, family, graph))
        self.all_messages: Mapping[str, Tuple[str, ...]] = made.messages
        self._warn_of(made.failed)
        changed = self._recall.same(made.changed)
        self._seen = self._recall(
            ("seen", id(changed)), target, lambda _: Seen(graph, changed, made.inputs)
        )

    def seen_as(self, op: Op) -> Op:
        """Returns the operator as the compiler sees it, after rewrites."""
        return self._seen(op)

    def messages(self, op: Op) -> Tuple[str, ...]:
        """Returns what rewrites and remarks have to tell of an operator."""
        return self.all_messages.get(op.name, ())

    def own_findings(self) -> Mapping[str, Findings]:
        """Returns what each operator has against it, whatever the device of its neighbours."""
        return {**{op.name: () for op in self.graph}, **self._own}

    def context_findings(self, op: Op, device_of: DeviceOf) -> Findings:
        """Returns what an operator's neighbours cause on the devices they have now."""
        found = self._context.findings(op, device_of)
        self._warn_of(self._context.failed)
        return found

    def placement(self) -> Placement:
        """Returns the device of each operator, and why."""
        own = self._recall.same(self._own)
        devices: Mapping[str, Device] = self._in_context(
            ("devices", id(self._seen), frozenset(own)),
            lambda context: settled(self.graph, own, context),
        )
        placed: Placement = self._in_context(
            ("placed", id(devices), id(own)),
            lambda context: explained(self.graph, devices, own, context),
        )
        return placed

    def _in_context(self, key: Tuple[Any, ...], function: Callable[[ContextRules], Any]) -> Any:
        """Returns what a function of the context rules gives on the target."""

        def asked(target: Target) -> Tuple[Any, List[Failure]]:
            context = _Context(self.family, target, self.graph, self._seen)
            return function(context.findings), context.failed

        made, failed = self._recalled(key, asked)
        self._warn_of(failed)
        return made

    @cached_property
    def _context(self) -> _Context:
        return _Context(self.family, self.target, self.graph, self._seen)

    @cached_property
    def _kinds_asked(self) -> AbstractSet[str]:
        """Kinds of operators that a constraint speaks of whatever their neighbours."""
        return {
            kind
            for rule in self.family.constraints
            if rule.stage is Stage.OP
            for kind in rule.kinds
        }

    @cached_property
    def _own(self) -> Dict[str, Findings]:
        """Returns what operators have against them, without those that have nothing."""
        found: Dict[str, Findings] = {**self._recalled(("untold", id(self._seen)), self._untold)}
        failed: Dict[str, List[Failure]] = {}
        for rule, kinds in self._recalled(("asked", id(self._seen)), self._asked):
            asked = _Asked(rule, self.target, self.graph, self._seen)
            # What is found is the same for families that share a check and its figures.
            key = (rule.check, asked.figures, kinds, id(self._seen))
            answers = self._recall(key, self.target, partial(_answers, asked, kinds, self._seen))
            if not answers:
                continue
            made = partial(_findings_of, rule, answers, self.family)
            for name, (findings, error) in self._recalled((rule.id, id(answers)), made).items():
                found[name] = found.get(name, ()) + findings
                if error is not None:
                    failed.setdefault(name, []).append((rule.id, error))
        for op in self.graph if failed else ():
            self._warn_of(failed.get(op.name, ()))
        return found

    def _recalled(self, key: Tuple[Any, ...], function: Callable[[Target], Any]) -> Any:
        """Returns what a function of this family gives on the target."""
        return self._recall((self.family.name, *key), self.target, function)

    def _asked(self, target: Target) -> List[Tuple[Constraint, Tuple[str, ...]]]:
        """Returns the constraints that speak of operators of the graph, and of which kinds."""
        stages = (Stage.OP, Stage.FUSION)
        rules = [
            rule for stage in stages for rule in self.family.constraints if rule.stage is stage
        ]
        there = {kind for kind in self._seen.by_kind if self._spoken_of(kind)}
        asked = ((rule, tuple(kind for kind in rule.kinds if kind in there)) for rule in rules)
        return [(rule, kinds) for rule, kinds in asked if kinds]

    def _untold(self, target: Target) -> Dict[str, Findings]:
        """Returns what is against operators whatever the constraints say."""
        found: Dict[str, Findings] = {}
        for kind, ops in self._seen.by_kind.items():
            for op in ops:
                if op.float_only is not None:
                    found[op.name] = (self._left_in_float(op),)
                if not self._spoken_of(kind) or (kind == "unknown" and not refused(op)):
                    found[op.name] = (*found.get(op.name, ()), self._unknown_kind(op))
        return found

    def _spoken_of(self, kind: str) -> bool:
        return kind in self.family.takes or kind in self._kinds_asked

    def _unknown_kind(self, op: Op) -> Finding:
        if not self.family.written:
            message = "the rules of {} are not written yet, so nothing is known of {}".format(
                self.family.dpu, op.kind
            )
        elif op.kind == "unknown":
            message = (
                "{} is no operator of the compiler's vocabulary (XIR), and what it computes is not "
                "known".format(op.attributes()["framework_type"] or "this")
            )
        else:
            message = "no source says whether {} runs {}".format(self.family.dpu, op.kind)
        problem = Problem(message, found=op.kind, verdict=Verdict.UNKNOWN)
        return general.unknown.finding(problem, self.family.name)

    def _left_in_float(self, op: Op) -> Finding:
        message = (
            "the vendor's quantiser leaves it in float, which the DPU does not compute: {}"
        ).format(op.float_only)
        cure = op.float_cure or "do it on the host, before or after the network"
        problem = Problem(message, found=op.kind, suggestion=cure)
        return general.left_in_float.finding(problem, self.family.name)

    def _warn_of(self, failures: Iterable[Failure]) -> None:
        for rule, error in failures:
            text = "rule {}.{} failed: {}".format(self.family.name, rule, told(error))
            if text not in self.warnings:
                self.warnings.append(text)


class _Context:
    """Asks the context rules of a family on one target.

    Attributes:
        failed: rules that raised, as often as they did.
    """

    def __init__(self, family: Family, target: Target, graph: Graph, seen: Seen) -> None:
        self._family = family
        self._target = target
        self._graph = graph
        self._seen = seen
        self._asked: Dict[str, List[_Asked]] = {}
        self.failed: List[Failure] = []
        for rule in family.constraints:
            kinds = [kind for kind in rule.kinds if kind in seen.by_kind]
            if rule.stage is Stage.CONTEXT and kinds:
                asked = _Asked(rule, target, graph, seen)
                for kind in kinds:
                    self._asked.setdefault(kind, []).append(asked)

    def findings(self, op: Op, device_of: DeviceOf) -> Findings:
        """Returns what the rules find of an operator with its neighbours on these devices."""
        if op.kind == "const":
            return self._const(op)
        found: Findings = ()
        for asked in self._asked.get(self._seen(op).kind, ()):
            answer = asked.of(op, self._target, device_of)
            if answer is NOTHING:
                continue
            findings, error = _findings(asked.rule, answer, self._family)
            found += findings
            if error is not None:
                self.failed.append((asked.rule.id, error))
        return found

    def _const(self, op: Op) -> Findings:
        """Says of a constant on the CPU whom it is for."""
        readers = self._graph.consumers(op)
        if not readers:
            return ()
        message = "a constant lies where it is read, and {} is on the CPU".format(readers[0].name)
        problem = Problem(message, found=op.kind, follows=readers[0].name)
        return (general.constant.finding(problem, self._family.name),)


class _Asked:
    """A constraint with its figures for a target, which are read once.

    Attributes:
        rule: the constraint.
        figures: what the figures are; of another target equal where they are the same.
    """

    def __init__(self, rule: Constraint, target: Target, graph: Graph, seen: Seen) -> None:
        self.rule = rule
        self._graph = graph
        self._seen = seen
        self._limits: Mapping[str, Any] = {}
        self._error: Optional[BaseException] = None
        try:
            self._limits = rule.limits_for(target)
        except FAILURES as error:
            self._error = error
        figures = (tuple(self._limits.items()), self._error)
        self.figures: Hashable = figures if _hashable(figures) else object()

    def of(self, op: Op, target: Target, device_of: DeviceOf = no_device) -> Answer:
        """Returns what the constraint yields of an operator."""
        if self._error is not None:
            return Answer((), self._error)
        seen = self._seen
        site = Site(
            seen(op), op, self._graph, target, seen, device_of, self._limits, seen.laid_out(op)
        )
        problems: List[Problem] = []
        error: Optional[BaseException] = None
        try:
            problems.extend(islice(self.rule.check(site), MOST_PROBLEMS + 1))
        except FAILURES as raised:
            error = raised
        if not problems:
            return NOTHING if error is None else Answer((), error)
        good, wrong = sound.problems(problems, self._graph)
        return Answer(good, wrong or error)


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _answers(asked: _Asked, kinds: Iterable[str], seen: Seen, target: Target) -> Dict[str, Answer]:
    """Returns what a constraint yields of the operators of some kinds, where it yields any."""
    found: Dict[str, Answer] = {}
    for kind in kinds:
        for op in seen.by_kind[kind]:
            answer = asked.of(op, target)
            if answer is not NOTHING:
                found[op.name] = answer
    return found


def _findings_of(
    rule: Constraint, answers: Mapping[str, Answer], family: Family, target: Target
) -> Dict[str, Found]:
    return {name: _findings(rule, answer, family) for name, answer in answers.items()}


def _findings(rule: Constraint, answer: Answer, family: Family) -> Found:
    """Returns a constraint's answer as findings of a family, and what was raised, if anything."""
    found: List[Finding] = []
    error = answer.error
    try:
        found.extend(rule.finding(problem, family.name) for problem in answer.problems)
    except FAILURES as raised:
        error = raised
    if error is not None:
        found.append(_broken(rule.id_in(family.name), error))
    return tuple(found), error


def _broken(name: str, error: BaseException) -> Finding:
    return Finding(
        constraint=name,
        message="the rule itself failed, so nothing is known: {}".format(
            message_of(error) or type(error).__name__
        ),
        evidence=Evidence.INFERRED,
        verdict=Verdict.UNKNOWN,
    )
