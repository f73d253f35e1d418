from __future__ import annotations

import dataclasses
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs import SHAPE, chain, conv, node, random_graph
from vai_inspect.core.findings import Device, Evidence, Finding, Remedy, Verdict, approximate, exact
from vai_inspect.core.ir import Graph
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.message import render
from vai_inspect.core.partition import place, root_causes, subgraphs, transfers
from vai_inspect.core.partition.clusters import Clusters
from vai_inspect.core.partition.stats import Counter
from vai_inspect.core.root_cause import Position


def refused(message="refused", constraint="x.cpu", verdict=Verdict.UNSUPPORTED):
    return Finding(constraint, message, Evidence.INFERRED, verdict)


def no_context(op, device_of):
    return ()


def follows_first(devices_matter):
    """Context rules: an operator falls with its first input, and some with their first reader.

    Which, is read off the name, so that renaming would tell if anything else were looked at.
    """

    def context(op, device_of):
        number = int(op.name[2:]) if op.name[2:].isdigit() else 0
        rule = devices_matter[number % len(devices_matter)] if op.name.startswith("op") else ""
        if rule == "input" and device_of(graph_of[op.inputs[0].op]) is Device.CPU:
            return (dataclasses.replace(refused("its input is"), follows=op.inputs[0].op),)
        if rule == "all inputs" and all(
            device_of(graph_of[value.op]) is Device.CPU for value in op.inputs
        ):
            return (dataclasses.replace(refused("all are"), follows=op.inputs[0].op),)
        if rule == "reader":
            fallen = [r.name for r in readers_of(op) if device_of(r) is Device.CPU]
            if fallen:
                return (dataclasses.replace(refused("its reader is"), follows=fallen[0]),)
        if rule == "end" and any(device_of(r) is not Device.DPU for r in readers_of(op)):
            return (refused("something outside reads it"),)
        return ()

    graph_of = {}

    def readers_of(op):
        return graph_of["graph"].consumers(op)

    def of(graph):
        graph_of.update({op.name: op for op in graph}, graph=graph)
        return context

    return of


RULES = ("", "input", "all inputs", "reader", "end", "")


def figures(graph, placement):
    parts = subgraphs(graph, placement.devices)
    crossing = transfers(graph, placement.devices, parts)
    return (
        sum(part.device is Device.DPU for part in parts),
        sum(part.device is Device.CPU for part in parts),
        len(crossing),
        sum(one.bytes for one in crossing),
    )


def counts(outcome):
    return (
        outcome.dpu_subgraphs,
        outcome.cpu_subgraphs,
        outcome.crossings,
        outcome.crossing_bytes,
    )


def on_dpu(placement):
    return {name for name, device in placement.devices.items() if device is Device.DPU}


def placed_anew(graph, own, context, fixed):
    """The oracle: everything placed from the start, without the fixed ones' own findings."""

    def fixed_context(op, device_of):
        found = context(op, device_of)
        return tuple(f for f in found if f.follows or op.name not in fixed)

    left = {name: () if name in fixed else found for name, found in own.items()}
    return place(graph, left, fixed_context)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(0, 1))
