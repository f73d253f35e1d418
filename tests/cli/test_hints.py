"""What is said of files that name no model, or need the vendor's packages."""

from __future__ import annotations

import pytest

from vai_inspect.cli.load import load_model
from vai_inspect.core.errors import ModelError

NETWORK = """
import math

def make_network(width=1):
    return math.nan

class Network:
    pass

def _hidden():
    pass

ready = make_network()
number = 3
"""


def message(spec):
    with pytest.raises(ModelError) as caught:
        load_model(spec, {})
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.py").write_text(NETWORK)
    return tmp_path


def test_a_file_without_a_name_lists_what_is_in_it(folder):
    assert message("network.py") == (
        "MODEL 'network.py' names no model in it; write network.py:name, where name is one of "
        "make_network, Network, ready."
    )


def test_so_does_one_with_a_name_that_is_like_none(folder):
    assert message("network.py:zzz") == (
        "MODEL 'network.py:zzz': network has no 'zzz'. It has make_network, Network, ready."
    )
    assert message("network.py:make_netwrok").endswith("Did you mean make_network or Network?")


def test_a_file_with_nothing_in_it_says_how_to_write(folder):
    (folder / "empty.py").write_text("")
    assert message("empty.py").endswith("write empty.py:name, where name is one.")


IMPORTS = {
    "from pytorch_nndct.apis import Inspector": "vai_inspect.torch",
    "import pytorch_nndct": "vai_inspect.torch",
    "from vai_q_tensorflow2 import quantize": "vai_inspect.keras",
    "from tensorflow_model_optimization.quantization.keras import vitis_inspect": (
        "vai_inspect.keras"
    ),
}


@pytest.mark.parametrize("line", IMPORTS)
def test_an_import_of_the_vendors_packages_says_what_stands_for_it(line, folder):
    (folder / "script.py").write_text(line + NETWORK.replace("import math", ""))
    said = message("script.py:Network")
    assert "(script.py:1)" in said
    assert said.endswith(
        "it is part of the vendor's docker image: change that import to {}, or move the network "
        "to a file of its own.".format(IMPORTS[line])
    )


@pytest.mark.parametrize("spec", ["vision_file.py:model", "vision_module:model"])
def test_a_torchvision_beside_another_torch_is_named(spec, folder):
    error = "RuntimeError('operator torchvision::nms does not exist')"
    (folder / "vision_file.py").write_text(f"model = 0\nraise {error}\n")
    (folder / "vision_module.py").write_text(f"model = 0\nraise {error}\n")
    assert "install both from one index, as in pip install torch torchvision" in message(spec)


def test_another_missing_module_is_not_the_vendors(folder):
    (folder / "script.py").write_text("import no_such_module_of_anybody\nNetwork = 3\n")
    assert "docker" not in message("script.py:Network")


FILES = {
    "m.tflite": "give the Keras model that it was converted from",
    "m.pb": "give the Keras model (.keras, .h5) or the SavedModel folder",
    "m.xmodel": "give the float model that it was made from",
    "m.torchscript": "give the nn.Module that it was made from, as file.py:name",
    "made/saved_model.pb": "give its folder, made",
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_other_formats_say_the_way_from_there(name, folder):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    assert FILES[name] in message(name)
    assert FILES[name] in message(name + ":model")
