"""A network written in Keras and in PyTorch with the same names is the same network here."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")

from tests.frontends.torch.pairs import PAIRS
from vai_inspect.core.passes import normalise
from vai_inspect.keras import Inspector as KerasInspector
from vai_inspect.reports import dot, text
from vai_inspect.torch import Inspector as TorchInspector

B4096 = "DPUCZDX8G_ISA1_B4096"
INSERTED = re.compile("the vendor's quantiser inserts this permute for deployment, from .* to .*")


@pytest.fixture(scope="module", params=sorted(PAIRS))
def pair(request):
    """What was captured of the network in Keras and in PyTorch."""
    in_keras, in_torch, shapes = PAIRS[request.param]
    # Judged as written: what each vendor's quantiser replaces differs by framework.
    return (
        KerasInspector(B4096, convert=False).capture(in_keras()),
        TorchInspector(B4096).capture(in_torch(), shapes),
    )


def described(captured):
    graph = normalise(captured.graph, captured.batch_norm_into)
    return [
        (
            op.name,
            op.kind,
            op.inputs,
            op.attributes(),
            op.outputs,
            op.params,
            [note for note in op.messages if not INSERTED.fullmatch(note)],
        )
        for op in graph
    ]


def test_the_ir_is_the_same(pair):
    in_keras, in_torch = pair
    assert described(in_torch) == described(in_keras)


def test_verdicts_text_and_graph_are_the_same(pair):
    from vai_inspect.inspector import inspect_captured
    from vai_inspect.rules.lookup import lookup

    found = [inspect_captured(one, lookup(B4096)) for one in pair]
    assert _bare(text.render(found[1])) == _bare(text.render(found[0]))
    assert dot.render(found[1]) == dot.render(found[0])


def _bare(report):
    """The report without source ranges, and without the note on the permutes PyTorch needs."""
    report = re.sub(r"source range:\n(    .*\n)*", "", report)
    report = re.sub("    " + INSERTED.pattern + "\n", "", report)
    return report.replace("node messages:\n-", "-")
