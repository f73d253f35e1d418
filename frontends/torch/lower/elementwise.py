"""Element-wise functions of one or two tensors."""

from __future__ import annotations

from typing import Any, Callable, Dict

from vai_inspect.frontends.torch.lower.call import Call

Lowering = Callable[[Call], None]


def _binary(kind: str, reversed_: bool = False) -> Lowering:
    def lowering(call: Call) -> None:
        given = call.given("input", "other", alpha=1, rounding_mode=None, out=None)
        if given.rounding_mode is not None:
            call.unknown(
                f"{call.step.operation}(rounding_mode={given.rounding_mode!r})",
                transparent=True,
            )
            return
        first, second = call.value(given.input, "const"), call.value(given.other, "const")
        if reversed_:
            first, second = second, first
        if given.alpha != 1:
            factor = call.value(given.alpha, "alpha")
            shape = call.shape_of(second)
            second = call.emit("mul", None, [second, factor], shape, suffix="mul")
        call.emit(kind, inputs=[first, second])

    return lowering


def unary(kind: str) -> Lowering:
    """A function of each element, without settings."""

    def lowering(call: Call) -> None:
        call.emit(kind)

    return lowering


def _square(call: Call) -> None:
    value = call.value(call.x)
    call.emit("mul", inputs=[value, value])


FUNCTIONS: Dict[str, Any] = {
    **dict.fromkeys(("add", "radd"), _binary("add")),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv"), _binary("div")),
    **dict.fromkeys(("mul", "multiply", "rmul"), _binary("mul")),
    **dict.fromkeys(("sub", "subtract"), _binary("sub")),
    **dict.fromkeys(("rsub",), _binary("sub", reversed_=True)),
    **dict.fromkeys(("rtruediv", "rdiv"), _binary("div", reversed_=True)),
    "exp": unary("exp"),
    "maximum": _binary("max"),
    "minimum": _binary("min"),
    **dict.fromkeys(("neg", "negative"), unary("neg")),
    "square": _square,
}
