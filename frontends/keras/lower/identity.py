"""Layers that do nothing at inference: dropout, noise, penalties and random augmentation."""

from __future__ import annotations

from vai_inspect.frontends.keras.lower.call import Call


def passed_through(call: Call) -> None:
    """A layer that only works in training."""
    if call.output.shape != call.shape:
        call.unknown(call.operation.class_name)
    else:
        call.emit("identity")


def regularization(call: Call) -> None:
    """As above, with a note on a call with training=True, which `model.predict` disables too."""
    passed_through(call)
    if call.kwargs.get("training"):
        call.note("called with training=True; inspected as at inference, where it does nothing")


REGULARIZATION = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
) + ("Identity", "InputLayer", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
# Without RandomCrop, which at inference crops the centre or resizes.
AUGMENTATION = (
    ("AugMix", "CutMix", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration")
    + ("RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing")
    + ("RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert")
    + ("RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation")
    + ("RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom")
)
"""Layers that keep the shape of their input in training too."""

LAYERS = {
    **dict.fromkeys(REGULARIZATION, regularization),
    **dict.fromkeys((*AUGMENTATION, "RandomHeight", "RandomWidth"), passed_through),
}
