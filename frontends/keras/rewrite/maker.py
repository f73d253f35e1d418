"""Makes the layers of a new model: free names, the right element type, the weights."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence

from vai_inspect.core.ir.names import Names
from vai_inspect.frontends.keras.rewrite.copies import carry, copied

Weights = Optional[Sequence[Any]]
Inline = Callable[[Any, List[Any]], Any]
"""Calls what a nested model consists of on tensors, and returns what it gives."""


class Maker:
    """Makes what stands in place of one call.

    Attributes:
        library: the module with `layers`.
        inline: calls the layers of a nested model, given by its graph.
    """

    def __init__(
        self,
        library: Any,
        names: Names,
        name: str,
        policy: Any,
        dtype: Optional[str],
        inline: Inline,
    ) -> None:
        """Keeps what its layers have in common.

        Args:
            library: the module with `layers`.
            names: the names of the model's layers.
            name: that of the call's layer, which the last new layer takes.
            policy: dtype or policy of the call's layer.
            dtype: element type in place of every floating-point one, or None.
            inline: see `Maker`.
        """
        self.library = library
        self.inline = inline
        self._names = names
        self._name = name
        self._policy = dtype or policy
        self._dtype = dtype
        self._named: Dict[int, str] = {}

    def layer(
        self,
        kind: str,
        tensors: Any,
        suffix: str = "",
        weights: Weights = None,
        **settings: Any,
    ) -> Any:
        """Calls a new layer and returns what it gives.

        Args:
            kind: its class.
            tensors: what it reads.
            suffix: follows the name of the call's layer; none for the layer that stands in its
                place.
            weights: its weights, arrays in Keras's order.
            **settings: its arguments.
        """
        made = getattr(self.library.layers, kind)(
            name=self._take(suffix), dtype=self._policy, **settings
        )
        result = made(tensors)
        if weights is not None:
            made.set_weights(list(weights))
        return result

    def like(
        self,
        layer: Any,
        tensors: Any,
        suffix: str = "",
        weights: Weights = None,
        **settings: Any,
    ) -> Any:
        """Calls a new layer that is like another but for some settings.

        Args:
            layer: the layer.
            tensors: what the new one reads.
            suffix: see `layer`.
            weights: its weights; None for those of the layer.
            **settings: what of its config is otherwise.
        """
        made = copied(layer, self.library, self._dtype, name=self._take(suffix), **settings)
        result = made(tensors)
        if weights is None:
            carry(layer, made)
        else:
            made.set_weights(list(weights))
        return result

    def bare(self, result: Any, suffix: str) -> Any:
        """Names the bare operation that gave a tensor, and returns the tensor."""
        history = result._keras_history
        operation = getattr(history, "operation", None)
        if operation is None:
            operation = history.layer
            operation._name = self._take(suffix)
        else:
            operation.name = self._take(suffix)
        return result

    def _take(self, suffix: str) -> str:
        return self._names.take(f"{self._name}_{suffix}" if suffix else self._name)
