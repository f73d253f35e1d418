"""Activations that become other functions, and settings that the converter does not accept."""

from __future__ import annotations

from vai_inspect.core.findings import approximate, exact
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.keras.hard_sigmoid_pattern import other_numbers
from vai_inspect.rules.quantizers.obstacle import CONVERTED, EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, arguments, call_of, kinds, layers
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example


def _chain(shift: float, factor: float) -> Draw:
    def draw(sketch: Sketch) -> None:
        total = sketch.call("Add", "add", [sketch.conv(), sketch.constant(number=shift)])
        gate = sketch.layer("ReLU", "relu6", [total])
        sketch.call("Multiply", "mul", [gate, sketch.constant(number=factor)])

    return draw


@obstacle(
    "keras.activations.almost_hard_sigmoid",
    effects=in_all(changes("quantise", "it is fused into a hard-sigmoid, relu6(x + 3) * (1 / 6)")),
    remedy="train with 3 and 1 / 6, or write it so that it is not recognised: 3. + x",
    source=EXECUTED + " (3.0 and 3.5: 34% of the range wrong; 2.5 has the same code)",
    passes=(example("relu6(x + 3) * (1 / 6)", _chain(3.0, 1 / 6)),),
    fails=(example("relu6(x + 1) * 0.5", _chain(1.0, 0.5)),),
    from_conversion=True,
)
@each(kinds("mul"))
def almost_hard_sigmoid(scene: Scene, op: Op) -> Found:
    """relu6(x + a) * b with numbers that differ from those of the hard-sigmoid."""
    numbers = other_numbers(op, scene.graph)
    return "relu6(x + {:g}) * {:g}".format(*numbers) if numbers is not None else None


_HARD = {
    "sigmoid": changes("quantise", "it is replaced by relu6(x + 3) * 2731 / 16384"),
    "swish": changes("quantise", "it is replaced by x * relu6(x + 3) * 2731 / 16384"),
}


@obstacle(
    "keras.activations.hardened",
    effects=in_all(_HARD["sigmoid"]),
    remedy=approximate(
        "train with relu6(x + 3) * (1 / 6) in its place, written with a ReLU(6.) layer, or "
        "check the accuracy of the quantised model",
        "sigmoid",
    ),
    source="README of the TF2 quantiser (2.5 to 3.5): the accuracy of trained networks drops",
    passes=(
        example("relu", lambda s: s.layer("Activation", "relu", activation="keras.relu")),
        example("tf.sigmoid", lambda s: s.call("Sigmoid", "sigmoid")),
    ),
    fails=(
        example("sigmoid", lambda s: s.layer("Activation", "sigmoid", activation="keras.sigmoid")),
        example("swish", lambda s: s.layer("Conv2D", "swish", activation="keras.silu")),
    ),
    from_conversion=True,
)
@each(kinds(*_HARD))
def hardened(scene: Scene, op: Op) -> Found:
    """Sigmoid and swish become hard-sigmoid and hard-swish."""
    if op.kind in _HARD and call_of(op).is_layer and op.name not in scene.in_float:
        found = f"{op.kind} is converted to hard-{op.kind}"
        return Hit((op.name,), found, effects=in_all(_HARD[op.kind]))
    return None


def _leaky(slope: float) -> Draw:
    attrs = LeakyReluAttrs(slope)
    return lambda s: s.layer("Conv2D", "leaky-relu", attrs=attrs, activation="layer.LeakyReLU")


@obstacle(
    "keras.activations.layer_as_activation",
    effects=since_3(
        changes("quantise", "only the class is kept, so the slope becomes Keras's 0.3"),
        fails("quantise", "the name is concatenated with its settings", "TypeError"),
    ),
    remedy=exact("put LeakyReLU after it as a separate layer", "quantised-form"),
    source=EXECUTED + " (3.0 and 3.5; 2.5 by reading)",
    passes=(example("activation=LeakyReLU(0.3)", _leaky(0.3), "3.0", "3.5"),),
    fails=(example("activation=LeakyReLU(0.1)", _leaky(0.1)),),
    explains_float=True,
)
@each(arguments("activation"))
def layer_as_activation(scene: Scene, op: Op) -> Found:
    """A LeakyReLU layer is passed as the activation of another layer."""
    if call_of(op).argument("activation") == "layer.LeakyReLU":
        slope = op.attrs.alpha if isinstance(op.attrs, LeakyReluAttrs) else None
        if slope is None or abs(slope - 0.3) > 1e-6 or scene.release == "2.5":
            return "a LeakyReLU layer is passed as an activation"
    return None


@obstacle(
    "keras.activations.leaky_relu_function",
    effects={
        "3.5": fails("quantise", "Only some Keras activations ... are supported", "ValueError")
    },
    remedy="use the layer LeakyReLU",
    source=EXECUTED,
    passes=(example("the layer", lambda s: s.layer("LeakyReLU", "leaky-relu")),),
    fails=(
        example(
            "activation=tf.nn.leaky_relu",
            lambda s: s.layer("Conv2D", "leaky-relu", activation="tensorflow.leaky_relu"),
        ),
    ),
)
@each(arguments("activation"))
def leaky_relu_function(scene: Scene, op: Op) -> Found:
    """The function leaky_relu is passed as an activation."""
    if (call_of(op).argument("activation") or "").endswith(".leaky_relu"):
        return "the function leaky_relu is passed as an activation"
    return None


def _relu(**settings: str) -> Draw:
    return lambda s: s.layer("ReLU", "unknown", **settings)


@obstacle(
    "keras.activations.relu_limit",
    effects={"3.5": fails("convert", "Unsupported keras relu: max_value", "ValueError")},
    remedy="use ReLU(6) or ReLU()",
    source=CONVERTED,
    passes=(example("ReLU(6)", lambda s: s.layer("ReLU", "relu6")),),
    fails=(example("ReLU(max_value=4)", _relu(max_value="4")),),
)
@each(layers("ReLU"))
def relu_limit(scene: Scene, op: Op) -> Found:
    """A ReLU with a max_value other than 6."""
    limit = call_of(op).argument("max_value")
    return f"ReLU(max_value={limit})" if limit is not None and limit != "0" else None


@obstacle(
    "keras.activations.relu_threshold",
    effects={"3.5": changes("convert", "it is converted to a plain relu")},
    remedy="use ReLU(), with the threshold in the bias before it",
    source=CONVERTED,
    passes=(example("ReLU()", lambda s: s.layer("ReLU", "relu")),),
    fails=(example("ReLU(threshold=0.5)", _relu(threshold="0.5")),),
)
@each(layers("ReLU"))
def relu_threshold(scene: Scene, op: Op) -> Found:
    """A ReLU with a threshold."""
    threshold = call_of(op).argument("threshold")
    return f"ReLU(threshold={threshold})" if threshold is not None else None


RULES = (
    almost_hard_sigmoid,
    relu_threshold,
    hardened,
    layer_as_activation,
    leaky_relu_function,
    relu_limit,
)
