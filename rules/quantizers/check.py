"""Asks the rules of a flow about a model, and makes the quantiser's part of the report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import AbstractSet, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.findings import Remedy
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.quantizer import (
    Conversion,
    FlowStage,
    Obstacle,
    Outcome,
    QuantizerReport,
)
from vai_inspect.rules.quantizers.obstacle import ConversionRule, Hit, ObstacleRule
from vai_inspect.rules.quantizers.scene import Scene

_ORDER = tuple(Outcome)


@dataclass(frozen=True)
class FlowRules:
    """The facts about one flow.

    Attributes:
        name: of the quantiser, `vai_q_pytorch`.
        framework: whose models it takes.
        title: for documents.
        obstacles: what it does not take as it is.
        last: what it does not take either, of operators that no other rule is about.
        conversions: what it replaces by default.
        checklist: what only its use decides.
        hidden: facts that no model shows, each with the reason.
    """

    name: str
    framework: str
    title: str
    obstacles: Tuple[ObstacleRule, ...]
    last: Tuple[ObstacleRule, ...] = ()
    conversions: Tuple[ConversionRule, ...] = ()
    checklist: Tuple[str, ...] = ()
    hidden: Tuple[Tuple[str, str], ...] = ()


def check(
    rules: FlowRules, before: Captured, after: Graph, convert: bool, release: str
) -> Captured:
    """Returns a captured model with what a flow does to it, and with what it leaves in float.

    Args:
        rules: the flow's.
        before: the model as the frontend read it.
        after: the graph as the flow's passes leave it.
        convert: whether conversions are made.
        release: the Vitis AI release.
    """
    scene = scene_of(before, after, release)
    found = list(_obstacles(rules, scene, convert))
    kept = [one for one in found if one.stage is not FlowStage.TRAINING]
    report = QuantizerReport(
        flow=rules.name,
        release=release,
        obstacles=tuple(sorted(kept, key=lambda one: _ORDER.index(one.outcome))),
        training=tuple(one for one in found if one.stage is FlowStage.TRAINING),
        conversions=tuple(_conversions(rules.conversions, scene, convert)),
        checklist=rules.checklist,
    )
    deciding = {one.id for one in rules.obstacles if one.decides}
    graph = _left_in_float(after, [one for one in report.obstacles if one.id in deciding])
    report = placed_in(report, before.graph, graph)
    return dataclasses.replace(before, graph=graph, quantizer=report)


def scene_of(before: Captured, after: Graph, release: str) -> Scene:
    """Returns what the rules see of a model; see `check`."""
    return Scene(
        graph=before.graph,
        release=release,
        form=before.form,
        in_float={
            op.name: (op.float_only, op.float_remedy) for op in after if op.float_only is not None
        },
        open_batch=before.batch is not None,
        joined=frozenset(op.name for op in before.graph if op.name not in after),
    )


def _obstacles(rules: FlowRules, scene: Scene, convert: bool) -> Iterator[Obstacle]:
    covered: Set[str] = set()
    for rule in rules.obstacles:
        for one in _of_rule(rule, scene, convert, frozenset()):
            if one.outcome is not Outcome.WARNS and one.stage is not FlowStage.TRAINING:
                covered.update(one.ops)
            yield one
    for rule in rules.last:
        yield from _of_rule(rule, scene, convert, covered)


def _of_rule(
    rule: ObstacleRule, scene: Scene, convert: bool, covered: AbstractSet[str]
) -> Iterator[Obstacle]:
    """Yields the obstacles of a rule, but for those that are about covered operators alone."""
    if rule.from_conversion and not convert:
        return
    made: Dict[Obstacle, List[str]] = {}
    for hit in rule.check(scene):
        ops = [name for name in hit.ops if name not in covered]
        one = _obstacle(rule, hit, scene.release)
        if one is not None and (ops or not hit.ops):
            made.setdefault(one, []).extend(ops)
    for one, names in made.items():
        yield dataclasses.replace(one, ops=tuple(dict.fromkeys(names)))


def _obstacle(rule: ObstacleRule, hit: Hit, release: str) -> Optional[Obstacle]:
    """Returns an obstacle without its operators, so that those of equal texts are one."""
    effect = (rule.effects if hit.effects is None else hit.effects).get(release)
    if effect is None:
        return None
    remedy = hit.remedy or rule.remedy
    return Obstacle(
        id=rule.id,
        outcome=effect.outcome,
        stage=effect.stage,
        code=effect.code,
        ops=(),
        message=f"{hit.found}: {effect.text}",
        suggestion=None if remedy is None else remedy.rendered({}).text,
        effect=None if remedy is None else remedy.effect,
        rewrite=None if remedy is None else remedy.rewrite,
        source=rule.source,
    )


def _conversions(
    rules: Iterable[ConversionRule], scene: Scene, convert: bool
) -> Iterator[Conversion]:
    for rule in rules:
        if scene.release not in rule.releases or (rule.optional and not convert):
            continue
        made: Dict[str, List[str]] = {}
        for hit in rule.check(scene):
            made.setdefault(hit.found, []).extend(hit.ops)
        for text, ops in made.items():
            yield Conversion(rule.id, tuple(dict.fromkeys(ops)), text, rule.source)


def _left_in_float(graph: Graph, obstacles: Iterable[Obstacle]) -> Graph:
    """Marks operators that fall to float by rules that decide that."""
    change: Dict[str, Optional[Op]] = {}
    for one in obstacles:
        for name in one.ops if one.outcome is Outcome.FLOAT else ():
            if name in graph and graph[name].float_only is None:
                op = graph[name]
                if op.kind not in ("const", "unknown"):
                    change[name] = op.replaced(float_only=one.message, float_remedy=_remedy(one))
    return graph.rewritten(change) if change else graph


def _remedy(one: Obstacle) -> Optional[Remedy]:
    return None if one.suggestion is None else Remedy(one.suggestion, one.effect, one.rewrite)


class _Becomes:
    """Says which operator of a graph one of the graph before it has become."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self._before, self._after = before, after
        self._of_layer = {layer: op.name for op in after for layer in op.origin.layers[::-1]}

    def __call__(self, name: str) -> Optional[str]:
        while name not in self._after:
            if name not in self._before:
                return None
            op = self._before[name]
            for layer in op.origin.layers if op.kind != "const" else ():
                if layer in self._of_layer:
                    return self._of_layer[layer]
            readers = self._before.consumers(op)
            if not readers:
                return None
            name = readers[0].name
        return name


def placed_in(report: QuantizerReport, before: Graph, after: Graph) -> QuantizerReport:
    """Returns a report with the operators of a graph that passes made of the report's.

    Args:
        report: its operators are those of `before`.
        before: the graph before the passes.
        after: the graph after them.
    """
    return report.placed(_Becomes(before, after))