def test_outcomes_are_those_of_a_placement_from_the_start(seed, size, on_cpu):
    graph = random_graph(seed, size, on_cpu)
    dice = random.Random(seed)
    context = follows_first(dice.sample(RULES, dice.randint(1, len(RULES))))(graph)
    own = {op.name: (refused(dice.choice("ab")),) if op.kind == "sigmoid" else () for op in graph}
    placement = place(graph, own, context)
    causes = root_causes(graph, own, context, placement)
    before = on_dpu(placement)
    fixed = set()
    for cause in causes:
        fixed |= set(cause.ops)
        outcomes = [(cause.alone, set(cause.ops)), (cause.cumulative, fixed)]
        outcomes += [(one, {name}) for one, name in zip(cause.each, cause.ops)]
        for outcome, names in outcomes:
            anew = placed_anew(graph, own, context, names)
            assert set(outcome.returned) == on_dpu(anew) - before
            assert on_dpu(anew) >= before
            assert counts(outcome) == figures(graph, anew)
    named = [name for cause in causes for name in cause.ops]
    assert len(named) == len(set(named))
    assert set(named) == {
        name for name, found in placement.findings.items() if any(not f.follows for f in found)
    }
    if causes:
        everything = {op.name for op in graph if op.name.startswith("op")}
        assert before | set(causes[-1].cumulative.returned) >= everything


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6), st.integers(1, 80), st.floats(0, 1))
def test_a_count_after_a_move_is_the_count_from_the_start(seed, size, on_cpu):
    graph = random_graph(seed, size, on_cpu)
    dice = random.Random(seed)
    own = {op.name: (refused(),) for op in graph if op.kind == "sigmoid"}
    counter = Counter(Clusters(graph, place(graph, own, no_context).devices))
    for share in (0.0, 0.1, 0.6, 1.0):
        moved = {name for name in own if dice.random() < share}
        left = {name: found for name, found in own.items() if name not in moved}
        anew = place(graph, left, no_context)
        assert dataclasses.astuple(counter.moved(moved)) == figures(graph, anew)


def causes_of(graph, own, context=no_context):
    return root_causes(graph, own, context, place(graph, own, context))


def test_what_cuts_the_network_comes_before_what_ends_it():
    graph = chain("relu", "sigmoid", "relu", "tanh", "relu", "softmax")
    own = {
        "op1": (refused("the DPU does not compute sigmoid"),),
        "op3": (refused("the DPU does not compute tanh"),),
        "op5": (refused("softmax runs on the CPU"),),
    }
    first, second, last = causes_of(graph, own)
    assert (first.type, second.type, last.type) == ("sigmoid", "tanh", "softmax")
    assert [cause.position for cause in (first, second, last)] == [
        Position.BETWEEN,
        Position.BETWEEN,
        Position.END,
    ]
    assert first.alone.returned == ("op1",)
    assert counts(first.alone) == (2, 2, 3, 3 * 1024)
    assert counts(second.cumulative) == (1, 1, 1, 1024)
    assert counts(last.alone) == (3, 2, 4, 4 * 1024)
    assert counts(last.cumulative) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("kinds", "position"),
    [
        (("sigmoid", "relu"), Position.START),
        (("relu", "sigmoid", "relu"), Position.BETWEEN),
        (("relu", "sigmoid"), Position.END),
        (("sigmoid",), Position.APART),
    ],
)
def test_position(kinds, position):
    own = {"op{}".format(kinds.index("sigmoid")): (refused(),)}
    (cause,) = causes_of(chain(*kinds), own)
    assert cause.position is position


def test_multiply_accumulates_count_before_subgraphs():
    graph = Graph(
        "g",
        [
            node("in", "data"),
            conv("first", "in"),
            node("cut", "sigmoid", ["first"]),
            conv("second", "cut"),
            conv("big", "second", kernel=(3, 3), pad=(1, 1, 1, 1), oc=64),
            node("out", "return", ["big"]),
        ],
    )
    own = {"cut": (refused("cut"),), "big": (refused("big"),)}
    first, second = causes_of(graph, own)
    assert (first.ops, second.ops) == (("big",), ("cut",))
    assert first.alone.macs == 8 * 8 * 9 * 16 * 64
    assert (first.position, first.alone.dpu_subgraphs) == (Position.END, 2)
    assert second.alone.macs == 0


def kernel(size, *axes):
    return said("{axes:are} {found}, outside {limit}", axes=axes, found=size, limit="1-16")


def said(template, constraint="x.cpu", remedy=None, **arguments):
    """A finding of a template; two that differ in names and figures only have one cause."""
    return Finding(
        constraint,
        render(template, arguments),
        Evidence.INFERRED,
        remedies=() if remedy is None else (Remedy(remedy) if isinstance(remedy, str) else remedy,),
        template=template,
        arguments=tuple(arguments.items()),
    )


