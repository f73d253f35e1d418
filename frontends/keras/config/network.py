"""The graph of a model's config, of any Keras version.

Each call becomes a `Node`, see `calls`; a Sequential becomes a chain of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.calls import (
    Sizes,
    keras_2_call,
    keras_3_call,
    ref_of,
    sizes,
)
from vai_inspect.frontends.keras.config.config_layer import ConfigLayer, is_own
from vai_inspect.frontends.keras.config.values import TensorRef, flatten, plain
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.training import unwrapped_config

_FUNCTIONAL, _SEQUENTIAL, _INPUT = ("Functional", "Model"), "Sequential", "InputLayer"


@dataclass(frozen=True)
class Node:
    """One call.

    Attributes:
        layer: name of what is called.
        args: positional arguments; a tensor is a `TensorRef`.
        kwargs: keyword arguments, likewise.
        refs: the tensors among them, in order.
    """

    layer: str
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    refs: Tuple[TensorRef, ...]


@dataclass(frozen=True)
class InputEntry:
    """An input of a model.

    Attributes:
        name: its layer's name.
        shape: its shape with the batch; None if the file does not have it.
        dtype: its element type.
    """

    name: str
    shape: Optional[Sizes]
    dtype: str


@dataclass
class Network:
    """A Functional or Sequential model.

    Attributes:
        name: its name.
        keras_2: whether Keras 2 saved it.
        inputs: its inputs in order.
        inputs_struct: the same as `TensorRef`s, in the structure that the model is called with.
        outputs: its outputs in order.
        layers: its layers by name, a `Network` for a nested model.
        nodes: the calls by layer and index.
        recorded: shape and element type of a tensor in the file (Keras 3).
        hints: shape that a layer was built with, by the tensor that it reads (Keras 2.12 on). For
            a layer with several calls it may be that of another call.
    """

    name: str
    keras_2: bool = False
    inputs: List[InputEntry] = field(default_factory=list)
    inputs_struct: Any = ()
    outputs: List[TensorRef] = field(default_factory=list)
    layers: Dict[str, "Layer | Network"] = field(default_factory=dict)
    nodes: Dict[Tuple[str, int], Node] = field(default_factory=dict)
    recorded: Dict[TensorRef, Tuple[Sizes, str]] = field(default_factory=dict)
    hints: Dict[TensorRef, Sizes] = field(default_factory=dict)


def is_network(saved: Mapping[str, Any]) -> bool:
    """Returns whether a saved object is a model whose config is its graph."""
    config, name = saved.get("config"), saved.get("class_name")
    if name == _SEQUENTIAL:
        return isinstance(config, (dict, list)) and is_own(dict(saved))
    if name not in _FUNCTIONAL or not isinstance(config, dict) or "layers" not in config:
        return False
    return is_own(dict(saved))


def network(saved: Mapping[str, Any], path: str, keras_2: bool) -> Network:
    """Reads a saved model.

    Args:
        saved: the object of which `is_network` is true.
        path: its file, for messages.
        keras_2: whether Keras 2 saved it.

    Raises:
        ModelError: the config contradicts itself.
    """
    if saved.get("class_name") == _SEQUENTIAL:
        return _sequential(saved, path, keras_2)
    return _functional(saved, path, keras_2)


def _functional(saved: Mapping[str, Any], path: str, keras_2: bool) -> Network:
    config = saved["config"]
    found = Network(str(config.get("name") or saved.get("name") or "model"), keras_2)
    entries = _entries(config, path)
    inputs: Dict[str, InputEntry] = {}
    for entry in entries:
        name = _entry_name(entry, path)
        if name in found.layers or name in inputs:
            raise ModelError(f"{path} has two layers named {name!r}.")
        if entry.get("class_name") == _INPUT:
            inputs[name] = _input(name, entry.get("config") or {})
        elif is_network(entry):
            found.layers[name] = network(entry, path, keras_2)
        else:
            found.layers[name] = ConfigLayer(dict(unwrapped_config(entry)), keras_2)
    known = set(inputs) | set(found.layers)
    for entry in entries:
        for index, call in enumerate(entry.get("inbound_nodes") or ()):
            name = _entry_name(entry, path)
            if name in found.layers:
                found.nodes[name, index] = _node(name, call, known, found)
        _hint(entry, found)
    found.inputs_struct = _struct(config.get("input_layers"), known, path)
    for ref in flatten(found.inputs_struct):
        if not isinstance(ref, TensorRef) or ref.layer not in inputs:
            raise ModelError(f"{path} names an input that it does not have.")
        found.inputs.append(inputs[ref.layer])
    refs = list(flatten(_struct(config.get("output_layers"), known, path)))
    if not refs or any(not isinstance(ref, TensorRef) for ref in refs):
        raise ModelError(f"{path} names no outputs.")
    found.outputs = refs
    if keras_2:
        _renumber(found)
    else:
        functional = {_entry_name(one, path) for one in entries if one["class_name"] in _FUNCTIONAL}
        found.outputs = [_from_0(ref) if ref.layer in functional else ref for ref in refs]
    return found


def _entries(config: Any, path: str) -> List[Dict[str, Any]]:
    """Returns the saved layers of a model."""
    entries = config.get("layers") if isinstance(config, dict) else config
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ModelError(f"{path} has no list of layers in its config.")
    for entry in entries:
        if not isinstance(entry.get("config"), (dict, list)):
            raise ModelError(f"{path} has a layer without a config.")
        if not isinstance(entry.get("inbound_nodes") or [], list):
            raise ModelError(f"{path} has a layer whose calls are not a list.")
    return entries


def _entry_name(entry: Mapping[str, Any], path: str) -> str:
    config = entry.get("config")
    name = entry.get("name") or (config.get("name") if isinstance(config, dict) else None)
    if not isinstance(name, str) or not name:
        raise ModelError(f"{path} has a layer without a name.")
    return name


def _input(name: str, config: Mapping[str, Any]) -> InputEntry:
    for key in ("batch_shape", "batch_input_shape"):
        shape = sizes(config.get(key))
        if shape is not None:
            break
    else:
        inner = sizes(config.get("shape"))
        shape = None if inner is None else (None, *inner)
    dtype = config.get("dtype")
    return InputEntry(name, shape, dtype if isinstance(dtype, str) else "float32")


def _node(name: str, call: Any, known: "set[str]", network: Network) -> Node:
    if isinstance(call, dict) and "args" in call:
        args, kwargs = keras_3_call(call, network.recorded)
    else:
        args, kwargs = keras_2_call(call, known)
    refs = tuple(part for part in flatten((args, kwargs)) if isinstance(part, TensorRef))
    return Node(name, args, kwargs, refs)


def _hint(entry: Mapping[str, Any], network: Network) -> None:
    """Sets the shapes that a layer with a single call was built with."""
    built = entry.get("build_config")
    node = network.nodes.get((str(entry.get("name")), 0))
    if not isinstance(built, dict) or node is None or len(entry["inbound_nodes"]) > 1:
        return
    given = built.get("input_shape")
    shapes = [sizes(given)] if len(node.refs) == 1 else []
    if isinstance(given, list) and len(given) == len(node.refs) > 1:
        shapes = [sizes(one) for one in given]
    for ref, shape in zip(node.refs, shapes):
        if shape:
            network.hints[ref] = shape


def _struct(saved: Any, known: "set[str]", path: str) -> Any:
    def leaf(value: Any) -> Optional[TensorRef]:
        ref = ref_of(value)
        return ref if ref is not None and ref.layer in known else None

    return plain(saved, leaf)


def _from_0(ref: TensorRef) -> TensorRef:
    """Returns an output of a nested model by the index that its readers use.

    Keras 3 counts the calls of a nested model from 1 in the list of outputs, elsewhere from 0.
    """
    return TensorRef(ref.layer, ref.node - 1, ref.tensor) if ref.node else ref


def _renumber(network: Network) -> None:
    """Renumbers calls: Keras 2 counts those of a model from 1, as call 0 creates it (not saved)."""
    highest: Dict[str, int] = {}
    for ref in [*network.outputs, *(ref for node in network.nodes.values() for ref in node.refs)]:
        highest[ref.layer] = max(ref.node, highest.get(ref.layer, 0))
    for name, layer in network.layers.items():
        calls = [index for owner, index in network.nodes if owner == name]
        if isinstance(layer, Network) and calls and highest.get(name) == len(calls):
            for index in sorted(calls, reverse=True):
                network.nodes[name, index + 1] = network.nodes.pop((name, index))


def _sequential(saved: Mapping[str, Any], path: str, keras_2: bool) -> Network:
    config = saved["config"]
    entries = _entries(config, path)
    settings = config if isinstance(config, dict) else {}
    built = saved.get("build_config")
    found = Network(str(settings.get("name") or saved.get("name") or "sequential"), keras_2)
    shape = sizes(settings.get("build_input_shape"))
    if shape is None and isinstance(built, dict):
        shape = sizes(built.get("input_shape"))
    if not entries:
        raise ModelError(f"{path} holds a Sequential model without a layer.")
    first = entries[0]
    if first.get("class_name") == _INPUT:
        entry = _input(_entry_name(first, path), first["config"])
        entries = entries[1:]
    else:
        own = first["config"] if isinstance(first["config"], dict) else {}
        entry = _input(_entry_name(first, path) + "_input", own)
        entry = InputEntry(entry.name, entry.shape or shape, entry.dtype)
    found.inputs = [entry]
    ref = found.inputs_struct = TensorRef(entry.name, 0, 0)
    for saved_layer in entries:
        name = _entry_name(saved_layer, path)
        if name in found.layers or name == entry.name:
            raise ModelError(f"{path} has two layers named {name!r}.")
        if is_network(saved_layer):
            found.layers[name] = network(saved_layer, path, keras_2)
        else:
            found.layers[name] = ConfigLayer(dict(unwrapped_config(saved_layer)), keras_2)
        found.nodes[name, 0] = Node(name, (ref,), {}, (ref,))
        ref = TensorRef(name, 0, 0)
    found.outputs = [ref]
    return found
