"""Exported programs (.pt2) that make torch's own reader run code, or use what it should not.

Run as a script it writes them, and a sound one, to the working folder.
"""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, Sequence, Tuple

import torch

SOUND = "sound.pt2"
HARM = "harm-"
"""How the names of the files begin that code in a program makes."""
MODULE = "named_by_a_program"
"""A module beside the programs, which leaves a trace where it is imported."""


class Small(torch.nn.Module):
    """A convolution and a function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)

    def forward(self, x: Any) -> Any:
        return torch.relu(self.conv(x))


class Touch:
    """What a pickle of it runs when it is read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> Any:
        return os.mkdir, (HARM + self.name,)


def edited(
    name: str,
    member: str = "",
    change: Callable[[str], str] = str,
    extra: Sequence[Tuple[str, bytes]] = (),
) -> None:
    """Writes a copy of the sound program with one member changed, and others beside it."""
    with zipfile.ZipFile(SOUND) as source, zipfile.ZipFile(name + ".pt2", "w") as target:
        names = source.namelist()
        root = names[0].split("/")[0]
        for one in names:
            content = source.read(one)
            if member and one.endswith(member):
                new = change(content.decode()).encode()
                assert new != content, name
                content = new
            target.writestr(one, content)
        for one, content in extra:
            target.writestr(root + "/" + one, content)


def in_program(name: str, change: Callable[[Dict[str, Any]], None]) -> None:
    """Writes a copy with its graph changed."""

    def changed(text: str) -> str:
        program = json.loads(text)
        change(program["graph_module"]["graph"])
        return json.dumps(program)

    edited(name, "models/model.json", changed)


def _runs(name: str) -> str:
    return "__import__('os').mkdir('{}{}')".format(HARM, name)


def _from_file(graph: Dict[str, Any]) -> None:
    """An operator that creates the file of which it makes a tensor."""
    node = graph["nodes"][-1]
    node["target"] = "torch.ops.aten.from_file.default"
    node["inputs"] = [
        {"name": "filename", "arg": {"as_string": HARM + "from-file"}, "kind": 1},
        {"name": "shared", "arg": {"as_bool": True}, "kind": 1},
        {"name": "size", "arg": {"as_int": 64}, "kind": 1},
    ]


def _spec(text: str) -> str:
    """Has the keyword arguments stand in a defaultdict, whose factory a module of ours makes."""
    program = json.loads(text)
    signature = program["graph_module"]["module_call_graph"][0]["signature"]
    spec = json.loads(signature["in_spec"])
    context = {"default_factory_module": MODULE, "default_factory_name": "make", "dict_context": []}
    spec[1]["children_spec"][1].update(type="collections.defaultdict", context=context)
    signature["in_spec"] = json.dumps(spec)
    return json.dumps(program)


def _large(graph: Dict[str, Any]) -> None:
    """An operator that takes 2 GB."""
    node = graph["nodes"][-1]
    node["target"] = "torch.ops.aten.ones.default"
    node["inputs"] = [{"name": "size", "arg": {"as_ints": [500_000_000]}, "kind": 1}]


def main() -> None:
    """Writes all of them."""
    sizes = {"x": {0: torch.export.Dim("batch", min=2, max=8)}}
    program = torch.export.export(Small().eval(), (torch.zeros(3, 3, 8, 8),), dynamic_shapes=sizes)
    torch.export.save(program, SOUND)
    symbol = "Symbol('s77', positive=True, integer=True)"
    edited("size", "model.json", lambda s: s.replace(symbol, symbol + "+" + _runs("size")))
    edited("name", "model.json", lambda s: s.replace('"x"', '"x={}"'.format(_runs("name"))))
    constant = {
        "path_name": "opaque_obj_0",
        "is_param": False,
        "use_pickle": True,
        "tensor_meta": None,
    }
    edited(
        "constant",
        "model_constants_config.json",
        lambda s: json.dumps({"config": {"o": constant}}),
        [("data/constants/opaque_obj_0", pickle.dumps(Touch("constant")))],
    )
    edited("spec", "models/model.json", _spec)
    Path(MODULE + ".py").write_text("import os\nos.mkdir('{}spec')\nmake = list\n".format(HARM))
    in_program("from-file", _from_file)
    in_program("large", _large)
    native = ("data/aotinductor/model/model.so", b"")
    edited("native", extra=[native])
    with zipfile.ZipFile("native.pt2") as archive:
        assert archive.testzip() is None
    with Path("native.pt2").open("ab") as file:
        file.write(b"PK\x05\x06")


if __name__ == "__main__":
    main()
