"""Root causes of real networks: what is said to come back does, when all is placed anew."""

from __future__ import annotations

import pytest

from tests.placing import built_on
from tests.torchvision_models import torchvision_models
from vai_inspect.core.findings import Device
from vai_inspect.core.partition import place, root_causes, subgraphs, transfers
from vai_inspect.core.passes import normalise
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.targets.lookup import lookup

TARGETS = ("DPUCZDX8G_ISA1_B4096", "DPUCVDX8G_ISA3_C32B3", "DPUCAHX8L_ISA0_SP")
KERAS = ("EfficientNetB0", "MobileNetV3Small", "DenseNet121", "InceptionV3")
TORCH = ("efficientnet_b0", "mobilenet_v3_small", "shufflenet_v2_x0_5", "googlenet")
SHAPES = {"InceptionV3": (1, 299, 299, 3)}


def _captured(name):
    if name in KERAS:
        keras = pytest.importorskip("keras")
        from vai_inspect.keras import Inspector

        shape = SHAPES.get(name, (1, 224, 224, 3))
        model = getattr(keras.applications, name)(weights=None)
        return Inspector(TARGETS[0]).capture(model, shape, "cpu")
    pytest.importorskip("torch")
    from vai_inspect.torch import Inspector

    options = {"init_weights": False} if name == "googlenet" else {}
    with built_on("meta"):
        model = getattr(torchvision_models(), name)(weights=None, **options).eval()
    return Inspector(TARGETS[0]).capture(model, (1, 3, 224, 224), "cpu")


@pytest.fixture(scope="module", params=KERAS + TORCH)
def graph(request):
    captured = _captured(request.param)
    return normalise(captured.graph, captured.batch_norm_into)


def _on_dpu(graph, placement):
    """Returns the operators on the DPU; a constant is a weight and does not come back."""
    return {
        name
        for name, device in placement.devices.items()
        if device is Device.DPU and graph[name].kind != "const"
    }


def _figures(graph, placement):
    parts = subgraphs(graph, placement.devices)
    crossed = transfers(graph, placement.devices, parts)
    return (
        sum(part.device is Device.DPU for part in parts),
        sum(part.device is Device.CPU for part in parts),
        len(crossed),
        sum(one.bytes for one in crossed),
    )


@pytest.mark.parametrize("target", TARGETS)
def test_outcomes_are_those_of_a_placement_from_the_start(graph, target):
    found = lookup(target)
    evaluated = evaluate(registry.family(found.family), found, graph)
    own, placement = evaluated.own, evaluated.placement
    before = _on_dpu(graph, placement)
    causes = root_causes(graph, own, evaluated.context, placement)
    fixed: set = set()
    checked = []
    for cause in causes:
        fixed |= set(cause.ops)
        checked += [(cause.alone, set(cause.ops)), (cause.cumulative, set(fixed))]
        checked += [(one, {name}) for one, name in list(zip(cause.each, cause.ops))[:3]]
    for outcome, names in checked:

        def context(op, device_of, names=names):
            told = evaluated.context(op, device_of)
            return tuple(one for one in told if one.follows or op.name not in names)

        left = {name: () if name in names else told for name, told in own.items()}
        anew = place(graph, left, context)
        assert set(outcome.returned) == _on_dpu(graph, anew) - before
        assert (
            outcome.dpu_subgraphs,
            outcome.cpu_subgraphs,
            outcome.crossings,
            outcome.crossing_bytes,
        ) == _figures(graph, anew)
    everything = {op.name for op in graph if op.kind not in ("data", "const", "return")}
    if causes:
        assert before | set(causes[-1].cumulative.returned) == everything
    else:
        assert before == everything
