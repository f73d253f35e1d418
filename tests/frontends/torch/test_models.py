"""Models of torchvision and timm: read with no crash, and no operator lost."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from tests.frontends.torch.strategies import capture_with  # noqa: E402
from tests.frontends.torch.zoo import build, torchvision  # noqa: E402
from vai_inspect.core.ir.ops import output_shape  # noqa: E402
from vai_inspect.core.passes import normalise  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402
from vai_inspect.frontends.torch.capture.modes import can_record  # noqa: E402

if not hasattr(torch, "set_default_device"):
    pytest.skip("models on the meta device need torch 2.0", allow_module_level=True)

models = torchvision().models
NAMES = [name for name in models.list_models() if not name.startswith("quantized_")]
DETECTION = [name for name in NAMES if name in models.list_models(module=models.detection)]
SEGMENTATION = models.list_models(module=models.segmentation)
VIDEO = models.list_models(module=models.video)
TORCH = tuple(int(number) for number in torch.__version__.split(".")[:2])
STOPS = ("writes into a tensor", "asks for the value of a tensor")
WHOLE_LADDER = ("fasterrcnn_mobilenet_v3_large_320_fpn", "ssdlite320_mobilenet_v3_large")
"""The detectors that the other strategies are tried on, too; each takes them seconds to give up."""
FLOW = models.list_models(module=models.optical_flow)
OTHERS = [name for name in NAMES if name not in DETECTION and name not in FLOW]
TIMM = [
    "beit_base_patch16_224",
    "botnet26t_256",
    "cait_xxs24_224",
    "coat_tiny",
    "coatnet_0_rw_224",
    "convit_tiny",
    "convmixer_768_32",
    "convnext_nano",
    "crossvit_tiny_240",
    "cs3darknet_m",
    "davit_tiny",
    "deit3_small_patch16_224",
    "densenet121",
    "dla34",
    "dm_nfnet_f0",
    "dpn68",
    "eca_nfnet_l0",
    "edgenext_x_small",
    "efficientformer_l1",
    "efficientnet_lite0",
    "efficientvit_b0",
    "efficientvit_m0",
    "ese_vovnet19b_dw",
    "fastvit_t8",
    "fbnetc_100",
    "gcvit_xxtiny",
    "gernet_s",
    "ghostnet_100",
    "hardcorenas_a",
    "hgnet_tiny",
    "hrnet_w18_small",
    "inception_resnet_v2",
    "inception_v4",
    "lcnet_050",
    "levit_128",
    "maxvit_rmlp_nano_rw_256",
    "mixer_s32_224",
    "mobilenetv2_100",
    "mobilenetv3_small_100",
    "mobilenetv4_conv_small",
    "mobileone_s0",
    "mobilevit_xxs",
    "mobilevitv2_050",
    "nasnetalarge",
    "nfnet_l0",
    "poolformer_s12",
    "pvt_v2_b0",
    "regnetx_002",
    "regnety_002",
    "repghostnet_050",
    "repvgg_a0",
    "repvit_m1",
    "res2net50_14w_8s",
    "resmlp_12_224",
    "resnest14d",
    "resnet10t",
    "resnetv2_50",
    "rexnet_100",
    "selecsls42",
    "semnasnet_075",
    "skresnet18",
    "swin_tiny_patch4_window7_224",
    "swinv2_tiny_window8_256",
    "tf_efficientnetv2_b0",
    "tinynet_a",
    "tiny_vit_5m_224",
    "twins_svt_small",
    "vgg11",
    "visformer_tiny",
    "vit_tiny_patch16_224",
    "volo_d1_224",
    "vovnet39a",
    "xception41",
    "xcit_nano_12_p8_224",
]


def _shape(name):
    if name in VIDEO:
        return (1, 3, 16, 224, 224)
    return (1, 3, 299, 299) if name == "inception_v3" else (1, 3, 224, 224)


def _build(name):
    extra = {"weights_backbone": None} if name in SEGMENTATION else {}
    return build(lambda: models.get_model(name, weights=None, **extra))


def _detector(name):
    """A detector of small images, few classes and few boxes, so that it is quick."""
    options = {"num_classes": 3}
    if "rcnn" in name:
        options.update(rpn_post_nms_top_n_test=20, box_detections_per_img=5)
    if not name.startswith("ssd"):
        options.update(min_size=64, max_size=64)
    return build(lambda: models.get_model(name, weights=None, weights_backbone=None, **options))


def _calls_of_leaves(model, inputs):
    """Names of the modules without children that one real forward calls, by hooks."""
    called = set()
    handles = [
        module.register_forward_hook(lambda *_, path=path: called.add(path))
        for path, module in model.named_modules()
        if not list(module.children())
    ]
    with torch.no_grad():
        model.eval()(inputs)
    for handle in handles:
        handle.remove()
    return called


def _check(captured):
    assert captured.model.capture == "fx"
    return _sound(normalise(captured.graph, captured.batch_norm_into))


def _sound(graph):
    assert any(op.kind == "return" for op in graph)
    for op in graph:
        if op.kind != "unknown" and 0 not in op.output.shape:
            inputs = [tensor.shape for tensor in graph.input_types(op)]
            params = {param.role: param.type.shape for param in op.params}
            shape = output_shape(op.kind, op.attrs, inputs, params)
            # A constant of no axes lies as one of one element.
            assert shape in (None, op.output.shape) or {shape, op.output.shape} == {(), (1,)}
        for message in op.messages:
            assert "Error" not in message
    return graph


@pytest.mark.parametrize("name", OTHERS)
def test_torchvision_models_are_read(name):
    _check(capture(_build(name), _shape(name)))


@pytest.mark.parametrize(
    "name",
    ["resnet18", "googlenet", "mobilenet_v3_small", "densenet121", "lraspp_mobilenet_v3_large"],
)
def test_every_module_that_runs_is_found_again(name):
    model = _build(name)
    graph = _check(capture(model, _shape(name)))
    called = _calls_of_leaves(model, torch.empty(_shape(name), device="meta"))
    found = {layer for op in graph for layer in op.origin.layers}
    assert called - found == set()


@pytest.mark.skipif(not can_record(), reason="torch 1.12 has no such hooks")
@pytest.mark.parametrize("name", DETECTION)
def test_detection_models_are_followed_for_one_input(name, monkeypatch):
    given = _detector(name), [[torch.zeros(3, 64, 64)]]
    if name in WHOLE_LADDER:
        captured = capture(*given)
    else:
        captured = capture_with("eager", *given, monkeypatch)
    first = captured.warnings[0]
    assert captured.model.capture == "eager"
    if name in WHOLE_LADDER:
        # Before torch 2.0, fx comes to what it cannot see first.
        stops = STOPS[1:] if TORCH >= (2, 0) else STOPS
        why = ["fell back to eager; fx failed: the forward " + stop for stop in stops]
        assert first.startswith(tuple(why))
    assert any("depends on tensor values" in text for text in captured.warnings)
    graph = _sound(normalise(captured.graph, captured.batch_norm_into))
    assert sum(op.kind == "conv2d" for op in graph) > 30


@pytest.mark.parametrize("name", TIMM)
def test_timm_models_are_read(name):
    timm = pytest.importorskip("timm", exc_type=ImportError)
    if name not in timm.list_models():
        pytest.skip("this timm has no {}".format(name))
    model = build(lambda: timm.create_model(name, pretrained=False))
    _check(capture(model, (1, *model.default_cfg["input_size"])))
