"""Files that nobody vouches for: one clear line, at once and within bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, List

import keras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.frontends.keras.archives import archive, saved
from vai_inspect.core.errors import VaiInspectError
from vai_inspect.frontends.keras.config import capture_file

L = keras.layers

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def small() -> Any:
    inputs = keras.Input((8, 8, 3), name="x")
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="conv")(inputs)
    x = L.Add(name="add")([x, L.DepthwiseConv2D(3, padding="same", name="dw")(x)])
    inner = keras.Sequential([keras.Input((8, 8, 4)), L.Flatten(name="flat")], name="inner")
    return keras.Model(inputs, L.Dense(2, name="dense")(inner(x)), name="net")


@pytest.fixture(scope="module")
def config() -> Dict[str, Any]:
    return saved(small())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, bytes]:
    folder = tmp_path_factory.mktemp("files")
    model = small()
    for name in ("m.keras", "m.h5"):
        model.save(folder / name)
    return {name: (folder / name).read_bytes() for name in ("m.keras", "m.h5")}


def problem(path: Any) -> str:
    """The message, which is one line of bounded length, and came at once."""
    start = time.process_time()
    with pytest.raises(VaiInspectError) as info:
        capture_file(path)
    assert time.process_time() - start < 2
    text = str(info.value)
    assert "\n" not in text
    assert len(text) < 1000
    return text


def result_or_line(path: Any) -> None:
    """Reads a file; the only error allowed is one of ours, of one line."""
    try:
        captured = capture_file(path)
    except VaiInspectError as error:
        lines = str(error).count("\n")
        captured = None
        assert lines == 0, error  # noqa: PT017
    assert captured is None or len(captured.graph) > 0


def layer(config: Dict[str, Any], name: str) -> Dict[str, Any]:
    found: Dict[str, Any] = next(
        one for one in config["config"]["layers"] if one["config"]["name"] == name
    )
    return found


def reads(history: List[Any]) -> List[Any]:
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": history}}
    return [{"args": [tensor], "kwargs": {}}]


def _with(**changes: Any) -> Callable[[Dict[str, Any]], None]:
    def change(config: Dict[str, Any]) -> None:
        layer(config, "conv")["config"].update(changes)

    return change


def _cycle(config: Dict[str, Any]) -> None:
    layer(config, "conv")["inbound_nodes"] = reads(["add", 0, 0])


def _itself(config: Dict[str, Any]) -> None:
    layer(config, "conv")["inbound_nodes"] = reads(["conv", 0, 0])


def _twice(config: Dict[str, Any]) -> None:
    config["config"]["layers"].append(layer(config, "conv"))


def _no_such_layer(config: Dict[str, Any]) -> None:
    layer(config, "conv")["inbound_nodes"] = reads(["nowhere", 0, 0])


def _no_such_call(config: Dict[str, Any]) -> None:
    layer(config, "dense")["inbound_nodes"] = reads(["inner", 7, 0])


def _no_such_output(config: Dict[str, Any]) -> None:
    layer(config, "conv")["inbound_nodes"] = reads(["x", 0, 3])


def _no_inputs(config: Dict[str, Any]) -> None:
    config["config"]["input_layers"] = []


def _no_outputs(config: Dict[str, Any]) -> None:
    config["config"]["output_layers"] = [["nowhere", 0, 0]]


def _no_layers(config: Dict[str, Any]) -> None:
    config["config"]["layers"] = 5


def _no_config(config: Dict[str, Any]) -> None:
    layer(config, "dw")["config"] = None


def _other_record(config: Dict[str, Any]) -> None:
    text = json.dumps(layer(config, "add")["inbound_nodes"]).replace("8, 8, 4", "8, 8, 5")
    layer(config, "add")["inbound_nodes"] = json.loads(text)


CONTRADICTIONS = {
    "a cycle": (_cycle, "cycle"),
    "a layer that reads itself": (_itself, "cycle"),
    "two layers of one name": (_twice, "two layers named 'conv'"),
    "a layer that is not there": (_no_such_layer, "nowhere"),
    "a call that is not there": (_no_such_call, "'inner'"),
    "an output that is not there": (_no_such_output, "output 3 of 'x'"),
    "no inputs": (_no_inputs, "'x'"),
    "no outputs": (_no_outputs, "outputs"),
    "layers that are a number": (_no_layers, "list of layers"),
    "a layer without a config": (_no_config, "without a"),
    "another record of a shape": (_other_record, "contradicts itself"),
    "a kernel larger than the image": (_with(padding="valid", kernel_size=[99, 99]), "refuses"),
    "filters of half": (_with(filters=2.5), "conv"),
    "filters below zero": (_with(filters=-4), "conv"),
    "groups that do not divide": (_with(groups=7), "conv"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_config_that_contradicts_itself(name: str, config: Any, tmp_path: Path) -> None:
    change, says = CONTRADICTIONS[name]
    changed = json.loads(json.dumps(config))
    change(changed)
    assert says in problem(archive(tmp_path / "m.keras", changed))


SETTINGS = {
    "a kernel of text": {"kernel_size": "large"},
    "a stride of nothing": {"strides": [0, 0]},
    "filters that are not a number": {"filters": float("nan")},
    "no filters": {"filters": None},
    "a padding of no kind": {"padding": "diagonal"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be_read_make_an_unknown_operator(
    name: str, config: Any, tmp_path: Path
) -> None:
    changed = json.loads(json.dumps(config))
    _with(**SETTINGS[name])(changed)
    op = capture_file(archive(tmp_path / "m.keras", changed)).graph["conv"]
    assert op.kind == "unknown"
    assert "could not be read" in op.messages[0]


def test_settings_of_any_kind_end_in_a_line_or_a_result(config: Any, tmp_path: Path) -> None:
    odd: List[Any] = [10**18, 1e308, float("inf"), float("nan"), -1, [], {}, "", None, [10**18] * 2]
    for name in ("conv", "dw", "dense", "add", "x"):
        for key in list(layer(config, name)["config"]):
            for value in odd:
                changed = json.loads(json.dumps(config))
                layer(changed, name)["config"][key] = value
                start = time.process_time()
                result_or_line(archive(tmp_path / "m.keras", changed))
                assert time.process_time() - start < 1


TEXTS = {
    "cut off": ('{"class_name": "Functional", "config": {', "truncated"),
    "empty": ("", "truncated"),
    "a list": ("[1, 2]", "list"),
    "a number": ("7", "int"),
    "no class": ("{}", "names no class"),
    "no config": ('{"class_name": "Functional"}', "not a graph"),
    "another class": ('{"class_name": "Dense", "config": {}}', "class Dense"),
    "a long number": ('{"class_name": ' + "9" * 10**6 + "}", "1000000 digits"),
    "deep": ("[" * 10**5 + "]" * 10**5, "nested too deeply"),
    "deep in a model": (
        '{"class_name": "Sequential", "config": {"name": "m", "layers": [' * 10**4 + "]}}" * 10**4,
        "nested too deeply",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_a_config(name: str, tmp_path: Path) -> None:
    text, says = TEXTS[name]
    assert says in problem(archive(tmp_path / "m.keras", None, text=text))


def test_text_that_is_no_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", b'{"class_name": "\xff\xfe"}')
    assert "not text" in problem(path)


def test_models_within_models_do_not_multiply(tmp_path: Path) -> None:
    """Each model calls the one within twice: a short text, and 2 ** 40 calls."""

    def doubled(inner: Any, depth: int) -> Any:
        source = {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 4]}}
        inner = dict(inner, name="m", inbound_nodes=reads(["x", 0, 0]) + reads(["m", 0, 0]))
        config = {
            "name": "m{}".format(depth),
            "layers": [dict(source, name="x", inbound_nodes=[]), inner],
            "input_layers": [["x", 0, 0]],
            # Keras 3 counts the calls of a model within from 1 here.
            "output_layers": [["m", 2 if depth else 1, 0]],
        }
        return {"class_name": "Functional", "config": config}

    model: Any = {"class_name": "ReLU", "config": {"name": "m"}}
    for depth in range(40):
        model = doubled(model, depth)
    path = archive(tmp_path / "m.keras", model)
    start = time.process_time()
    with pytest.raises(VaiInspectError, match="more than 10,080 calls"):
        capture_file(path)
    assert time.process_time() - start < 5


def _write(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


KINDS: Dict[str, Any] = {
    "nothing": (_write(b""), "empty"),
    "text": (_write(b"weights"), "neither a zip archive"),
    "a pickle": (_write(b"\x80\x04\x95\x0f"), "not opened"),
    "a zip without an end": (_write(b"PK\x03\x04" + b"\0" * 99), "truncated"),
    "an HDF5 signature alone": (_write(b"\x89HDF\r\n\x1a\n"), "HDF5"),
    "zeros behind an HDF5 signature": (_write(b"\x89HDF\r\n\x1a\n" + b"\0" * 999), "HDF5"),
    "a folder": (lambda path: path.mkdir(), "folder"),
    "a pipe": (os.mkfifo, "not a regular file"),
}


@pytest.mark.parametrize("name", KINDS)
def test_kind_of_file(name: str, tmp_path: Path) -> None:
    make, says = KINDS[name]
    make(tmp_path / "m.keras")
    assert says in problem(tmp_path / "m.keras")


def test_path_that_is_none(tmp_path: Path) -> None:
    assert "no file" in problem(tmp_path / "m.keras")
    assert "cannot be read" in problem("model\0.keras")
    assert "cannot be read" in problem("m" * 500)


def test_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", b"")
        file.writestr("../../config.json", b"{}")
    assert "looks like a PyTorch file" in problem(path)


def test_names_that_lead_out_of_the_archive_are_not_followed(config: Any, tmp_path: Path) -> None:
    path = archive(tmp_path / "m.keras", config)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../outside.txt", b"written")
    capture_file(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["m.keras"]


def test_h5_that_holds_weights_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.h5"
    small().save_weights(path)
    assert "only weights" in problem(path)


BOUNDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (300 * 2**20, 300 * 2**20))
from vai_inspect.cli import main
main(["inspect", sys.argv[1], "-t", "DPUCZDX8G_ISA1_B4096"])
"""


