"""Writes the files of Keras 2 that the tests read: `python keras2.py FOLDER`, where TensorFlow is.

Those beside this script were written by TensorFlow 2.8 (`tf28.h5`, `tf28.pb`, which is the
`keras_metadata.pb` of a SavedModel) and by TensorFlow 2.12 (`tf212.keras`).
"""

import shutil
import sys
from pathlib import Path

import tensorflow as tf

keras = tf.keras
L = keras.layers


def model():
    x, y = keras.Input((8, 8, 3), name="x"), keras.Input((8, 8, 3), name="y")
    shared = L.Conv2D(4, 3, padding="same", activation=L.LeakyReLU(alpha=0.5), name="shared")
    both = tf.concat([shared(x), shared(y)], axis=-1)
    both = tf.nn.relu6(2.0 - both[:, 1:7, :, :4] * 0.5) + tf.reduce_mean(
        both[:, :, :, 4:], axis=(1, 2), keepdims=True
    )
    both = L.BatchNormalization(name="norm")(both) * tf.constant([1.0, 2.0, 3.0, 4.0])
    head = keras.Sequential(
        [L.DepthwiseConv2D(3, activation="hard_sigmoid", name="dw"), L.Flatten(name="flat")],
        name="head",
    )
    a, b = keras.Input((96,), name="a"), keras.Input((96,), name="b")
    pair = keras.Model({"b": b, "a": a}, {"s": a - b, "p": L.Multiply()([a, b])}, name="pair")
    flat = head(both)
    found = pair({"b": flat, "a": tf.sqrt(flat)})
    steps = L.Reshape((8, -1), name="steps")(found["p"])
    states = L.LSTM(3, return_sequences=True, return_state=True, name="lstm")(steps)
    mixed = L.MultiHeadAttention(1, 2, name="mha")(states[0], value=states[0])
    return keras.Model([x, y], [L.Dense(2, name="out")(found["s"]), {"m": mixed}], name="net")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    name = "tf" + "".join(tf.__version__.split(".")[:2])
    net = model()
    net.save(str(folder / (name + ".h5")))
    net.save(str(folder / name), save_format="tf")
    shutil.copy(str(folder / name / "keras_metadata.pb"), str(folder / (name + ".pb")))
    if name == "tf212":
        net.save(str(folder / (name + ".keras")), save_format="keras_v3")