ALIKE = {
    "kernels 17x17, 17x3 and 3x17": (
        kernel(17, "kernel_w", "kernel_h"),
        kernel(17, "kernel_w"),
        kernel(17, "kernel_h"),
        kernel(19, "kernel_w"),
    ),
    "names with spaces": (
        said("{producer:op} ({kind:kind}) feeds it", producer="a layer", kind="conv2d"),
        said("{producer:op} ({kind:kind}) feeds it", producer="another", kind="conv2d"),
    ),
    "one reader and several": (
        said("it is read by {readers:op}", readers=("one",)),
        said("it is read by {readers:op}", readers=("two", "of them")),
    ),
    "figures of any form": (
        said("dilation {found}, scale {scale}", found=(2, 1), scale=1.5),
        said("dilation {found}, scale {scale}", found=(3, 4), scale=2),
    ),
    "limits of each operator": (
        said("pad is {found}, outside {limit}", found=3, limit="0-2"),
        said("pad is {found}, outside {limit}", found=9, limit="0-4"),
    ),
}
APART = {
    "how many figures": (
        said("it permutes to {order}", order=(0, 2, 1)),
        said("it permutes to {order}", order=(0, 1, 3, 2)),
    ),
    "kinds": (
        said("{producer:op} ({kind:kind}) feeds it", producer="a", kind="conv2d"),
        said("{producer:op} ({kind:kind}) feeds it", producer="a", kind="add"),
    ),
    "texts": (
        said("it pads with {found}", found="REFLECT"),
        said("it pads with {found}", found="EDGE"),
    ),
    "templates": (said("kernel is {found}", found=17), said("stride is {found}", found=17)),
    "what to change": (
        said("it averages axes {axes}", remedy="average height and width", axes=(1,)),
        said("it averages axes {axes}", remedy="use a 1x1 convolution", axes=(3,)),
    ),
    "what a change does to the function": (
        said("the window has {found} pixels", remedy=exact("pool in two steps"), found=900),
        said("the window has {found} pixels", remedy=approximate("pool in two steps"), found=901),
    ),
    "rules": (said("it is {found}", "x.one", found=17), said("it is {found}", "x.other", found=17)),
    "sentences without a template": (refused("first"), refused("second")),
}


@pytest.mark.parametrize("name", [*ALIKE, *APART])
def test_what_operators_with_one_root_cause_have_in_common(name):
    findings = ALIKE.get(name) or APART[name]
    graph = chain(*["conv2d"] * len(findings))
    own = {f"op{at}": (finding,) for at, finding in enumerate(findings)}
    every = tuple(own)
    grouped = {cause.ops for cause in causes_of(graph, own)}
    assert grouped == ({every} if name in ALIKE else {(one,) for one in every})


def test_operators_with_one_root_cause_have_all_reasons_in_common():
    graph = chain("relu", "conv2d", "sigmoid", "conv2d", "sigmoid")
    own = {
        "op1": (kernel(17, "kernel_w"),),
        "op3": (kernel(19, "kernel_w"),),
        "op2": (refused("no sigmoid"),),
        "op4": (refused("no sigmoid"), refused("nor here", "x.other")),
    }
    grouped = {cause.ops for cause in causes_of(graph, own)}
    assert grouped == {("op1", "op3"), ("op2",), ("op4",)}


def test_what_costs_nothing_at_an_end_stands_apart_from_what_cuts_the_network():
    graph = chain("softmax", "relu", "softmax", "relu", "softmax", "softmax")
    own = {name: (refused("softmax runs on the CPU"),) for name in ("op0", "op2", "op4", "op5")}
    found = [(cause.ops, cause.position, cause.at_boundary) for cause in causes_of(graph, own)]
    assert found == [
        (("op2",), Position.BETWEEN, False),
        (("op0",), Position.START, True),
        (("op4", "op5"), Position.END, True),
    ]


