"""Quantisation-aware training, which requires modules; post-training quantisation does not."""

from __future__ import annotations

from typing import Dict, Iterator, List

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.effects import fails, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_name, call_of, calls, described
from vai_inspect.rules.quantizers.sketch import Sketch, example

_SOURCE = "the vendor's open quantiser of 3.5, executed on small models; 3.0 has the same table"
_NOT_A_MODULE = since_3(fails("qat", "quantisation-aware training fails at it", "NOT_A_MODULE"))
_FUNCTIONAL = "pytorch_nndct.nn.modules.functional.{}()"
MODULES: Dict[str, str] = {
    "relu": "nn.ReLU()",
    "relu6": "nn.ReLU6()",
    **{
        name: _FUNCTIONAL.format(name.capitalize())
        for name in ("add", "cat", "max", "sum", "pad", "clamp", "mul")
    },
    "interpolate": "nn.Upsample",
    "max_pool2d": "nn.MaxPool2d",
    "mean": "nn.AdaptiveAvgPool2d(1)",
    "conv2d": "nn.Conv2d",
}
"""Functions that it rejects, with the module to use."""


@obstacle(
    "torch.training.function",
    effects=_NOT_A_MODULE,
    source=_SOURCE,
    passes=(
        example("nn.ReLU", lambda s: s.layer("ReLU", "relu")),
        example("flatten", lambda s: s.call("flatten", "flatten")),
    ),
    fails=(
        example("a + b", lambda s: s.call("add", "add", [s.conv(), s.conv("input")])),
        example("F.relu", lambda s: s.call("relu", "relu")),
        example("F.interpolate", lambda s: s.call("interpolate", "resize")),
    ),
)
@each(calls(*MODULES))
def function(scene: Scene, op: Op) -> Found:
    """A function or operator for which quantisation-aware training requires a module."""
    name = described(op)
    if not call_of(op).is_layer:
        return Hit(
            (op.name,),
            f"{name} is a function",
            exact("use {module}", module=MODULES[name]),
        )
    return None


def _twice(sketch: Sketch) -> None:
    sketch.layer("ReLU", "relu", layer="act")
    sketch.layer("ReLU", "relu", layer="act")


@obstacle(
    "torch.training.reused_module",
    effects=since_3(fails("qat", "quantisation-aware training fails at it", "REUSED_MODULE")),
    remedy="give each call its own module, or pass allow_reused_module=True",
    source=_SOURCE,
    passes=(example("one ReLU, one call", lambda s: s.layer("ReLU", "relu", layer="act")),),
    fails=(example("one ReLU, two calls", _twice),),
)
def reused_module(scene: Scene) -> Iterator[Hit]:
    """A module other than Dropout and Identity is called twice."""
    called: Dict[str, List[str]] = {}
    for op in scene.ops(calls()):
        if call_of(op).is_layer and op.kind != "identity":
            names = called.setdefault(op.layer, [])
            if call_name(op) not in names:
                names.append(call_name(op))
    for layer, names in called.items():
        if len(names) > 1:
            yield Hit(tuple(names), f"{layer} is called {len(names)} times")


@obstacle(
    "torch.training.synchronised_batch_norm",
    effects=_NOT_A_MODULE,
    remedy="use nn.BatchNorm2d itself, not a subclass",
    source=_SOURCE,
    passes=(example("nn.BatchNorm2d", lambda s: s.layer("BatchNorm2d", "batchnorm")),),
    fails=(example("nn.SyncBatchNorm", lambda s: s.layer("SyncBatchNorm", "batchnorm")),),
)
@each(calls("SyncBatchNorm"))
def synchronised_batch_norm(scene: Scene, op: Op) -> Found:
    """A batch norm of a class other than BatchNorm2d and BatchNorm3d."""
    return f"the batch norm is a {described(op)}"


def _wrapped(sketch: Sketch) -> None:
    sketch.conv()
    sketch.form = ModelForm("Module", "DataParallel")


@obstacle(
    "torch.training.data_parallel",
    effects=since_3(fails("qat", "quantisation-aware training fails", "DATA_PARALLEL_NOT_ALLOWED")),
    remedy="pass model.module",
    source=_SOURCE,
    passes=(example("the module", lambda s: s.conv()),),
    fails=(example("DataParallel", _wrapped),),
)
def data_parallel(scene: Scene) -> Iterator[Hit]:
    """The model is wrapped in DataParallel."""
    if scene.form.wrapper == "DataParallel":
        yield Hit((), "the model is wrapped in DataParallel")


RULES = (function, reused_module, synchronised_batch_norm, data_parallel)
