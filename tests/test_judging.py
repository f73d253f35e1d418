"""`judge`: what an inspection counts and estimates, faster, picklable, from whatever is at hand."""

from __future__ import annotations

import concurrent.futures
import copy
import json
import pickle
import re
import time
from pathlib import Path

import pytest

keras = pytest.importorskip("keras")

from tests.cli import models  # noqa: E402
from vai_inspect import judge  # noqa: E402
from vai_inspect.core.errors import ModelError, TargetError  # noqa: E402
from vai_inspect.core.inspection import Summary  # noqa: E402
from vai_inspect.core.judgement import Judgement  # noqa: E402
from vai_inspect.keras import Inspector  # noqa: E402
from vai_inspect.rules.targets.lookup import lookup  # noqa: E402

ROOT = Path(__file__).parent.parent
B4096, B512, C32 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B512", "DPUCVDX8G_ISA3_C32B3"

APPLICATIONS = {
    "MobileNetV2": {},
    "EfficientNetB0": {},
    "ResNet50": {"input_shape": (160, 160, 3)},
    "DenseNet121": {"input_shape": (64, 64, 3)},
    "MobileNetV3Small": {"input_shape": (224, 224, 3)},
    "NASNetMobile": {"input_shape": (224, 224, 3)},
}


def agrees(judgement, inspection):
    assert {name: getattr(judgement, name) for name in vars(inspection.summary)} == vars(
        inspection.summary
    )
    found = inspection.default_estimate
    if found is None:
        assert (judgement.dpu_ms, judgement.fps, judgement.error) == (None, None, None)
    else:
        figures = found.dpu_ms, found.latency_ms or 0
        got = judgement.dpu_ms, judgement.latency_ms or 0
        assert got == pytest.approx(figures, rel=1e-12)
        assert (judgement.fps, judgement.error) == (found.fps, found.error)
        assert (judgement.fps is None) == (judgement.latency_ms is None)
    assert judgement.estimate_unknown == inspection.estimate_unknown


@pytest.mark.parametrize("name", APPLICATIONS)
def test_it_says_what_an_inspection_says_live_and_from_the_config(name):
    model = getattr(keras.applications, name)(weights=None, **APPLICATIONS[name])
    inspections = [
        Inspector(target).inspect(model, output_dir=None, verbose_level=0)
        for target in (B4096, C32)
    ]
    for given in (model, model.to_json(), json.loads(model.to_json()), model.get_config()):
        judged = judge(given, [B4096, C32])
        assert list(judged) == [B4096, C32]
        for inspection in inspections:
            agrees(judged[inspection.target.name], inspection)
    keras.backend.clear_session()


@keras.saving.register_keras_serializable("vai_inspect_tests")
class Doubled(keras.layers.Layer):
    """A layer of the user's own, whose shape nobody may guess from a record."""

    def call(self, x):
        return keras.ops.concatenate([x, x], -1)


def shapely():
    """Operations and layers that do something with the batch or the shape."""
    x = given = keras.Input((16, 16, 8))
    x = keras.layers.Conv2D(8, 3, padding="same")(x)
    x = Doubled()(x)
    y = keras.ops.reshape(x, (-1, 16 * 16, 16))
    y = keras.layers.Dense(4)(y)
    z = keras.layers.Lambda(lambda t: t[:, :8])(x)
    return keras.Model(given, [y, z])


@pytest.mark.parametrize("shape", [None, (1, 16, 16, 8), (3, 16, 16, 8), [(2, 16, 16, 8)]])
def test_recorded_shapes_are_those_that_the_layers_give(shape):
    model = shapely()
    inspection = Inspector(B4096).inspect(model, shape, output_dir=None, verbose_level=0)
    agrees(judge(model, B4096, shape)[B4096], inspection)


def test_shapes_of_the_users_own_replace_the_record():
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(8, 3)])
    for size in (32, 64):
        shape = (1, size, size, 3)
        inspection = Inspector(B4096).inspect(model, shape, output_dir=None, verbose_level=0)
        agrees(judge(model, B4096, shape)[B4096], inspection)


def test_subclassed_and_unbuilt_models_are_read_as_ever():
    model = models.Subclassed(8)
    inspection = Inspector(B4096).inspect(model, (1, 32, 32, 3), output_dir=None, verbose_level=0)
    agrees(judge(model, B4096, (1, 32, 32, 3))[B4096], inspection)


def test_the_model_comes_back_unchanged():
    model = models.small()
    before = model.to_json(), [len(layer._inbound_nodes) for layer in model.layers]
    judge(model, B4096)
    assert (model.to_json(), [len(layer._inbound_nodes) for layer in model.layers]) == before


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_pytorch_modules_and_files_are_judged_as_well(tmp_path):
    torch = pytest.importorskip("torch")
    from vai_inspect.torch import Inspector as TorchInspector

    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Sigmoid())
    found = TorchInspector(B4096).inspect(net, (1, 3, 32, 32), output_dir=None, verbose_level=0)
    agrees(judge(net, B4096, (1, 3, 32, 32))[B4096], found)
    file = str(tmp_path / "m.keras")
    models.small().save(file)
    assert judge(file, B4096) == judge(models.small(), B4096)


