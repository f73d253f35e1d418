"""A target that notes what is read of it, and what is concluded from that."""

from __future__ import annotations

import dataclasses

import pytest

from vai_inspect.core.target import Target
from vai_inspect.rules import registry
from vai_inspect.rules.lookup import lookup
from vai_inspect.rules.memory import Memory, Recall
from vai_inspect.rules.recorded import at, recorded

B4096, B512 = lookup("DPUCZDX8G_ISA1_B4096"), lookup("DPUCZDX8G_ISA1_B512")
V3E = lookup("DPUCAHX8L_ISA0")
TARGETS = registry.targets()

READ = [
    (lambda target: target.name, {("name",): B4096.name}),
    (lambda target: target.pool, {("pool",): None}),
    (lambda target: target.conv is None, {("conv", type): type(B4096.conv)}),
    (
        lambda target: target.conv.limit.kernel_size.high,
        {
            ("conv", type): type(B4096.conv),
            ("conv", "limit", type): type(B4096.conv.limit),
            ("conv", "limit", "kernel_size"): B4096.conv.limit.kernel_size,
        },
    ),
    (
        lambda target: target.banks[0].depth,
        {
            ("banks", len): len(B4096.banks),
            **{("banks", n, type): type(one) for n, one in enumerate(B4096.banks)},
            ("banks", 0, "depth"): B4096.banks[0].depth,
        },
    ),
    (lambda target: target.fingerprint_text, {("fingerprint",): B4096.fingerprint}),
    (lambda target: target == B512, {(): B4096}),
    (hash, {(): B4096}),
    (repr, {(): B4096}),
    (
        lambda target: target.save == B512.save,
        {("save", type): type(B4096.save), ("save",): B4096.save},
    ),
]


@pytest.mark.parametrize(("function", "expected"), READ)
def test_what_is_read_is_noted(function, expected):
    reads: dict = {}
    assert function(recorded(B4096, reads)) == function(B4096)
    assert reads == expected
    assert {path: at(B4096, path) for path in reads} == reads


WHOLE = [
    Target.to_dict,
    dataclasses.asdict,
    lambda target: dataclasses.replace(target, name="other").to_dict(),
    lambda target: sorted(target.engines(), key=lambda pair: pair[0])[0][1].output_bank,
    lambda target: target.bank("CONVW").bytes,
    lambda target: (isinstance(target, Target), target.__class__, isinstance(target.alu, Target)),
    lambda target: {target: 1}[target],
]


@pytest.mark.parametrize("function", WHOLE)
@pytest.mark.parametrize("target", TARGETS, ids=lambda t: "{}-{}".format(t.name, t.fingerprint))
def test_a_view_is_the_target_to_whoever_reads_it(target, function):
    assert repr(function(recorded(target, {}))) == repr(function(target))


def test_what_no_target_has_is_said_as_of_a_target():
    for target in (B4096, recorded(B4096, {})):
        with pytest.raises(AttributeError, match="^'Target' object has no attribute 'dsp'"):
            target.dsp  # noqa: B018


def test_there_is_nothing_where_an_engine_is_missing():
    assert at(V3E, ("alu", type)) is type(None)
    assert at(V3E, ("alu", "limit", "stride")) is None
    assert at(V3E, ("banks", 99, type)) is type(None)


def test_a_function_is_called_once_for_targets_that_are_the_same_to_it():
    memory, asked = Memory(), []

    def width(target):
        asked.append(target.name)
        return target.conv.input_channel_parallel if target.alu is not None else 0

    def plain(target):
        return Recall()(("width",), target, width)

    expected = [plain(target) for target in TARGETS]
    asked.clear()
    assert [memory(("width",), target, width) for target in TARGETS] == expected
    # Each name is another figure, which each call reads.
    assert len(asked) == len({target.name for target in TARGETS})
    asked.clear()

    def parallel(target):
        asked.append(1)
        return target.conv.input_channel_parallel if target.alu is not None else 0

    assert [memory(("parallel",), target, parallel) for target in TARGETS] == expected
    assert len(asked) == len(set(expected)) < len(TARGETS) / 3


def test_other_keys_are_other_functions():
    memory = Memory()
    assert memory("a", B4096, lambda target: target.batch) == 1
    assert memory("b", B4096, lambda target: "b") == "b"
    assert memory("a", B512, lambda target: "not called") == 1


def test_equal_values_become_one():
    memory, first = Memory(), {"a": (1,)}
    assert memory.same(first) is first
    assert memory.same({"a": (1,)}) is first
    assert memory.same({"a": (2,)}) == {"a": (2,)}
    assert memory.same(((("a", 1)),)) == ((("a", 1)),)
    other = {"b": 1}
    assert Recall().same(other) is other
