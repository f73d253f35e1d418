"""Parts of the forward that torch runs in a function of its own."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional

from vai_inspect.core.findings import exact
from vai_inspect.rules.quantizers.effects import fails, in_all, since_3
from vai_inspect.rules.quantizers.hits import Hit
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls
from vai_inspect.rules.quantizers.sketch import Draw, example


def _product(function: Optional[str] = None, checkpoint: Optional[str] = None) -> Draw:
    within = {"function": function, "checkpoint": checkpoint}
    given: Any = {name: value for name, value in within.items() if value is not None}
    return lambda s: s.call("mul", "mul", [s.conv(), s.conv("input")], **given)


@obstacle(
    "torch.functions.autograd",
    effects=since_3(
        fails("quantise", "it stops at the name of the class", "UNSUPPORTED_OPS"),
        fails("quantise", "it stops with a RuntimeError", "RuntimeError"),
    ),
    remedy=exact(
        "write plain torch operators in the forward, which computes the same, or register a custom "
        "operator (register_custom_op)"
    ),
    source=EXECUTED + "; Vitis-Tutorials issue 42",
    passes=(example("x * y", _product()),),
    fails=(example("MemoryEfficientSwish.apply", _product(function="MemoryEfficientSwish")),),
)
def autograd(scene: Scene) -> Iterator[Hit]:
    """A class of your own that extends torch.autograd.Function.

    Memory-efficient activations are often written so.
    """
    for name, ops in _within(scene, "function").items():
        yield Hit(tuple(ops), f"{name} is an autograd.Function")


@obstacle(
    "torch.functions.checkpoint",
    effects=in_all(
        fails("quantise", "it stops with a RuntimeError: type of value unknown", "RuntimeError")
    ),
    remedy=exact("call the block directly"),
    source=EXECUTED,
    passes=(example("block(x)", _product()),),
    fails=(example("checkpoint(block, x)", _product(checkpoint="True")),),
)
def checkpoint(scene: Scene) -> Iterator[Hit]:
    """A part of the forward is called by torch.utils.checkpoint."""
    for ops in _within(scene, "checkpoint").values():
        yield Hit(tuple(ops), "a part of the forward is called by torch.utils.checkpoint")


def _within(scene: Scene, argument: str) -> Dict[str, List[str]]:
    """Returns the operators that have an argument, by its value."""
    found: Dict[str, List[str]] = {}
    for op in scene.ops(calls()):
        name = call_of(op).argument(argument)
        if name is not None:
            found.setdefault(name, []).append(op.name)
    return found


RULES = (autograd, checkpoint)
