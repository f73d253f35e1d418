"""Small Keras models at the edge of a rule: the verdict and every reason for it."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from vai_inspect.keras import Inspector  # noqa: E402

layers = keras.layers
SLOPE = 26 / 256


def sequence(shape, *rest):
    return keras.Sequential([keras.Input(shape), *rest])


def squeeze_excite(activation):
    data = keras.Input((16, 16, 8))
    main = layers.Conv2D(8, 3, padding="same", name="main")(data)
    x = layers.GlobalAveragePooling2D(keepdims=True)(main)
    x = layers.Conv2D(4, 1, activation="relu")(x)
    x = layers.Conv2D(8, 1, activation=activation, name="gate")(x)
    return keras.Model(data, layers.Multiply(name="x")([main, x]))


def two_readers():
    data = keras.Input((16, 16, 8))
    main = layers.Conv2D(8, 3, padding="same")(data)
    return keras.Model(data, layers.Add()([layers.ReLU(name="x")(main), main]))


def behind_concat():
    data = keras.Input((16, 16, 8))
    both = [layers.Conv2D(8, 3)(data) for _ in range(2)]
    return keras.Model(data, layers.ReLU(name="x")(layers.Concatenate()(both)))


def behind_sum(activation):
    data = keras.Input((16, 16, 8))
    both = [layers.Conv2D(8, 3)(data) for _ in range(2)]
    return keras.Model(data, layers.Activation(activation, name="x")(layers.Add()(both)))


def named(layer, **settings):
    return layer(name="x", **settings)


CASES = {
    "kernel 16": (
        lambda: sequence((64, 64, 3), named(layers.Conv2D, filters=8, kernel_size=16)),
        "supported",
        [],
    ),
    "kernel 17": (
        lambda: sequence((64, 64, 3), named(layers.Conv2D, filters=8, kernel_size=17)),
        "unsupported",
        ["conv.kernel"],
    ),
    "stride 8": (
        lambda: sequence((64, 64, 3), named(layers.Conv2D, filters=8, kernel_size=3, strides=8)),
        "supported",
        [],
    ),
    "stride 9": (
        lambda: sequence((64, 64, 3), named(layers.Conv2D, filters=8, kernel_size=3, strides=9)),
        "unsupported",
        ["conv.stride"],
    ),
    "4096 channels": (
        lambda: sequence((4, 4, 4096), named(layers.Conv2D, filters=8, kernel_size=1)),
        "supported",
        [],
    ),
    "4097 channels": (
        lambda: sequence((4, 4, 4097), named(layers.Conv2D, filters=8, kernel_size=1)),
        "unsupported",
        ["conv.input_channels"],
    ),
    "everything at once": (
        lambda: sequence(
            (64, 64, 4098),
            named(layers.Conv2D, filters=2, kernel_size=17, strides=9, groups=2),
        ),
        "unsupported",
        [
            "conv.kernel",
            "conv.stride",
            "conv.input_channels",
            "conv.weight_fit",
            "conv.group",
        ],
    ),
    "LeakyReLU 26/256": (
        lambda: sequence(
            (32, 32, 3), layers.Conv2D(8, 3), named(layers.LeakyReLU, negative_slope=SLOPE)
        ),
        "supported",
        [],
    ),
    "LeakyReLU 0.3": (
        lambda: sequence(
            (32, 32, 3), layers.Conv2D(8, 3), named(layers.LeakyReLU, negative_slope=0.3)
        ),
        "unsupported",
        ["activation.slope"],
    ),
    "LeakyReLU behind a depthwise convolution": (
        lambda: sequence(
            (32, 32, 3), layers.DepthwiseConv2D(3), named(layers.LeakyReLU, negative_slope=SLOPE)
        ),
        "unsupported",
        ["activation.fused"],
    ),
    "LeakyReLU 0.3 on the input": (
        lambda: sequence((32, 32, 3), named(layers.LeakyReLU, negative_slope=0.3)),
        "unsupported",
        ["activation.slope", "activation.fused"],
    ),
    "softmax": (
        lambda: sequence((32, 32, 3), layers.Conv2D(8, 3), named(layers.Softmax)),
        "unsupported",
        ["softmax.cpu"],
    ),
    "cropping": (
        lambda: sequence((32, 32, 3), layers.Conv2D(8, 3), named(layers.Cropping2D, cropping=2)),
        "unsupported",
        ["op.float", "strided_slice.cpu"],
    ),
    "max pool, ReLU": (
        lambda: sequence(
            (32, 32, 3), layers.Conv2D(8, 3), layers.MaxPooling2D(), named(layers.ReLU)
        ),
        "unsupported",
        ["activation.fused"],
    ),
    "max pool, batch norm, ReLU": (
        lambda: sequence(
            (32, 32, 3),
            layers.Conv2D(8, 3),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            named(layers.ReLU),
        ),
        "supported",
        [],
    ),
    "a gate of hard-sigmoid": (lambda: squeeze_excite("hard_sigmoid"), "supported", []),
    "a second reader": (two_readers, "unsupported", ["activation.single_reader"]),
    "behind a concatenation": (behind_concat, "unsupported", ["activation.fused"]),
    "permute and dense": (
        lambda: sequence(
            (8, 8, 3),
            layers.Conv2D(4, 3),
            named(layers.Permute, dims=(3, 1, 2)),
            layers.Flatten(),
            layers.Dense(10),
        ),
        "supported",
        [],
    ),
    "permute alone": (
        lambda: sequence((8, 8, 3), layers.Conv2D(4, 3), named(layers.Permute, dims=(2, 1, 3))),
        "unsupported",
        ["transpose.folded"],
    ),
    "bilinear upsampling by 2": (
        lambda: sequence(
            (8, 8, 3),
            layers.Conv2D(4, 3),
            named(layers.UpSampling2D, size=2, interpolation="bilinear"),
        ),
        "supported",
        [],
    ),
    "bilinear upsampling by 3": (
        lambda: sequence(
            (8, 8, 3),
            layers.Conv2D(4, 3),
            named(layers.UpSampling2D, size=3, interpolation="bilinear"),
        ),
        "unsupported",
        ["resize.bilinear"],
    ),
    "depth multiplier 2": (
        lambda: sequence(
            (8, 8, 4), named(layers.DepthwiseConv2D, kernel_size=3, depth_multiplier=2)
        ),
        "unsupported",
        ["depthwise.multiplier"],
    ),
    "a wide classifier behind a permute to NCHW": (
        lambda: sequence(
            (7, 7, 512),
            layers.Conv2D(512, 1),
            layers.Permute((3, 1, 2)),
            layers.Flatten(),
            named(layers.Dense, units=64),
        ),
        "supported",
        [],
    ),
    "a wide classifier after a flatten on the CPU, whose features can be factorised": (
        lambda: sequence(
            (7, 7, 512),
            layers.Activation("tanh"),
            layers.Flatten(),
            named(layers.Dense, units=64),
        ),
        "supported",
        [],
    ),
    "one after a flatten on the CPU, whose features cannot": (
        lambda: sequence(
            (1, 7, 1201),
            layers.Activation("tanh"),
            layers.Flatten(),
            named(layers.Dense, units=64),
        ),
        "unknown",
        ["inner_product.flatten_on_dpu"],
    ),
    "all reasons, its own and its neighbour's": (
        lambda: sequence(
            (32, 32, 3), layers.Conv2D(8, 17), named(layers.LeakyReLU, negative_slope=0.3)
        ),
        "unsupported",
        ["activation.slope", "activation.producer_on_dpu"],
    ),
    "a global max pool, which the Keras quantiser leaves in float": (
        lambda: sequence((8, 8, 3), layers.Conv2D(8, 3), named(layers.GlobalMaxPooling2D)),
        "unsupported",
        ["op.float"],
    ),
    "a reshape of what no source knows": (
        lambda: sequence(
            (300, 300, 3),
            layers.Conv2D(8, 3),
            layers.MaxPooling2D(150),
            named(layers.Reshape, target_shape=(8,)),
        ),
        "unknown",
        ["reshape.input"],
    ),
    "a depthwise convolution dilated by 18": (
        lambda: sequence(
            (64, 64, 8),
            named(layers.DepthwiseConv2D, kernel_size=3, dilation_rate=18, padding="same"),
        ),
        "unknown",
        ["depthwise.pad"],
    ),
    "padding too large to be folded into a depthwise convolution": (
        lambda: sequence(
            (64, 64, 8),
            layers.Conv2D(8, 3),
            layers.ZeroPadding2D(16, name="x"),
            layers.DepthwiseConv2D(17),
        ),
        "supported",
        [],
    ),
    "upsampling in three dimensions": (
        lambda: sequence((4, 4, 4, 8), named(layers.UpSampling3D, size=2)),
        "unsupported",
        ["op.float", "resize.rank"],
    ),
    "hard-sigmoid behind a sum": (
        lambda: behind_sum("sigmoid"),
        "unknown",
        ["activation.fused"],
    ),
    "hard-swish behind a sum": (
        lambda: behind_sum("swish"),
        "unsupported",
        ["activation.fused"],
    ),
    "a convolution in three dimensions": (
        lambda: sequence((8, 8, 8, 4), named(layers.Conv3D, filters=4, kernel_size=3)),
        "unsupported",
        ["op.float", "conv3d.cpu"],
    ),
}


def inspected(model):
    return Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, output_dir=None, verbose_level=0)


@pytest.mark.parametrize("case", sorted(CASES))
def test_verdict_and_reasons(case):
    build, verdict, constraints = CASES[case]
    result = inspected(build())
    (op,) = [op for op in result.ops if op.name == "x"]
    assert op.verdict.value == verdict
    assert [finding.constraint for finding in op.findings] == ["czdx8g." + c for c in constraints]
    assert op.device.value == ("dpu" if verdict == "supported" else "cpu")
    assert all(finding.suggestion for finding in op.findings)


def test_an_activation_behind_a_convolution_on_the_cpu_names_it():
    model = sequence((64, 64, 3), layers.Conv2D(8, 17, name="large"), layers.ReLU(name="x"))
    (op,) = inspected(model).find("x")
    assert op.device.value == "cpu"
    assert [finding.follows for finding in op.findings] == ["large"]
    assert not op.root_cause


def test_what_changes_nothing_is_dropped_and_found_again():
    model = sequence(
        (32, 32, 3),
        layers.Conv2D(8, 3, name="conv"),
        layers.MaxPooling2D(1, name="pool"),
        layers.UpSampling2D(1, name="up"),
        layers.ReLU(name="relu"),
    )
    result = inspected(model)
    assert [op.name for op in result.ops if op.device.value != "user"] == ["conv", "relu"]
    assert result.summary.fully_on_dpu
    for layer in ("pool", "up"):
        assert [op.name for op in result.find(layer)] == ["conv"]


def test_a_pad_of_nothing_is_judged_as_written_and_best_left_out():
    padded = layers.ZeroPadding2D(0, name="pad")
    relu = layers.ReLU(name="relu")
    result = inspected(sequence((32, 32, 3), layers.Conv2D(8, 3), padded, relu))
    told = "it adds nothing (a pad of 0 on every side): leave it out, which computes the same"
    assert result.op("pad").messages == (told,)
    (reason,) = result.op("relu").findings
    assert reason.suggestion == "leave pad out, which computes the same"
    before = inspected(sequence((32, 32, 3), padded, layers.Conv2D(8, 3, name="conv")))
    assert before.summary.fully_on_dpu
    assert before.op("conv").op.origin.layers == ("conv", "pad")


def test_a_concatenated_constant_is_seen():
    import numpy

    data = keras.Input((8, 8, 4))
    main = layers.Conv2D(8, 1)(data)
    joined = keras.ops.concatenate([main, numpy.ones((1, 8, 8, 2), "float32")], axis=-1)
    result = inspected(keras.Model(data, joined))
    (op,) = [op for op in result.ops if op.type == "concat"]
    assert len(op.op.inputs) == 2
    reasons = [finding.constraint for finding in op.findings]
    assert reasons == ["czdx8g.op.float", "czdx8g.concat.constant"]


def test_a_target_without_rules_says_unknown_and_warns(monkeypatch):
    import dataclasses

    from vai_inspect.rules.engine import registry

    bare = dataclasses.replace(registry.family("cadf8h"), constraints=(), takes=frozenset())
    monkeypatch.setattr(registry, "family", lambda name: bare)
    model = sequence((32, 32, 3), layers.Conv2D(8, 3))
    result = Inspector("DPUCADF8H_ISA0").inspect(model, output_dir=None, verbose_level=0)
    assert result.summary.dpu_ops == 0
    assert result.summary.unknown_ops == 1
    assert any("not written yet" in told for told in result.warnings)


def test_a_batch_that_the_dpu_does_not_take():
    """The first operator is the cause, what follows it names it; with batch 4 all is well."""
    model = sequence((32, 32, 3), layers.Conv2D(8, 3, name="first"), layers.Conv2D(8, 3))
    inspector = Inspector("DPUCADF8H_ISA0")
    one = inspector.inspect(model, (1, 32, 32, 3), output_dir=None, verbose_level=0)
    assert [op.device.value for op in one.ops] == ["user", "cpu", "cpu", "user"]
    assert [op.root_cause for op in one.ops[1:3]] == [True, False]
    assert "batch 4" in one.ops[1].findings[0].suggestion
    four = inspector.inspect(model, (4, 32, 32, 3), output_dir=None, verbose_level=0)
    assert four.summary.fully_on_dpu


def test_a_constant_of_the_cpu_names_its_reader():
    model = sequence((8, 8, 3), layers.Rescaling(1.0, offset=1.0, name="x"), layers.Conv2D(4, 1))
    result = inspected(model)
    constants = [op for op in result.ops if op.type == "const" and op.device.value == "cpu"]
    followed = [finding.follows for const in constants for finding in const.findings]
    assert followed == ["x/mul", "x"]
    assert not any(const.root_cause for const in constants)


def test_an_activation_of_tensorflow_is_read_and_one_of_the_users_own_is_not():
    tensorflow = pytest.importorskip("tensorflow")

    def mine(x):
        return x

    model = sequence(
        (8, 8, 3),
        layers.Conv2D(4, 1, activation=tensorflow.nn.relu, name="known"),
        layers.Conv2D(4, 1, activation=mine, name="own"),
    )
    result = inspected(model)
    assert [op.type for op in result.find("known")] == ["conv2d", "relu"]
    (_, own) = result.find("own")
    assert "mine is your own function" in own.findings[0].message


def test_numbers_of_numpy_are_written(tmp_path):
    import numpy

    two, three = (numpy.int64(2),) * 2, (numpy.int64(3),) * 2
    model = sequence(
        (8, 8, 3),
        layers.Conv2D(numpy.int64(4), three, strides=two, padding="same"),
        layers.MaxPooling2D(three, strides=two, padding="same"),
    )
    inspector = Inspector("DPUCZDX8G_ISA1_B4096")
    inspector.inspect(model, output_dir=tmp_path, verbose_level=0, write_json=True)
    assert len(list(tmp_path.iterdir())) == 3


def test_what_a_folded_layer_had_to_tell_is_kept():
    data = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 1, name="conv")(data)
    x = layers.Dropout(0.5, name="drop")(x, training=True)
    (op,) = inspected(keras.Model(data, x)).find("drop")
    assert any("training=True" in message for message in op.messages)
