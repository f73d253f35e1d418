"""Normalisations: batch norms folded wrongly or rejected, layer norms without weights."""

from __future__ import annotations

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, since_3, warns
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls, described, kinds
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
    source=EXECUTED + "; 24% of the range wrong",
    passes=(
        example("conv, then batch norm", (lambda s: s.conv(), _norm)),
        example(
            "a ReLU read by its batch norm and by another",
            (lambda s: s.conv(), lambda s: s.layer("ReLU", "relu"), lambda s: _twice_after(s)),
        ),
    ),
    fails=(example("y = conv(x); bn(y) + y", _read_twice),),
)
@each(kinds(*FOLDED_INTO))
def shared_convolution(scene: Scene, op: Op) -> Found:
    """A convolution has other readers than its batch norm."""
    readers = scene.readers(op)
    norms = [one.name for one in readers if one.kind == "batchnorm"]
    if not norms or len(readers) == len(norms):
        return None
    return Hit((op.name, norms[0]), "a convolution has other readers than its batch norm")


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
    source=EXECUTED + "; 12% of the range wrong",
    passes=(example("affine=True", (lambda s: s.conv(), _norm)),),
    fails=(
        example("affine=False", lambda s: s.layer("BatchNorm2d", "batchnorm", params=STATISTICS)),
    ),
)
@each(calls(*BATCH_NORMS))
def without_affine(scene: Scene, op: Op) -> Found:
    """A batch norm with affine=False."""
    if op.kind == "batchnorm" and op.param("gamma") is None:
        return "a batch norm with affine=False"
    return None


@obstacle(
    "torch.normalization.without_statistics",
    effects=in_all(fails("quantise", "it stops with an AttributeError", "AttributeError")),
    remedy="train with track_running_stats=True",
    source=EXECUTED,
    passes=(example("with running statistics", (lambda s: s.conv(), _norm)),),
    fails=(example("track_running_stats=False", lambda s: s.layer("BatchNorm2d", "unknown")),),
)
@each(calls(*BATCH_NORMS))
def without_statistics(scene: Scene, op: Op) -> Found:
    """A batch norm with track_running_stats=False."""
    return "a batch norm without running statistics" if op.kind == "unknown" else None


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
@each(calls("LayerNorm", "layer_norm"))
def layer_norm_without_weights(scene: Scene, op: Op) -> Found:
    """A layer norm without weights; release 3.5 also fails at the functional form."""
    if described(op) == "LayerNorm":
        return None if op.params else "nn.LayerNorm with elementwise_affine=False"
    if call_of(op).argument("weight") == "None":
        return Hit((op.name,), f"{described(op)} has no weight", effects=in_all(_STOPS))
    return None


RULES = (shared_convolution, without_affine, without_statistics, layer_norm_without_weights)