@pytest.mark.parametrize("lies", [False, True])
def test_member_of_a_gigabyte_of_zeros(lies: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    file = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with file, file.open("config.json", "w", force_zip64=True) as member:
        for _ in range(1024):
            member.write(bytes(2**20))
    if lies:
        # The directory at the end says that it is a short one.
        data = path.read_bytes()
        size = (2**30).to_bytes(4, "little")
        at = data.rindex(b"PK\x01\x02")
        data = data[:at] + data[at:].replace(size, (500).to_bytes(4, "little"))
        path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(path)], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("vai-inspect: error: config.json in " + str(path))


def test_every_cut_of_a_file_ends_in_a_line(files: Any, tmp_path: Path) -> None:
    for name, data in files.items():
        path = tmp_path / name
        for length in range(0, len(data), max(1, len(data) // 300)):
            path.write_bytes(data[:length])
            result_or_line(path)


MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=8)), max_size=6
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(["m.keras", "m.h5"]), mutations=MUTATIONS)
def test_mutated_files_never_end_in_a_traceback(
    name: str, mutations: Any, files: Any, tmp_path: Path
) -> None:
    data = bytearray(files[name])
    for where, new in mutations:
        at = int(where * len(data))
        data[at : at + len(new)] = new
    path = tmp_path / name
    path.write_bytes(bytes(data))
    result_or_line(path)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.just("conv"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_configs_never_end_in_a_traceback(data: Any, config: Any, tmp_path: Path) -> None:
    """Any part of the config is replaced by any other, or taken away."""
    changed = json.loads(json.dumps(config))
    for _ in range(data.draw(st.integers(1, 3))):
        part = changed
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(part[key], (dict, list)) and data.draw(st.integers(0, 3)):
                part = part[key]
                continue
            if data.draw(st.booleans()):
                part[key] = data.draw(ANY_JSON)
            else:
                del part[key]
            break
    result_or_line(archive(tmp_path / "m.keras", changed))
