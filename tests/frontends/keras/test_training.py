"""Wrappers of training tools: pruning is looked through, a quantised model is one clear error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict

import pytest

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras import capture
from vai_inspect.frontends.keras.config.reader import capture_stored
from vai_inspect.frontends.keras.config.stored import Stored
from vai_inspect.frontends.keras.training import check_float, check_float_config, unwrapped


def saved(class_name: str, config: Dict[str, Any], name: str, before: str = "") -> Dict[str, Any]:
    nodes = [[[before, 0, 0, {}]]] if before else []
    return {
        "class_name": class_name,
        "config": {"name": name, **config},
        "name": name,
        "inbound_nodes": nodes,
    }


CONV = {
    "class_name": "Conv2D",
    "config": {"name": "conv", "filters": 4, "kernel_size": [3, 3], "strides": [1, 1]}
    | {"padding": "valid", "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1}
    | {"activation": "linear", "use_bias": True},
}


def model(class_name: str, config: Dict[str, Any]) -> Stored:
    layers = [
        saved("InputLayer", {"batch_input_shape": [None, 8, 8, 3], "dtype": "float32"}, "x"),
        saved(class_name, config, "wrapped", "x"),
    ]
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [["x", 0, 0]],
        "output_layers": [["wrapped", 0, 0]],
    }
    whole = json.loads(json.dumps({"class_name": "Functional", "config": config}))
    return Stored(whole, "2.12.0", "m.h5")


@pytest.mark.parametrize("wrapper", ["PruneLowMagnitude", "ClusterWeights"])
def test_pruning_and_clustering_are_looked_through(wrapper: str) -> None:
    twice = {"layer": {"class_name": "PruneLowMagnitude", "config": {"name": "p", "layer": CONV}}}
    for config in ({"layer": CONV}, twice):
        graph = capture_stored(model(wrapper, config)).graph
        assert [(op.name, op.kind) for op in graph][1:-1] == [("wrapped", "conv2d")]
        assert graph["wrapped"].origin.call is not None
        assert graph["wrapped"].origin.call.name == "Conv2D"


QUANTISED = ("Vitis>VitisQuantize", "Vitis>QuantizeWrapper", "QuantizeLayer", "QuantizeWrapperV2")


@pytest.mark.parametrize("name", QUANTISED)
def test_a_quantised_file_is_one_clear_error(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        capture_stored(model(name, {"layer": CONV}))
    assert str(caught.value) == (
        "m.h5: this model was quantised already (layer 'wrapped' is a {}); inspect the float model "
        "that it was made from.".format(name)
    )


class Holder:
    def __init__(self, *layers: Any) -> None:
        self._layers = layers

    def _flatten_layers(self) -> Any:
        return self._layers


def test_live_ones_likewise() -> None:
    class PruneLowMagnitude:
        layer = "the layer"

    class QuantizeWrapperV2:
        name = "wrapped"

    class VitisSigmoid:
        __module__ = "vai_q_tensorflow2.layers"
        name = "vendors"

    assert unwrapped(PruneLowMagnitude()) == "the layer"
    check_float(Holder(PruneLowMagnitude()))
    for layer in (QuantizeWrapperV2(), VitisSigmoid()):
        with pytest.raises(ModelError, match="This model was quantised already"):
            check_float(Holder(layer))


def _quantised(mode: str) -> Any:
    keras = pytest.importorskip("keras")
    inputs = keras.Input((16,))
    made = keras.Model(inputs, keras.layers.Dense(4, name="dense")(inputs))
    if not hasattr(made, "quantize"):
        pytest.skip("this Keras does not quantise")
    made.layers[1].quantize(mode)
    return made


@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_a_model_that_keras_3_quantised_is_that_error_live_and_from_its_files(
    mode: str, tmp_path: Path
) -> None:
    made = _quantised(mode)
    text = f"model was quantised already (layer 'dense' is a Dense quantised to {mode}); inspect"
    files = [str(tmp_path / name) for name in ("m.keras", "m.h5")]
    for path in files:
        made.save(path)
    for given in (made, *files):
        with pytest.raises(ModelError, match=re.escape(text)):
            capture(given)


_OF_MAP = {"class_name": "DTypePolicyMap", "config": {"policy_map": {"a": "int8_from_float32"}}}


@pytest.mark.parametrize("policy", ["int8_from_float32", {"config": {"mode": "int8"}}, _OF_MAP])
def test_each_form_of_a_quantised_dtype_policy_is_found(policy: Any) -> None:
    with pytest.raises(ModelError, match="'conv' is a Conv2D quantised to int8"):
        check_float_config(
            {"class_name": "Conv2D", "config": {"name": "conv", "dtype": policy}}, ""
        )


@pytest.mark.parametrize(
    "policy", [None, "float32", "mixed_float16", {"config": {"name": "mixed_bfloat16"}}, 7, [1]]
)
def test_a_float_dtype_policy_is_none(policy: Any) -> None:
    check_float_config({"class_name": "Conv2D", "config": {"name": "conv", "dtype": policy}}, "")
