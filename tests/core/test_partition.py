from __future__ import annotations

import random
from collections import Counter

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs import SHAPE, chain, node, random_graph
from vai_inspect.core.findings import Device, Evidence, Finding
from vai_inspect.core.ir import Graph
from vai_inspect.core.partition import place, subgraphs, transfers
from vai_inspect.core.partition.cut import choose_cut

REFUSED = (Finding("x.cpu", "refused", Evidence.INFERRED),)


def nothing(op, device_of):
    return ()


def partition(graph, cpu_kinds=("sigmoid",), context=nothing):
    own = {op.name: REFUSED for op in graph if op.kind in cpu_kinds}
    placement = place(graph, own, context)
    return placement, subgraphs(graph, placement.devices)


def as_networkx(graph):
    edges = networkx.DiGraph()
    edges.add_nodes_from(op.name for op in graph)
    edges.add_edges_from((value.op, op.name) for op in graph for value in op.inputs)
    return edges


def is_convex(edges, names):
    inside = set(names)
    reached = set().union(*(networkx.descendants(edges, name) for name in names)) - inside
    return not any(networkx.descendants(edges, name) & inside for name in reached)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 10**6), st.integers(1, 150), st.floats(0, 1))
def test_subgraphs_are_disjoint_convex_connected_and_maximal(seed, size, on_cpu):
    graph = random_graph(seed, size, on_cpu)
    placement, parts = partition(graph)
    edges = as_networkx(graph)
    names = [name for part in parts for name in part.ops]
    assert sorted(names) == sorted(op.name for op in graph if op.name.startswith("op"))
    for part in parts:
        assert {placement.devices[name] for name in part.ops} == {part.device}
        assert is_convex(edges, part.ops)
        assert networkx.is_weakly_connected(edges.subgraph(part.ops))
    of = {name: part.name for part in parts for name in part.ops}
    quotient = networkx.DiGraph()
    quotient.add_nodes_from(part.name for part in parts)
    quotient.add_edges_from((of[u], of[v]) for u, v in edges.edges if u in of and v in of)
    quotient.remove_edges_from(list(networkx.selfloop_edges(quotient)))
    assert networkx.is_directed_acyclic_graph(quotient)
    device = {part.name: part.device for part in parts}
    for first, second in quotient.edges:
        if device[first] is device[second]:
            merged = networkx.contracted_nodes(quotient, first, second, self_loops=False)
            assert not networkx.is_directed_acyclic_graph(merged)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_renaming_changes_nothing(seed, size):
    graph = random_graph(seed, size)
    new_names = {op.name: "{}_{}".format(hash(op.name) % 97, op.name) for op in graph}
    renamed = Graph(
        "renamed",
        [node(new_names[op.name], op.kind, [new_names[v.op] for v in op.inputs]) for op in graph],
    )
    _, parts = partition(graph)
    _, renamed_parts = partition(renamed)
    assert [tuple(new_names[name] for name in part.ops) for part in parts] == [
        part.ops for part in renamed_parts
    ]


def relisted(graph, dice):
    """The graph with its operators in another topological order."""
    left = {op.name: len({value.op for value in op.inputs}) for op in graph}
    ready = [op for op in graph if not op.inputs]
    ops = []
    while ready:
        op = ready.pop(dice.randrange(len(ready)))
        ops.append(op)
        for reader in graph.consumers(op):
            left[reader.name] -= 1
            if not left[reader.name]:
                ready.append(reader)
    return Graph(graph.name, ops)


def needs_some_input(op, device_of):
    """A context rule for the sums: with both operands on the CPU they fall."""
    sources = [value.op for value in op.inputs]
    if op.kind == "add" and all(device_of(node(source, "add")) is Device.CPU for source in sources):
        return (Finding("x.follows", "its inputs are", Evidence.INFERRED, follows=sources[0]),)
    return ()


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(0, 1), st.booleans())
def test_the_order_of_independent_operators_changes_nothing(seed, size, on_cpu, alike):
    """Where all are alike, which of two the same neighbour joins is a matter of names."""
    graph = random_graph(seed, size, on_cpu)
    if not alike:
        ops = [op if op.kind in ("data", "return") else
               node(op.name, op.kind, [v.op for v in op.inputs], (1, 8, 8, 1 + number))
               for number, op in enumerate(graph)]  # fmt: skip
        graph = Graph("unlike", ops)
    placement, parts = partition(graph, context=needs_some_input)
    again, again_parts = partition(relisted(graph, random.Random(seed)), context=needs_some_input)
    assert again.devices == placement.devices
    assert again.findings == placement.findings
    if alike:
        assert sorted((p.device, len(p.ops)) for p in again_parts) == sorted(
            (p.device, len(p.ops)) for p in parts
        )
    else:
        assert {(p.device, frozenset(p.ops)) for p in again_parts} == {
            (p.device, frozenset(p.ops)) for p in parts
        }
        assert Counter(one.bytes for one in transfers(graph, placement.devices, parts)) == Counter(
            one.bytes for one in transfers(graph, again.devices, again_parts)
        )


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.integers(1, 80), st.floats(0, 1))
def test_every_operator_is_on_exactly_one_device(seed, size, on_cpu):
    graph = random_graph(seed, size, on_cpu)
    placement, parts = partition(graph, context=needs_some_input)
    assert set(placement.devices) == {op.name for op in graph}
    users = {op.name for op in graph if op.kind in ("data", "return")}
    assert {n for n, device in placement.devices.items() if device is Device.USER} == users
    assert set(placement.findings) == {
        name for name, device in placement.devices.items() if device is Device.CPU
    }
    for name in placement.devices:
        homes = [part for part in parts if name in part.ops]
        assert [part.device for part in homes] == (
            [] if name in users else [placement.devices[name]]
        )


