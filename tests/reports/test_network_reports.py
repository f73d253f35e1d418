"""Text reports of networks, read line by line as a user would; see golden/networks.

Of those that frameworks ship the head alone is kept: their blocks fill thousands of lines.
UPDATE_GOLDEN=1 writes the files anew.
"""

from __future__ import annotations

import pytest

from tests.placing import built_on
from tests.torchvision_models import torchvision_models
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import json
from vai_inspect.reports.text import text

B4096 = "DPUCZDX8G_ISA1_B4096"
OWN_TORCH = ("ResNet", "Yolo", "UNet", "Mixed")
OWN_KERAS = ("unet", "squeeze_excite", "residual")
HEADS_KERAS = {
    "ResNet50": {"include_top": False, "input_shape": (224, 224, 3)},
    "MobileNetV2": {},
    "MobileNetV3Small": {"input_shape": (224, 224, 3)},
    "DenseNet121": {},
    "EfficientNetB0": {},
}
HEADS_TORCH = {
    "inception_v3": (299, {"init_weights": False}),
    "mobilenet_v3_small": (224, {}),
    "efficientnet_b0": (224, {}),
    "shufflenet_v2_x0_5": (224, {}),
}


def _keras(model):
    from vai_inspect.keras import Inspector

    return Inspector(B4096).inspect(model, None, output_dir=None, verbose_level=0)


def _torch(model, shape):
    from vai_inspect.torch import Inspector

    return Inspector(B4096).inspect(model.eval(), shape, output_dir=None, verbose_level=0)


def _compare(golden, name, inspection, head):
    report = text.render(inspection)
    if head:
        report = report.split("\ngraph name: ")[0].split("\n\n", 1)[1] + "\n"
    golden("networks/{}.txt".format(name), report)
    assert text.render(Inspection.from_json(json.render(inspection))) == text.render(inspection)


@pytest.mark.parametrize("name", OWN_KERAS)
def test_own_keras_network(name, golden):
    keras = pytest.importorskip("keras")
    if name == "squeeze_excite" and keras.__version__.startswith("2."):
        pytest.skip("the file has Keras 3's name of swish, silu")
    from tests.reports import networks_keras

    keras.backend.clear_session()
    _compare(golden, "keras_" + name, _keras(getattr(networks_keras, name)()), head=False)


@pytest.mark.parametrize("name", sorted(HEADS_KERAS))
def test_keras_network(name, golden):
    keras = pytest.importorskip("keras", minversion="3")
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None, **HEADS_KERAS[name])
    _compare(golden, "keras_{}_head".format(name), _keras(model), head=True)


@pytest.mark.parametrize("name", OWN_TORCH)
def test_own_torch_network(name, golden):
    pytest.importorskip("torch")
    from tests.reports import networks_torch

    made = getattr(networks_torch, name)
    with built_on("meta"):
        model = made()
    inspection = _torch(model, networks_torch.SHAPES[made])
    _compare(golden, "torch_" + name.lower(), inspection, head=False)


@pytest.mark.parametrize("name", sorted(HEADS_TORCH))
def test_torch_network(name, golden):
    pytest.importorskip("torch")
    size, options = HEADS_TORCH[name]
    with built_on("meta"):
        model = getattr(torchvision_models(), name)(weights=None, **options)
    inspection = _torch(model, (1, 3, size, size))
    _compare(golden, "torch_{}_head".format(name), inspection, head=True)
