"""Operators without XIR equivalent, which the vendor's inspectors leave to the CPU."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, Optional, Tuple

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import Op, Origin
from vai_inspect.core.ir.attrs import UnknownAttrs
from vai_inspect.rules.engine.constraint import constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example
from vai_inspect.rules.shared.cpu_only import BATCH_NORM
from vai_inspect.rules.shared.eltwise import multiplies
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, graph, op
from vai_inspect.rules.shared.fusion import fuses

Suggest = Callable[[Site], str]


def _of_torch(text: str, name: str) -> Example:
    before = conv_op((1, 32, 32, 16), name="conv")
    last = op("unknown", ["conv"], before.output.shape, UnknownAttrs(name))
    return Example(
        text, graph(data((1, 32, 32, 16)), before, last.replaced(origin=Origin("torch")))
    )


def _on_the_host(site: Site) -> str:
    return "compute it on the host, before or after the network"


def _batch_norm(site: Site) -> str:
    return BATCH_NORM


def _product(site: Site) -> str:
    return "write a square as x * x" if multiplies(site.target) else _on_the_host(site)


def _clamps(site: Site) -> str:
    six = " and ReLU6 for one to 0 and 6" if fuses("conv2d", "relu6")(site.target) else ""
    return "use ReLU for a clamp at 0{}, right behind a convolution".format(six)


_REFUSED: Dict[str, Tuple[str, Suggest]] = {
    **dict.fromkeys(("layernorm", "layernormalization"), ("layer normalisation", _batch_norm)),
    **dict.fromkeys(("pow", "power"), ("a power", _product)),
    **dict.fromkeys(
        ("clamp", "clampmin", "clampmax", "clip", "hardtanh"), ("a clamp of the values", _clamps)
    ),
    "sqrt": ("a square root", _on_the_host),
    "embedding": ("an embedding", _on_the_host),
}
"""What it is, and what to write in its place, by the framework's name without case and `_`."""


def _known(node: Op) -> Optional[Tuple[str, Suggest]]:
    name = str(node.attributes()["framework_type"])
    return _REFUSED.get(name.split("(")[0].replace("_", "").lower())


def refused(node: Op) -> bool:
    """Tells whether the inspectors are known to leave an `unknown` operator to the CPU.

    Whatever the PyTorch parser has no XIR operator for; of another framework those that are known.
    """
    attrs = node.attrs
    torch = node.origin.framework == "torch"
    return _known(node) is not None or (
        torch and isinstance(attrs, UnknownAttrs) and not attrs.opaque
    )


@constraint(
    "op.foreign",
    kinds=("unknown",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x PyTorch inspectors: cannot be converted to XIR; executed quantisers",
    passes=(),
    fails=(
        after_conv("layer normalisation", "unknown", UnknownAttrs("LayerNorm")),
        after_conv("a power", "unknown", UnknownAttrs("pow")),
        after_conv("a clamp", "unknown", UnknownAttrs("clamp")),
        _of_torch("a recurrent layer of PyTorch", "LSTM"),
    ),
    always=True,
)
def foreign(site: Site) -> Iterator[Problem]:
    """Operators without XIR equivalent are on the CPU: whatever the PyTorch parser has none for
    (LSTM, log_softmax, einsum, ...), and of any framework layer normalisations, powers, square
    roots, clamps and embeddings.

    Of other operators of Keras without XIR equivalent it is unknown (op.unknown), unless the
    quantiser leaves them in float (op.float).
    """
    name, known = site.attrs.framework_type, _known(site.op)
    if refused(site.original):
        what, suggest = known or ("", _on_the_host)
        yield Problem(
            f"{name}{', ' + what + ',' if what else ''} has no XIR operator; the inspectors leave "
            "it to the CPU",
            found=name,
            suggestion=suggest(site),
        )


CONSTRAINTS = (foreign,)