def test_whole_chain_is_one_subgraph():
    _, parts = partition(chain("relu", "relu", "relu"))
    assert [(part.name, part.ops) for part in parts] == [("dpu_subgraph_0", ("op0", "op1", "op2"))]
    assert (parts[0].inputs, parts[0].outputs) == (("data",), ("op2",))


def test_a_cpu_operator_cuts_the_chain():
    graph = chain("relu", "sigmoid", "relu")
    placement, parts = partition(graph)
    assert [(part.name, part.ops) for part in parts] == [
        ("dpu_subgraph_0", ("op0",)),
        ("cpu_subgraph_0", ("op1",)),
        ("dpu_subgraph_1", ("op2",)),
    ]
    found = transfers(graph, placement.devices, parts)
    assert [(one.op, one.source, one.target, one.bytes) for one in found] == [
        ("op0", "dpu_subgraph_0", "cpu_subgraph_0", 1024),
        ("op1", "cpu_subgraph_0", "dpu_subgraph_1", 1024),
    ]


def test_a_branch_over_the_cpu_is_not_closed_over():
    """a -> sigmoid -> sum and a -> sum: a and the sum cannot be one subgraph."""
    graph = Graph(
        "branch",
        [
            node("in", "data"),
            node("a", "relu", ["in"]),
            node("s", "sigmoid", ["a"]),
            node("sum", "add", ["a", "s"]),
        ],
    )
    _, parts = partition(graph)
    assert [part.ops for part in parts] == [("a",), ("s",), ("sum",)]


def test_an_unrelated_cpu_branch_does_not_split():
    """The sigmoid hangs on the input, so a, b and the sum are one subgraph."""
    graph = Graph(
        "side",
        [
            node("in", "data"),
            node("a", "relu", ["in"]),
            node("s", "sigmoid", ["in"]),
            node("sum", "add", ["a", "s"]),
        ],
    )
    _, parts = partition(graph)
    assert [part.ops for part in parts] == [("a", "sum"), ("s",)]


def test_a_tensor_is_counted_once_for_each_subgraph_that_reads_it():
    graph = Graph(
        "fan",
        [
            node("in", "data"),
            node("a", "relu", ["in"]),
            node("s", "sigmoid", ["a"]),
            node("t", "sigmoid", ["a"]),
            node("u", "sub", ["s", "t"]),
        ],
    )
    placement, parts = partition(graph, ("sigmoid", "sub"))
    assert len(transfers(graph, placement.devices, parts)) == 1


def test_constants_lie_where_they_are_read_and_cross_nothing():
    graph = Graph(
        "const",
        [
            node("in", "data"),
            node("on_dpu", "const", shape=(16,)),
            node("on_cpu", "const", shape=(16,)),
            node("a", "mul", ["in", "on_dpu"]),
            node("b", "sub", ["a", "on_cpu"]),
        ],
    )
    placement, parts = partition(graph, ("sub",))
    assert placement.devices["on_dpu"] is Device.DPU
    assert placement.devices["on_cpu"] is Device.CPU
    assert [part.ops for part in parts] == [("on_dpu", "a"), ("on_cpu", "b")]
    assert [one.op for one in transfers(graph, placement.devices, parts)] == ["a"]


def needs_its_input(op, device_of):
    """A context rule: every operator but the first falls with the one before it."""
    source = op.inputs[0].op
    if device_of(node(source, "relu")) is Device.CPU:
        return (Finding("x.follows", "its input is", Evidence.INFERRED, follows=source),)
    return ()


def test_context_findings_spread_to_the_end_and_name_their_cause():
    graph = chain("relu", "sigmoid", "relu", "relu")
    placement, _ = partition(graph, context=needs_its_input)
    assert placement.findings["op3"][0].follows == "op2"
    assert [placement.devices["op{}".format(n)] for n in range(4)] == [
        Device.DPU,
        Device.CPU,
        Device.CPU,
        Device.CPU,
    ]


@pytest.mark.parametrize("size", [3000])
def test_long_chains_do_not_recurse(size):
    graph = chain(*(["relu", "sigmoid"] * (size // 2)))
    _, parts = partition(graph)
    assert len(parts) == size


def test_user_operators_belong_to_no_subgraph():
    graph = chain("relu")
    placement, parts = partition(graph)
    assert placement.devices["data"] is placement.devices["return"] is Device.USER
    assert parts[0].ops == ("op0",)
    assert graph["data"].output.shape == SHAPE


class Counted(Graph):
    """Counts how often the readers of an operator are asked for."""

    asked = 0

    def consumers(self, op):
        self.asked += 1
        return super().consumers(op)


@pytest.mark.parametrize("fixable", [False, True])
def test_the_work_of_a_cut_grows_with_the_graph_and_not_with_its_square(fixable):
    kinds = ["conv2d", "sigmoid"] * 1000
    ops = [node("in", "data")]
    for at, kind in enumerate(kinds):
        ops.append(node(f"n{at}", kind, [ops[-1].name]))
    graph = Counted("g", [*ops, node("out", "return", [ops[-1].name])])
    devices = {op.name: Device.CPU if op.kind == "sigmoid" else Device.DPU for op in graph}
    devices["in"] = devices["out"] = Device.USER
    macs = {op.name: 1000 if op.kind == "conv2d" else 0 for op in graph}
    sigmoids = {op.name for op in graph if op.kind == "sigmoid"}
    cut = choose_cut(graph, devices, macs, sigmoids if fixable else frozenset())
    assert cut.after
    assert graph.asked < 10 * len(graph)
