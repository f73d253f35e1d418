from __future__ import annotations

import pytest

from vai_inspect.core.message import (
    distinguishing,
    filled,
    mismatch,
    placeholders,
    render,
    without_names,
)

SENTENCES = [
    ("no placeholder", {}, "no placeholder"),
    ("{size} x {size}", {"size": 3}, "3 x 3"),
    ("the slope is {found}", {"found": 0.10000000001}, "the slope is 0.1"),
    ("scale {scale}", {"scale": (2, 0.5)}, "scale [2, 0.5]"),
    ("axes {axes}", {"axes": ()}, "axes []"),
    ("it pads with {found}", {"found": "EDGE"}, "it pads with EDGE"),
    (
        "it fuses {fused:kind}",
        {"fused": ("relu", "relu6", "prelu")},
        "it fuses relu, relu6 and prelu",
    ),
    ("it fuses {fused:kind}", {"fused": "relu"}, "it fuses relu"),
    ("{axes:are} {found}", {"axes": ("pad_left",), "found": 3}, "pad_left is 3"),
    ("{axes:are} 3", {"axes": ("pad_left", "pad_top")}, "pad_left and pad_top are 3"),
    ("read by {readers:op}", {"readers": "a layer"}, "read by a layer"),
    ("read by {readers:op}", {"readers": ("a", "b", "c", "d")}, "read by a, b, c and d"),
    ("read by {readers:op}", {"readers": tuple("abcdef")}, "read by a, b, c and 3 more"),
    ("read by {reader:op}", {"reader": "{size} {reader:op}"}, "read by {size} {reader:op}"),
]


@pytest.mark.parametrize(("template", "arguments", "sentence"), SENTENCES)
def test_a_template_is_rendered_with_its_arguments(template, arguments, sentence):
    assert mismatch(template, arguments) is None
    assert render(template, arguments) == sentence


WRONG = [
    ("{size}", {}, "the placeholder {size} has no argument"),
    ("{size}", {"size": 1, "other": 2}, "the argument other has no placeholder"),
    (
        "{size:number}",
        {"size": 1},
        "the placeholder {size:number} is of no type; valid are op, kind, are",
    ),
    ("{size}", {"size": None}, "the argument size is None"),
    ("{size}", {"size": True}, "the argument size is True"),
    ("{size}", {"size": [1]}, "the argument size is [1]"),
    ("{size}", {"size": (1, "a")}, "the argument size is (1, 'a')"),
    ("{reader:op}", {"reader": 1}, "the argument reader is 1"),
    ("{kind:kind}", {"kind": ("relu", 6)}, "the argument kind is ('relu', 6)"),
]


@pytest.mark.parametrize(("template", "arguments", "problem"), WRONG)
def test_what_is_wrong_with_arguments_is_named(template, arguments, problem):
    assert mismatch(template, arguments) == problem


def test_a_template_takes_figures_that_are_not_its_arguments_in_its_own_order():
    figures = {"found": 3, "limit": "1-2", "nearest": 2}
    taken = filled("{found} of {kind:kind}, at most {nearest}", {"kind": "relu"}, figures)
    assert list(taken.items()) == [("found", 3), ("kind", "relu"), ("nearest", 2)]


def test_an_argument_without_a_placeholder_is_not_lost():
    assert filled("{found}", {"spare": 1}, {"found": 2}) == {"found": 2, "spare": 1}


def test_placeholders_stand_once_each_with_their_types():
    assert placeholders("{a:op} {b} {a:op} {c:kind}") == (("a", "op"), ("b", ""), ("c", "kind"))


def test_kinds_texts_and_counts_of_numbers_tell_sentences_apart_and_nothing_else():
    template = "{producer:op} {kind:kind} {axes:are} {size} {sizes} {mode} {limit} {nearest}"
    first = {
        "producer": "a",
        "kind": "relu",
        "axes": ("w",),
        "size": 1,
        "sizes": (1, 2),
        "mode": "EDGE",
        "limit": "1-2",
        "nearest": "NHWC",
    }
    alike = {"producer": "b c", "axes": ("w", "h"), "size": 2.5, "sizes": (3, 4), "limit": "7"}
    for name, value in alike.items():
        assert distinguishing(template, {**first, name: value}) == distinguishing(template, first)
    apart = {"kind": "relu6", "sizes": (1, 2, 3), "mode": "REFLECT"}
    for name, value in apart.items():
        assert distinguishing(template, {**first, name: value}) != distinguishing(template, first)


def test_without_the_names_of_operators_all_else_is_left():
    template = "{producer:op} ({kind:kind}) gives {size}"
    one = {"producer": "a", "kind": "relu", "size": 1}
    assert without_names(template, one) == without_names(template, {**one, "producer": "b"})
    assert without_names(template, one) != without_names(template, {**one, "size": 2})
