"""Normalisations: batch norms folded wrongly or rejected, layer norms without weights."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import exact
from vai_inspect.rules.quantizers.obstacle import (
    EXECUTED,
    Hit,
    changes,
    fails,
    in_all,
    obstacle,
    since_3,
    warns,
)
from vai_inspect.rules.quantizers.scene import Scene, call_of, described
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

STATISTICS = ("moving_mean", "moving_var")
AFFINE = ("gamma", "beta", *STATISTICS)
BATCH_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
FOLDED_INTO = frozenset(
    ("conv2d", "depthwise-conv2d", "conv3d", "depthwise-conv3d", "transposed-conv2d")
    + ("transposed-depthwise-conv2d", "transposed-conv3d", "transposed-depthwise-conv3d")
)


def _norm(sketch: Sketch) -> str:
    return sketch.layer("BatchNorm2d", "batchnorm", params=AFFINE)


def _read_twice(sketch: Sketch) -> None:
    conv = sketch.conv()
    sketch.call("add", "add", [_norm(sketch), conv])


@obstacle(
    "torch.normalization.shared_convolution",
    effects=in_all(
        changes(
            "quantise",
            "the batch norm is folded into the convolution, so the other readers get the "
            "normalised value too",
        )
    ),
    remedy=exact(
        "give the batch norm its own convolution: a copy with the same weights",
        "batch-norm-own-reader",
    ),
    source=EXECUTED + "; 24 % of the range wrong",
    passes=(
        example("conv, then batch norm", (lambda s: s.conv(), _norm)),
        example(
            "a ReLU read by its batch norm and by another",
            (lambda s: s.conv(), lambda s: s.layer("ReLU", "relu"), lambda s: _twice_after(s)),
        ),
    ),
    fails=(example("y = conv(x); bn(y) + y", _read_twice),),
)
def shared_convolution(scene: Scene) -> Iterator[Hit]:
    """A convolution has other readers than its batch norm."""
    for op in scene.graph:
        if op.kind not in FOLDED_INTO:
            continue
        readers = scene.readers(op)
        norms = [one for one in readers if one.kind == "batchnorm"]
        if norms and len(readers) > len(norms):
            found = "a convolution has other readers than its batch norm"
            yield Hit((op.name, norms[0].name), found)


def _twice_after(sketch: Sketch) -> None:
    before = sketch.x
    sketch.call("add", "add", [_norm(sketch), before])


@obstacle(
    "torch.normalization.without_affine",
    effects=since_3(
        changes(
            "quantise",
            "your module is replaced by a new one in training mode, whose statistics drift with "
            "each forward",
            "BATCHNORM_AFFINE",
        ),
        fails("quantise", "it stops with an AttributeError", "AttributeError"),
    ),
    remedy=exact(
        "use affine=True with weight 1 and bias 0, which computes the same", "affine-norm"
    ),
    source=EXECUTED + "; 12 % of the range wrong",
    passes=(example("affine=True", (lambda s: s.conv(), _norm)),),
    fails=(
        example("affine=False", lambda s: s.layer("BatchNorm2d", "batchnorm", params=STATISTICS)),
    ),
)
def without_affine(scene: Scene) -> Iterator[Hit]:
    """A batch norm with affine=False."""
    for op in scene.calls(*BATCH_NORMS):
        if op.kind == "batchnorm" and op.param("gamma") is None:
            yield Hit((op.name,), "a batch norm with affine=False")


@obstacle(
    "torch.normalization.without_statistics",
    effects=in_all(fails("quantise", "it stops with an AttributeError", "AttributeError")),
    remedy="train with track_running_stats=True",
    source=EXECUTED,
    passes=(example("with running statistics", (lambda s: s.conv(), _norm)),),
    fails=(example("track_running_stats=False", lambda s: s.layer("BatchNorm2d", "unknown")),),
)
def without_statistics(scene: Scene) -> Iterator[Hit]:
    """A batch norm with track_running_stats=False."""
    for op in scene.calls(*BATCH_NORMS):
        if op.kind == "unknown":
            yield Hit((op.name,), "a batch norm without running statistics")


_STOPS = fails("quantise", "it stops with an AttributeError", "AttributeError")


def _layer_norm(*params: str) -> Draw:
    return lambda s: s.layer("LayerNorm", "unknown", params=params)


@obstacle(
    "torch.normalization.layer_norm_without_weights",
    effects={
        "2.5": _STOPS,
        "3.0": _STOPS,
        "3.5": warns("quantise", "it becomes a custom operator", "LAYERNORM_AFFINE"),
    },
    remedy=exact("use nn.LayerNorm with elementwise_affine=True", "affine-norm"),
    source=EXECUTED,
    passes=(example("nn.LayerNorm(C)", _layer_norm("weight", "bias")),),
    fails=(
        example("elementwise_affine=False", _layer_norm()),
        example("F.layer_norm(x, (C,))", lambda s: s.call("layer_norm", weight="None")),
    ),
)
def layer_norm_without_weights(scene: Scene) -> Iterator[Hit]:
    """A layer norm without weights; release 3.5 also fails at the functional form."""
    for op in scene.calls("LayerNorm"):
        if not op.params:
            yield Hit((op.name,), "nn.LayerNorm with elementwise_affine=False")
    for op in scene.calls("layer_norm"):
        if call_of(op).argument("weight") == "None":
            found = f"{described(op)} has no weight"
            yield Hit((op.name,), found, effects=in_all(_STOPS))


RULES = (shared_convolution, without_affine, without_statistics, layer_norm_without_weights)
