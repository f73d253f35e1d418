"""Layers that do nothing at inference: dropout, noise, penalties and random augmentation."""

from __future__ import annotations

from vai_inspect.frontends.keras.lower.call import Call

_NEVER = ("ActivityRegularization", "Identity", "InputLayer")
"""Layers that change nothing in training either."""


def passed_through(call: Call) -> None:
    """A layer that only works in training; a call in training mode has a note.

    Keras 2 applies it at inference then, Keras 3 where the model is called without `training`, but
    not in `predict`.
    """
    if call.output.shape != call.shape:
        call.unknown(call.operation.class_name)
        return
    call.emit("identity")
    if call.training and call.operation.class_name not in _NEVER:
        call.note(
            "called with training=True, itself or in a model that is, so that it may be applied at "
            "inference too; inspected as without, where it does nothing"
        )


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
    **dict.fromkeys(
        (*REGULARIZATION, *AUGMENTATION, "RandomHeight", "RandomWidth"), passed_through
    ),
}
