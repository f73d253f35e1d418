"""A model made again, with other layers in place of some calls.

The given one is only read: layers are made from their configs and get the weights of the old ones.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.core.ir.names import Names
from vai_inspect.frontends.keras.live.generation import Generation
from vai_inspect.frontends.keras.live.input_shapes import name_of
from vai_inspect.frontends.keras.live.model_kind import inner_function, is_class, reason_of
from vai_inspect.frontends.keras.nested import leaves, replaced
from vai_inspect.frontends.keras.rewrite.copies import carry, copied
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.maker import Inline, Maker
from vai_inspect.frontends.keras.toposort import depth_first

Place = Tuple[int, ...]
"""Identities of the calls around a call and of the call itself, outermost first."""


def place_of(around: Sequence[Any], node: Any) -> Place:
    """Returns where a call stands."""
    return tuple(map(id, (*around, node)))


def rebuilt(
    model: Any,
    function: Any,
    keras: Generation,
    edits: Mapping[Place, Edit],
    dtype: Optional[str] = None,
) -> Any:
    """Returns a new model.

    Args:
        model: the model; its name is kept.
        function: its graph.
        keras: the generation of Keras that it is of.
        edits: what stands in place of calls.
        dtype: element type in place of every floating-point one; None keeps each layer's own.

    Raises:
        ModelError: a layer cannot be made again from its config.
    """
    return _Rebuild(keras, dtype).model(model, function, edits, model.name)


class _Rebuild:
    """The layers that were made so far, by the identity of those that they are made of."""

    def __init__(self, keras: Generation, dtype: Optional[str]) -> None:
        self._keras = keras
        self._library = keras.library()
        self._dtype = dtype
        self._layers: Dict[int, Any] = {}
        self._models: Dict[Tuple[int, FrozenSet[Place]], Any] = {}

    def model(self, model: Any, function: Any, edits: Mapping[Place, Edit], name: str) -> Any:
        """Returns a model made again."""
        if is_class(type(model), "Sequential") and not edits:
            return self._sequential(model, function, name)
        level = _LevelRebuild(self, function, edits)
        inputs, outputs = level.run()
        return self._library.Model(inputs, outputs, name=name)

    def _sequential(self, model: Any, function: Any, name: str) -> Any:
        new = self._library.Sequential(name=name)
        new.add(self.input(function.inputs[0], Names(), layer=True))
        olds = [one for one in model.layers if type(one).__name__ != "InputLayer"]
        for old in olds:
            new.add(self.layer(old, old.name))
        for old, made in zip(olds, new.layers[-len(olds) :]):
            carry(old, made)
        return new

    def input(self, symbol: Any, names: Names, layer: bool = False) -> Any:
        """Returns a new input like another."""
        dtype = str(getattr(symbol.dtype, "name", symbol.dtype))
        if self._dtype is not None and "float" in dtype:
            dtype = self._dtype
        shape = tuple(symbol.shape)
        settings = {"batch_size": shape[0], "dtype": dtype, "name": names.take(name_of(symbol))}
        if layer:
            sizes = {"shape": shape[1:]} if self._keras.root == "keras" else {}
            sizes = sizes or {"input_shape": shape[1:]}
            return self._library.layers.InputLayer(**sizes, **settings)
        return self._library.Input(shape=shape[1:], **settings)

    def layer(self, old: Any, name: str) -> Any:
        """Returns the new layer, operation or nested model in place of one without edits."""
        function = inner_function(old)
        if function is not None:
            return self.nested(old, function, {}, name)
        if id(old) not in self._layers:
            renamed = {} if name == old.name else {"name": name}
            self._layers[id(old)] = copied(old, self._library, self._dtype, **renamed)
        return self._layers[id(old)]

    def nested(self, old: Any, function: Any, edits: Mapping[Place, Edit], name: str) -> Any:
        """Returns a nested model made again; the same one for calls with the same edits."""
        key = (id(old), frozenset(edits))
        if key not in self._models:
            self._models[key] = self.model(old, function, edits, name)
        return self._models[key]

    def known(self, old: Any, edits: Mapping[Place, Edit]) -> bool:
        """Tells whether a layer or model has been made again."""
        return id(old) in self._layers or (id(old), frozenset(edits)) in self._models

    def maker(self, node: Any, names: Names, inline: Inline) -> Maker:
        """Returns what makes the layers in place of a call."""
        layer = self._keras.operation(node)
        policy = getattr(layer, "dtype_policy", None)
        policy = getattr(layer, "_dtype_policy", None) if policy is None else policy
        if policy is None:  # a bare operation
            dtype = self._keras.outputs(node)[0].dtype
            policy = str(getattr(dtype, "name", dtype))
        return Maker(self._library, names, layer.name, policy, self._dtype, inline)


class _LevelRebuild:
    """One model on its way: the new tensor for each of the old ones."""

    def __init__(
        self,
        whole: _Rebuild,
        function: Any,
        edits: Mapping[Place, Edit],
        names: Optional[Names] = None,
    ) -> None:
        self._whole = whole
        self._function = function
        self._keras = whole._keras
        self._edits = {place[0]: edit for place, edit in edits.items() if len(place) == 1}
        self._inner: Dict[int, Dict[Place, Edit]] = {}
        for place, edit in edits.items():
            if len(place) > 1:
                self._inner.setdefault(place[0], {})[place[1:]] = edit
        self._inputs = {id(symbol) for symbol in function.inputs}
        self._inlined = names is not None
        self._names = names or Names()
        self._known: Dict[int, Any] = {}

    def run(self) -> Tuple[Any, Any]:
        """Returns the new inputs and outputs, nested as the old ones."""
        function = self._function
        for symbol in function.inputs:
            self._known[id(symbol)] = self._whole.input(symbol, self._names)
        self._take_names()
        results = self._results()
        return replaced(self._keras.structure(function), self._known), results

    def inline(self, function: Any, tensors: List[Any]) -> Any:
        """Returns what a nested model gives, its layers called on tensors of this model."""
        level = _LevelRebuild(self._whole, function, {}, self._names)
        level._known.update(zip(map(id, function.inputs), tensors))
        return level._results()

    def _nodes(self) -> List[Any]:
        return list(depth_first(self._givers(self._function.outputs), self._before))

    def _take_names(self) -> None:
        keras = self._keras
        nodes = self._nodes()
        kept = {id(keras.operation(one)) for one in nodes if id(one) not in self._edits}
        for operation in {id(one): one for one in map(keras.operation, nodes)}.values():
            if id(operation) in kept:
                self._names.take(operation.name)

    def _results(self) -> Any:
        """Calls everything, and returns the new outputs, nested as the old ones."""
        for node in self._nodes():
            edit = self._edits.get(id(node))
            results = self._call(node) if edit is None else self._edited(edit)
            symbols = self._keras.outputs(node)
            self._known.update(zip(map(id, symbols), leaves(results)))
        return replaced(self._keras.results(self._function), self._known)

    def _givers(self, symbols: Sequence[Any]) -> List[Any]:
        found = []
        for symbol in symbols:
            if id(symbol) not in self._inputs:
                found.append(self._keras.node_of(symbol._keras_history))
        return found

    def _before(self, node: Any) -> List[Any]:
        edit = self._edits.get(id(node))
        return self._givers(self._keras.inputs(node) if edit is None else edit.reads)

    def _edited(self, edit: Edit) -> Any:
        maker = self._whole.maker(edit.node, self._names, self.inline)
        return edit.write(maker, [self._known[id(symbol)] for symbol in edit.reads])

    def _call(self, node: Any) -> Any:
        whole, keras = self._whole, self._keras
        old = keras.operation(node)
        args, kwargs = keras.filled(node, self._known)
        args, kwargs = replaced((args, kwargs), _value_of(args, kwargs))
        inner, edits = inner_function(old), self._inner.get(id(node), {})
        fresh = not whole.known(old, edits)
        if inner is None:
            taken = self._inlined and fresh
            new = whole.layer(old, self._names.take(old.name) if taken else old.name)
        elif self._inlined:
            return self.inline(inner, [self._known[id(one)] for one in keras.inputs(node)])
        else:
            again = fresh and bool(edits) and whole.known(old, {})
            name = self._names.take(old.name) if again else old.name
            new = whole.nested(old, inner, edits, name)
        try:
            results = new(*args, **kwargs)
        except Exception as error:
            # The user's own layers run here, so anything may be raised.
            raise ModelError(
                "Layer {!r} ({}) cannot be called again, which a change of the model needs: "
                "{}.".format(old.name, type(old).__name__, reason_of(error).rstrip("."))
            ) from error
        if fresh and inner is None:
            carry(old, new)
        return results


def _value_of(args: Any, kwargs: Any) -> Dict[int, Any]:
    """Returns the values of variables among the arguments, which are not to be shared."""
    return {
        id(one): one.numpy()
        for one in leaves((args, kwargs))
        if hasattr(one, "assign") and hasattr(one, "numpy")
    }
