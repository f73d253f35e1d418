"""Reads bare TensorFlow operations in a Keras 2 model as the equivalent operations of Keras 3.

Keras 2 wraps them in the layers TFOpLambda and SlicingOpLambda; in older files, TensorFlowOpLayer.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from vai_inspect.core.ir import Param
from vai_inspect.frontends.keras.lower.layer import MISSING, Layer
from vai_inspect.frontends.keras.lower.tf_signatures import SIGNATURES, Signature

Read = Tuple["TfOperation", Tuple[Any, ...], Dict[str, Any]]


class TfOperation(Layer):
    """A bare operation, as the equivalent operation of Keras 3."""

    def __init__(self, symbol: str, keras_class: Optional[str], settings: Dict[str, Any]) -> None:
        self.class_name = "tf." + symbol
        self.keras_class = keras_class
        self.is_layer = False
        self.variable_dtype = self.compute_dtype = ""
        self._settings = settings

    def weights(self) -> List[Param]:
        """Returns nothing."""
        return []

    def _setting(self, name: str) -> Any:
        return self._settings.get(name, MISSING)


def read_symbol(symbol: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Read:
    """Returns the operation that a call of a TensorFlow function is lowered as.

    Args:
        symbol: TensorFlow's name of the function, such as `math.add`.
        args: positional arguments.
        kwargs: keyword arguments.

    Returns:
        The operation, and the arguments by Keras 3's names.
    """
    signature = SIGNATURES.get(symbol)
    bound = None if signature is None else _bound(signature, args, kwargs)
    if signature is None or bound is None:
        return TfOperation(symbol, None, {}), args, kwargs
    return TfOperation(symbol, signature.keras_class, bound), (), bound


def _bound(
    signature: Signature, args: Tuple[Any, ...], kwargs: Dict[str, Any]
) -> Optional[Dict[str, Any]]:
    """Returns the arguments by Keras 3's names; None if one is not known or not constant."""
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
    """Returns a constant of TensorFlow or numpy as Python numbers and slices."""
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
    """Returns the operands of a TensorFlowOpLayer, including its constants."""
    given = list(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else list(args)
    for index in sorted(constants, key=int):
        given.insert(int(index), constants[index])
    return (given[:-1], given[-1]) if symbol == "concat" else tuple(given)
