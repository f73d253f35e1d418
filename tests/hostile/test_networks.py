"""Made-up networks: the config reader, the live walk and PyTorch say the same of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import keras
import pytest
from hypothesis import given

from tests.frontends.keras.archives import archive, saved
from tests.hostile import keras_networks, shared_networks
from tests.hostile.amount import cases, ran
from tests.parity.test_parity import told, without_sources
from tests.placing import built_on
from vai_inspect.core.errors import VaiInspectError
from vai_inspect.core.passes import normalise
from vai_inspect.frontends.keras import capture as capture_keras
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports import gv
from vai_inspect.reports import json as json_report
from vai_inspect.reports.text import text
from vai_inspect.rules.targets.lookup import lookup

pytestmark = [
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.skipif(keras.__version__.startswith("2."), reason="made of layers of Keras 3"),
]
TARGETS = ("DPUCZDX8G_ISA1_B4096", "DPUCVDX8G_ISA3_C32B3")


def seen(source: Any) -> Dict[str, Any]:
    """What is found of a model, or what is said against it."""
    try:
        captured = capture_keras(source)
    except VaiInspectError as error:
        return {"refused": type(error).__name__}
    operators: List[Any] = told(captured.graph)
    # A config does not tell the weights of what is not looked into.
    operators = [op if op[1] != "unknown" else op[:5] + op[6:] for op in operators]
    reports = [inspect_graph(captured, lookup(target)).to_dict() for target in TARGETS]
    for report in reports:
        del report["model"]["capture"]
    return {"operators": operators, "reports": reports}


@cases(40)
@given(recipe=keras_networks.recipes())
def test_a_file_says_what_the_live_model_says(recipe: Any, tmp_path: Path) -> None:
    keras.backend.clear_session()
    model = keras_networks.build(recipe)
    live = seen(model)
    assert seen(archive(tmp_path / "m.keras", saved(model))) == live
    ran("Keras networks, .keras against the live walk")
    model.save(tmp_path / "m.h5")
    assert seen(tmp_path / "m.h5") == live
    ran("Keras networks, .h5 against the live walk")


@cases(20)
@given(network=shared_networks.networks())
def test_keras_and_pytorch_say_the_same(network: shared_networks.Network) -> None:
    torch_frontend = pytest.importorskip("vai_inspect.frontends.torch")
    pytest.importorskip("torch")
    keras.backend.clear_session()
    with built_on("meta"):
        module, shapes = shared_networks.in_torch(network)
    both = (
        capture_keras(shared_networks.in_keras(network)),
        torch_frontend.capture(module, shapes[0] if len(shapes) == 1 else shapes),
    )
    # Branches may run in another order.
    ours, theirs = (sorted(told(normalise(one.graph)), key=lambda op: op[0]) for one in both)
    assert ours == theirs
    for target in map(lookup, TARGETS):
        devices = [{op.name: op.device for op in inspect_graph(one, target).ops} for one in both]
        assert devices[0] == devices[1]
    ran("networks in Keras against PyTorch")


@cases(10)
@given(recipe=keras_networks.recipes())
def test_every_report_can_be_written_of_them(recipe: Any) -> None:
    keras.backend.clear_session()
    captured = capture_keras(keras_networks.build(recipe))
    first, again = (inspect_graph(captured, lookup(TARGETS[0])) for _ in range(2))
    for render in (text.render, gv.render, json_report.render):
        assert render(first) == render(again)
    assert len(without_sources(first)) > 100
    ran("Keras networks, reports")
