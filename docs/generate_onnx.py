"""Writes docs/onnx.md: what of ONNX is read, from the tables of the frontend."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Sequence

from vai_inspect.frontends.onnx.assembly import MOST_NODES
from vai_inspect.frontends.onnx.bodies import DEEPEST
from vai_inspect.frontends.onnx.capture import OLDEST_OPSET
from vai_inspect.frontends.onnx.constants.evaluate import EVALUATIONS
from vai_inspect.frontends.onnx.file.numbers import MOST_NUMBERS
from vai_inspect.frontends.onnx.lower import dispatch, quantised
from vai_inspect.frontends.onnx.recompose import OF_PRODUCER, PASSES, TF2ONNX, others
from vai_inspect.frontends.onnx.recompose.match import Pattern
from vai_inspect.frontends.onnx.rewrite import PROGRAMS

PAGE = Path(__file__).with_name("onnx.md")
TEXT = """# ONNX

Written by `docs/generate.sh` from the tables of `frontends/onnx`.

A file is read by its bytes: nothing is imported or run, weights and external data are not read. An
`onnx.ModelProto` goes the same way. Opset {opset} and newer; shapes are computed from those of the
inputs, for which `--input-shape` fills what the file leaves open. Functions of the file are read as
their nodes, {deep} deep at most and {most:,} nodes in all; an `If` whose condition is constant is
read as its branch.

Names are the nodes'. torch.onnx leaves the path of the module in the file, and the newer exporter
the lines of the user's code: both are in the report.

There is no published path from an ONNX file to the compiler of the Zynq and Versal DPUs: vai_q_onnx
quantises for onnxruntime. Operators are evaluated as they are in the file, without conversions, and
the report says so.

`vai-inspect fix model.onnx -t T --output fixed.onnx` does the [plan's exact rewrites](fix.md#onnx)
on the graph; it alone needs the package `onnx`, and reads the weights.

## Operators

Each row is a file of `frontends/onnx/lower`. Those marked with * are also computed where they
depend on no input and have {numbers:,} elements at most.

{operators}

An operator of another domain is `unknown`, with the shape that the file gives. Operators whose
sizes only running the model tells (NonZero, NonMaxSuppression) and what follows them run on the
CPU: the first of them is an `unknown` operator with outputs of one element, those after it are left
out, with a warning. So are those after a broken node (weights or attributes that do not fit) or
after one whose sizes the file does not declare; a node whose weights are an input is `unknown`.

## Rewritten by `fix`

What `frontends/onnx/rewrite` does on the graph; every other rewrite of a plan is done by hand, in
the module that the file was exported from.

{programs}

## Recomposed

Operators that exporters decompose:

{patterns}

In files of tf2onnx, which Keras' own export uses, if they are within one layer:

{layers}

## Where a report differs from that of the module

`benchmarks/onnx_exports.py` and `benchmarks/keras_onnx_exports.py` compare the two for some ninety
networks of torchvision, timm and Keras. What the Keras and PyTorch quantisers convert or leave in
float is not in the report of a file; apart from that they differ in:

{differences}
"""
DIFFERENCES = (
    ("unbind and the like", "slices"),
    ("`flatten`, `view`, `reshape`", "a `flatten` if two axes are left, else a `reshape`"),
    ("nn.MultiheadAttention", "its products, sums and slices"),
    ("addcmul, roll", "products and sums; slices and a concatenation"),
    ("a concatenation of a concatenation (older exporter, tf2onnx)", "one concatenation"),
    ("a sum with 0, a product with 1", "nothing"),
    (
        "a batch norm after a Linear, a reshape of a reshape (newer exporter)",
        "nothing; one reshape",
    ),
    ("zero padding before a convolution (newer exporter)", "a pad of it, however large"),
    ("Keras: LayerNormalization before a Permute", "its parts, among transposes"),
    ("equal layers of one input (as in Keras' NASNet)", "one operator"),
    ("Keras: Conv1D, MaxPooling1D", "a convolution, a pool of two dimensions between reshapes"),
    ("Keras: MultiHeadAttention, GroupNormalization, UnitNormalization", "products, sums, moves"),
    ("Keras: grouped convolution, exact GELU", "TensorFlow's operators: such a file cannot run"),
    ("Keras: x * relu6(x + 3) / 6 written by hand", "x * (relu6(x + 3) * (1 / 6))"),
    ("a slice of everything (newer exporter)", "nothing"),
)
"""What exporters write otherwise, so that the file does not tell."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table of Markdown."""
    written = ["| {} |".format(" | ".join(row)) for row in (head, *rows)]
    return "\n".join([written[0], "|" + "---|" * len(head), *written[1:]])


def listed(patterns: Iterable[Pattern]) -> str:
    """Returns the first sentence of each docstring as a list."""
    texts = dict.fromkeys(sentence(pattern.match) for pattern in patterns)
    return "\n".join("- " + text for text in texts)


def sentence(function: Callable[..., object]) -> str:
    """Returns the first sentence of a docstring."""
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")


def markdown() -> str:
    """Returns the page."""
    groups: Dict[str, List[str]] = {
        table.__name__.split(".")[-1]: [
            name + "*" * (name in EVALUATIONS) for name in sorted(table.LOWERINGS)
        ]
        for table in dispatch.TABLES
    }
    only = sorted(set(EVALUATIONS) - set(dispatch.LOWERINGS))
    groups["constants alone"] = [name + "*" for name in only]
    groups["of vai_q_onnx, Quark and onnxruntime"] = sorted(quantised.VENDOR)
    groups["of com.microsoft"] = sorted([*quantised.MICROSOFT, "Gelu"])
    patterns = [pattern for one in PASSES for pattern in one] + [others.slices]
    layers = [pattern for one in OF_PRODUCER[TF2ONNX] for pattern in one]
    return TEXT.format(
        opset=OLDEST_OPSET,
        deep=DEEPEST,
        most=MOST_NODES,
        numbers=MOST_NUMBERS,
        operators=table(
            ("group", "operators"), [(name, ", ".join(those)) for name, those in groups.items()]
        ),
        programs=table(
            ("rewrite", "on the graph"),
            [(name, sentence(program)) for name, program in PROGRAMS.items()],
        ),
        patterns=listed(patterns),
        layers=listed(layers),
        differences=table(("in the module", "in the file"), DIFFERENCES),
    )


def main() -> int:
    """Writes the page; with --check it only compares."""
    if "--check" not in sys.argv:
        PAGE.write_text(markdown())
    elif PAGE.read_text() != markdown():
        print("docs/onnx.md is stale: run sh docs/generate.sh and commit it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
