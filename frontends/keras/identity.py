"""Layers that do nothing at inference: dropout, noise, penalties and random augmentation."""

from __future__ import annotations

from vai_inspect.frontends.keras.call import Call


def passed_through(call: Call) -> None:
    """A layer that only works in training; called with training=True it works always."""
    name = type(call.operation).__name__
    if call.kwargs.get("training"):
        call.unknown("{}(training=True)".format(name))
    elif call.output.shape != call.shape:
        call.unknown(name)
    else:
        call.emit("identity")


_REGULARIZATION = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)
# RandomCrop is not one of them: at inference it crops the centre or resizes.
_AUGMENTATION = (
    "AugMix",
    "CutMix",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
)

LAYERS = dict.fromkeys(_REGULARIZATION + _AUGMENTATION, passed_through)