def test_a_cause_that_others_hold_back_gives_nothing():
    """op2 is refused and falls with op1, too: curing it alone brings nothing back."""
    graph = chain("relu", "sigmoid", "relu", "relu")

    def context(op, device_of):
        if op.name == "op2" and device_of(graph["op1"]) is Device.CPU:
            return (dataclasses.replace(refused("its input is"), follows="op1"),)
        return ()

    own = {"op1": (refused("first"),), "op2": (refused("second"),)}
    causes = {cause.ops: cause for cause in causes_of(graph, own, context)}
    assert causes[("op2",)].alone.returned == ()
    assert causes[("op1",)].alone.returned == ("op1",)
    assert [cause.cumulative.returned for cause in causes.values()][-1] == ("op1", "op2")


def test_a_finding_of_ones_own_that_follows_goes_with_what_it_follows():
    """As with a batch that is asked of each operator and was given to the first one."""
    graph = chain("relu", "relu", "relu")
    refusals = {"op0": refused("the batch is 1")}
    for before, name in (("op0", "op1"), ("op1", "op2")):
        refusals[name] = dataclasses.replace(refused("the batch is 1"), follows=before)
    own = {name: (one,) for name, one in refusals.items()}
    (cause,) = causes_of(graph, own)
    assert cause.ops == ("op0",)
    assert cause.alone.returned == ("op0", "op1", "op2")


def test_unknown_root_causes_are_ranked_and_marked():
    graph = chain("relu", "unknown", "relu", "sigmoid")
    own = {"op1": (refused("who knows", verdict=Verdict.UNKNOWN),), "op3": (refused("no"),)}
    first, second = causes_of(graph, own)
    assert (first.ops, first.verdict) == (("op1",), Verdict.UNKNOWN)
    assert (second.ops, second.verdict) == (("op3",), Verdict.UNSUPPORTED)


def test_no_root_cause_where_all_runs_on_the_dpu():
    assert causes_of(chain("relu", "relu"), {}) == ()


def blocks(count):
    """Squeeze-and-excite blocks in a row, ten operators each, two of them on the CPU."""
    ops = [node("in", "data")]
    last = "in"
    for block in range(count):
        name = "b{}_".format(block).__add__
        pooled = (1, 1, 1, 16)
        ops += [
            conv(name("expand"), last),
            node(name("swish"), "swish", [name("expand")]),
            conv(name("depthwise"), name("swish")),
            node(name("pool"), "avgpool2d", [name("depthwise")], pooled, a.AvgPool2dAttrs((8, 8))),
            conv(name("reduce"), name("pool"), pooled),
            conv(name("widen"), name("reduce"), pooled),
            node(name("gate"), "sigmoid", [name("widen")], pooled),
            node(name("mul"), "mul", [name("depthwise"), name("gate")]),
            conv(name("project"), name("mul")),
            node(name("add"), "add", [name("project"), name("expand")]),
        ]
        last = name("add")
    return Graph("blocks", [*ops, node("out", "return", [last], SHAPE)])


def test_thousands_of_operators_with_hundreds_of_root_causes_take_a_second_or_so():
    graph = blocks(1000)
    own = {op.name: (refused(op.kind),) for op in graph if op.kind in ("swish", "sigmoid")}
    placement = place(graph, own, no_context)
    started = time.process_time()
    first, second = root_causes(graph, own, no_context, placement)
    assert time.process_time() - started < 10  # some 1.5 s; a loaded machine may take longer
    assert {len(first.ops), len(second.ops)} == {1000}
    assert second.cumulative.dpu_subgraphs == 1
    assert all(one.dpu_subgraphs is not None for cause in (first, second) for one in cause.each)


def test_what_would_take_too_long_is_not_counted_and_what_returns_is_told_all_the_same():
    graph = blocks(20)
    own = {op.name: (refused(op.kind),) for op in graph if op.kind in ("swish", "sigmoid")}
    placement = place(graph, own, no_context)
    first, second = root_causes(graph, own, no_context, placement, most_work=0)
    assert first.alone.dpu_subgraphs is not None
    assert second.cumulative.dpu_subgraphs == 1
    for cause in (first, second):
        assert [one.returned for one in cause.each] == [(name,) for name in cause.ops]
        assert {counts(one) for one in cause.each} == {(None,) * 4}