def test_boards_stand_for_their_target_and_have_times_of_their_own():
    judged = judge(models.whole(), ["KV260", "zcu102", B4096, B512])
    assert list(judged) == ["KV260", "ZCU102", B4096, B512]
    assert {one.target for one in judged.values()} == {B4096, B512}
    assert judged["KV260"] == judged[B4096]
    assert judged["ZCU102"].board == "ZCU102"
    assert judged["ZCU102"].fps > judged["KV260"].fps
    assert judged[B512].board is None
    builds = judge(models.whole(), [B4096, "0x101000056010407"])
    assert list(builds) == ["0x101000016010407", "0x101000056010407"]
    assert judge(models.whole(), lookup(B4096)).keys() == {B4096}


def test_the_length_of_the_plan_is_that_of_the_inspection():
    inspection = Inspector(B4096).inspect(models.small(), output_dir=None, verbose_level=0)
    assert judge(models.small(), B4096)[B4096].plan_steps is None
    found = judge(models.small(), B4096, plan=True)[B4096].plan_steps
    assert found == len(inspection.plan()) == 1
    assert judge(models.whole(), B4096)[B4096].plan_steps == 0


def test_a_family_without_times_says_why():
    found = judge(models.whole(), C32)[C32]
    assert (found.dpu_ms, found.fps, found.board) == (None,) * 3
    assert found.estimate_unknown.startswith("no times are estimated for DPUCVDX8G")
    assert isinstance(found, Summary)


def test_function_and_judgement_can_be_sent_to_another_process():
    judged = judge(models.small(), [B4096, C32])
    assert pickle.loads(pickle.dumps(judge)) is judge
    assert pickle.loads(pickle.dumps(judged)) == judged == copy.deepcopy(judged)
    assert json.loads(json.dumps(judged[B4096].to_dict()))["dpu_ops"] == judged[B4096].dpu_ops


def test_a_sweep_in_processes_gives_what_it_gives_here():
    configs = [models.small(filters).to_json() for filters in (8, 17, 24)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        found = list(pool.map(judge, configs, [B4096] * 3))
    assert found == [judge(config, B4096) for config in configs]
    assert found[0][B4096].dpu_ms < found[1][B4096].dpu_ms


def test_a_sweep_on_dask_gives_what_it_gives_here():
    pytest.importorskip("distributed", reason="pip install dask[distributed], as for tests/run.sh")
    page = (ROOT / "docs" / "search.md").read_text("utf-8")
    (block,) = re.findall(r"^```python-dask\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    configs = [models.small(filters).to_json() for filters in (8, 17, 24)]
    names = {"judge": judge, "configs": configs}
    exec(block, names)
    assert names["found"] == [judge(config, "KV260") for config in configs]


@pytest.mark.parametrize(
    ("error", "model", "targets", "says"),
    [
        (TargetError, {}, [], "no target to judge for"),
        (TargetError, {}, "nothing", "nothing"),
        (ModelError, {}, B4096, "a mapping without a config of a Keras model"),
        (
            ModelError,
            {"class_name": "Functional", "config": {"layers": []}},
            B4096,
            "names an input",
        ),
        (ModelError, {"class_name": "Mine", "config": {}}, B4096, "is not a graph of layers"),
        (ModelError, "{", B4096, "the config is broken or truncated"),
        (ModelError, "{} no more", B4096, "the config is broken or truncated"),
    ],
)
def test_wrong_input_is_one_clear_error(error, model, targets, says):
    with pytest.raises(error) as raised:
        judge(model, targets)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def least(function, runs=5):
    """The least processor time of several runs; what else the machine does only adds to it."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return min(found)


def test_a_live_model_takes_half_of_an_inspection(tmp_path):
    model = keras.applications.MobileNetV2(weights=None)
    inspector = Inspector(B4096)

    def inspect():
        inspector.inspect(model, output_dir=tmp_path, verbose_level=0)

    inspect(), judge(model, B4096)
    ratios = [least(lambda: judge(model, B4096)) / least(inspect) for _ in range(3)]
    assert min(ratios) <= 0.5, ratios


def test_a_torch_module_takes_little_more_than_to_read_it():
    torch = pytest.importorskip("torch")
    from tests.torchvision_models import torchvision_models
    from vai_inspect.torch import Inspector as TorchInspector

    with torch.device("meta"):
        net = torchvision_models().resnet18(weights=None).eval()
    shape, inspector = (1, 3, 224, 224), TorchInspector(B4096)
    judge(net, B4096, shape)
    ratios = [
        least(lambda: judge(net, B4096, shape)) / least(lambda: inspector.capture(net, shape))
        for _ in range(3)
    ]
    assert min(ratios) <= 1.3, ratios


def test_an_estimate_adds_little_to_an_inspection(tmp_path):
    model = keras.applications.MobileNetV2(weights=None)
    inspector = Inspector(B4096)
    inspection = inspector.inspect(model, output_dir=tmp_path, verbose_level=0)

    def inspect():
        inspector.inspect(model, output_dir=tmp_path, verbose_level=0)

    ratios = [least(inspection.estimate) / least(inspect) for _ in range(3)]
    assert min(ratios) <= 0.15, ratios


def test_a_judgement_is_made_of_an_inspection():
    inspection = Inspector(B4096).inspect(models.small(), output_dir=None, verbose_level=0)
    assert Judgement.of(inspection) == judge(models.small(), B4096, plan=True)[B4096]
