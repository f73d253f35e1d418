"""Operators that XIR has no word for, and that the vendor's inspectors leave to the CPU."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, Optional, Tuple

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import UnknownAttrs
from vai_inspect.rules.common.cpu import BATCH_NORM
from vai_inspect.rules.common.eltwise import multiplies
from vai_inspect.rules.common.examples import after_conv
from vai_inspect.rules.common.fusing import fuses
from vai_inspect.rules.constraint import constraint
from vai_inspect.rules.site import Problem, Site

Suggest = Callable[[Site], str]


def _on_the_host(site: Site) -> str:
    return "compute it on the host, before or behind the network"


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


def _known(op: Op) -> Optional[Tuple[str, Suggest]]:
    name = str(op.attributes()["framework_type"])
    return _REFUSED.get(name.split("(")[0].replace("_", "").lower())


def refused(op: Op) -> bool:
    """Tells of an `unknown` operator whether the inspectors are known to leave it to the CPU."""
    return _known(op) is not None


@constraint(
    "op.foreign",
    kinds=("unknown",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x PyTorch inspectors: cannot be converted to XIR",
    passes=(),
    fails=(
        after_conv("layer normalisation", "unknown", UnknownAttrs("LayerNorm")),
        after_conv("a power", "unknown", UnknownAttrs("pow")),
        after_conv("a clamp", "unknown", UnknownAttrs("clamp")),
    ),
    always=True,
)
def foreign(site: Site) -> Iterator[Problem]:
    """Layer normalisations, powers, square roots, clamps and embeddings are on the CPU: the
    compiler's vocabulary (XIR) has no word for them.

    Of others that it has no word for it is unknown (op.unknown).
    """
    name, known = site.attrs.framework_type, _known(site.op)
    if known is not None:
        what, suggest = known
        yield Problem(
            "{} is {}, for which the compiler's vocabulary (XIR) has no word; the inspectors leave "
            "it to the CPU".format(name, what),
            found=name,
            suggestion=suggest(site),
        )


CONSTRAINTS = (foreign,)
