"""Evaluates the rules of a flow on a model and builds the quantiser part of the report."""

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
from vai_inspect.rules.quantizers.hits import Check, Each, Hit
from vai_inspect.rules.quantizers.obstacle import ConversionRule, ObstacleRule
from vai_inspect.rules.quantizers.scene import Scene

_ORDER = tuple(Outcome)


@dataclass(frozen=True)
class FlowRules:
    """The facts about one flow.

    Attributes:
        name: name of the quantiser, `vai_q_pytorch`.
        framework: framework of its input models.
        title: title in documents.
        obstacles: rules for constructs that it does not accept unchanged.
        last: fallback rules, for operators that no rule of `obstacles` covers.
        conversions: its default replacements.
        checklist: points that depend on how the quantiser is used.
        hidden: facts that are not visible in a model, each with the reason.
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
    """Returns a captured model with the quantiser report and with marks on float operators.

    Args:
        rules: the rules of the flow.
        before: the model as the frontend captured it.
        after: the graph after the flow's passes.
        convert: whether conversions are applied.
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
    explaining = {one.id for one in (*rules.obstacles, *rules.last) if one.explains_float}
    graph = _with_obstacle(graph, [one for one in report.obstacles if one.id in explaining])
    return dataclasses.replace(before, graph=graph, quantizer=report)


def scene_of(before: Captured, after: Graph, release: str) -> Scene:
    """Returns the view of a model that rules check; for the arguments see `check`."""
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
    for one in _found_by(rules.obstacles, scene, convert, frozenset()):
        if one.outcome is not Outcome.WARNS and one.stage is not FlowStage.TRAINING:
            covered.update(one.ops)
        yield one
    yield from _found_by(rules.last, scene, convert, covered)


def _found_by(
    rules: Iterable[ObstacleRule], scene: Scene, convert: bool, covered: AbstractSet[str]
) -> Iterator[Obstacle]:
    """Yields the obstacles of rules, except those of covered operators only."""
    for rule in rules:
        if rule.from_conversion and not convert:
            continue
        made: Dict[Obstacle, List[str]] = {}
        for hit in _hits(rule.check, scene):
            ops = [name for name in hit.ops if name not in covered]
            one = _obstacle(rule, hit, scene.release)
            if one is not None and (ops or not hit.ops):
                made.setdefault(one, []).extend(ops)
        for one, names in made.items():
            yield dataclasses.replace(one, ops=tuple(dict.fromkeys(names)))


def _hits(check: Check, scene: Scene) -> Iterable[Hit]:
    """Returns the hits of a check, without a call if the model has none of its operators."""
    if isinstance(check, Each) and check.where.names and scene.names.isdisjoint(check.where.names):
        return ()
    return check(scene)


def _obstacle(rule: ObstacleRule, hit: Hit, release: str) -> Optional[Obstacle]:
    """Returns an obstacle without its operators, so that hits with equal text merge."""
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
        for hit in _hits(rule.check, scene):
            made.setdefault(hit.found, []).extend(hit.ops)
        for text, ops in made.items():
            yield Conversion(rule.id, tuple(dict.fromkeys(ops)), text, rule.source)


def _left_in_float(graph: Graph, obstacles: Iterable[Obstacle]) -> Graph:
    """Marks operators that rules with `decides` leave in float."""
    change: Dict[str, Optional[Op]] = {}
    for one in obstacles:
        for name in one.ops if one.outcome is Outcome.FLOAT else ():
            if name in graph and graph[name].float_only is None:
                op = graph[name]
                if op.kind not in ("const", "unknown"):
                    change[name] = op.replaced(float_only=one.message, float_remedy=_remedy(one))
    return graph.rewritten(change) if change else graph


def _with_obstacle(graph: Graph, obstacles: Iterable[Obstacle]) -> Graph:
    """Gives each operator that is left in float the id of the first obstacle that says so."""
    found: Dict[str, str] = {}
    for one in obstacles:
        for name in one.ops if one.outcome is not Outcome.WARNS else ():
            found.setdefault(name, one.id)
    change: Dict[str, Optional[Op]] = {
        name: graph[name].replaced(float_obstacle=id)
        for name, id in found.items()
        if name in graph and graph[name].float_only is not None
    }
    return graph.rewritten(change) if change else graph


def _remedy(one: Obstacle) -> Optional[Remedy]:
    return None if one.suggestion is None else Remedy(one.suggestion, one.effect, one.rewrite)


class _Becomes:
    """Maps an operator of the graph before the passes to its successor after them."""

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
    """Returns a report in terms of the operators of the graph after the passes.

    Args:
        report: a report in terms of `before`.
        before: the graph before the passes.
        after: the graph after them.
    """
    return report.placed(_Becomes(before, after))
