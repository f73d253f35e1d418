"""Bare TensorFlow operations in a Keras 2 model, read as Keras 3's operations of the same meaning.

Keras 2 wraps them in TFOpLambda, SlicingOpLambda and, from older files, TensorFlowOpLayer.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from vai_inspect.core.ir import Param
from vai_inspect.frontends.keras.lower.layer import MISSING, Layer
from vai_inspect.frontends.keras.lower.tf_signatures import (
    KEEPS_BATCH,
    NODE_SYMBOLS,
    SIGNATURES,
    Signature,
)

Read = Tuple["TfOperation", Tuple[Any, ...], Dict[str, Any]]


class TfOperation(Layer):
    """A bare operation: TensorFlow's name, and the class of Keras 3's that it is read as."""

    def __init__(self, symbol: str, keras_class: Optional[str], settings: Dict[str, Any]) -> None:
        self.class_name = "tf." + symbol
        self.keras_class = keras_class
        self.is_layer = False
        self.variable_dtype = self.compute_dtype = ""
        self._settings = settings

    def weights(self) -> List[Param]:
        """It has none."""
        return []

    def _setting(self, name: str) -> Any:
        return self._settings.get(name, MISSING)


def symbol_of(layer: Any) -> str:
    """Returns TensorFlow's name of the function that a layer wraps, such as `math.add`."""
    if type(layer).__name__ == "TensorFlowOpLayer":
        return NODE_SYMBOLS.get(str(layer.node_def.op), "raw_ops." + str(layer.node_def.op))
    function = getattr(layer, "function", None)
    name = getattr(layer, "symbol", None)
    if not name:
        # Keras 2.4 to 2.15 name such a layer after the function.
        name = str(layer.name)
        name = name[3:] if name.startswith("tf.") else getattr(function, "__name__", name)
        name = name.rstrip("0123456789").rstrip("_") if name not in SIGNATURES else name
    return str(name)


def keeps_batch(layer: Any) -> bool:
    """Tells whether axis 0 of the result is that of the operands."""
    return symbol_of(layer) in KEEPS_BATCH


def read_operation(layer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Read:
    """Returns the operation as the lowerings see it, with the arguments by Keras 3's names."""
    symbol = symbol_of(layer)
    if type(layer).__name__ == "TensorFlowOpLayer":
        return read_symbol(symbol, with_constants(symbol, layer.constants, args), {})
    return read_symbol(symbol, args, kwargs)


def read_symbol(symbol: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Read:
    """As `read_operation`, of a call of the function that TensorFlow names `symbol`."""
    signature = SIGNATURES.get(symbol)
    bound = None if signature is None else _bound(signature, args, kwargs)
    if signature is None or bound is None:
        return TfOperation(symbol, None, {}), args, kwargs
    return TfOperation(symbol, signature.keras_class, bound), (), bound


def _bound(
    signature: Signature, args: Tuple[Any, ...], kwargs: Dict[str, Any]
) -> Optional[Dict[str, Any]]:
    """Returns the arguments by Keras 3's names; None where one is not known or not constant."""
    names = [name for name, _ in signature.parameters]
    given = dict(signature.defaults)
    renamed = dict(signature.parameters)
    for name, value in [*zip(names, args), *kwargs.items()]:
        if name == "name" or (name not in renamed and (value is None or value is False)):
            continue
        if name not in renamed or len(args) > len(names):
            return None
        given[renamed[name]] = value
    for name, value in given.items():
        if name not in signature.operands:
            given[name] = _plain(value)
    return signature.adapted(given)


def _plain(value: Any) -> Any:
    """Returns a constant of TensorFlow's or numpy's as Python numbers, slices as slices."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict) and set(value) == {"start", "stop", "step"}:
        return slice(*(_plain(value[key]) for key in ("start", "stop", "step")))
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value


def with_constants(
    symbol: str, constants: Mapping[Any, Any], args: Tuple[Any, ...]
) -> Tuple[Any, ...]:
    """Returns the operands of a TensorFlowOpLayer, its constants among them."""
    given = list(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else list(args)
    for index in sorted(constants, key=int):
        given.insert(int(index), constants[index])
    return (given[:-1], given[-1]) if symbol == "concat" else tuple(given)
