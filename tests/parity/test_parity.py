"""A network written in Keras and in PyTorch gives one IR, the same verdicts and the same files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

import pytest

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")

from tests.parity import keras_nets, torch_nets  # noqa: E402
from tests.placing import built_on  # noqa: E402
from vai_inspect.core.capture import Captured  # noqa: E402
from vai_inspect.core.inspection import Inspection  # noqa: E402
from vai_inspect.core.ir import Graph  # noqa: E402
from vai_inspect.core.passes import normalise  # noqa: E402
from vai_inspect.frontends.keras import capture as capture_keras  # noqa: E402
from vai_inspect.frontends.torch import capture as capture_torch  # noqa: E402
from vai_inspect.pipeline import inspect_graph  # noqa: E402
from vai_inspect.reports import gv, writer  # noqa: E402
from vai_inspect.reports.text import text  # noqa: E402
from vai_inspect.rules.targets.lookup import lookup  # noqa: E402

TARGETS = ("DPUCZDX8G_ISA1_B4096", "DPUCAHX8L_ISA0", "DPUCVDX8H_ISA1_F2W4_4PE", "DPUCADF8H_ISA0")
KERAS_2 = pytest.mark.skipif(
    keras.__version__.startswith("2."),
    reason="hard_sigmoid of Keras 2 is another function",
)
NETS = tuple(torch_nets.NETS)
PERMUTED = {"lenet": ("the permute ", "permute ")}
"""Networks whose PyTorch code says in a permute what Keras has by its layout; it leaves a note."""


def served(names: Iterable[str]) -> List[Any]:
    """The networks as parameters; the one that Keras 2 cannot have is skipped there."""
    return [pytest.param(n, marks=[KERAS_2] if n == "squeeze_excite" else []) for n in names]


class Both(NamedTuple):
    """A network as it was captured in each framework, before any conversion."""

    keras: Captured
    torch: Captured


@pytest.fixture(scope="module")
def captured() -> Dict[str, Both]:
    pairs = {}
    for name, make in torch_nets.NETS.items():
        with built_on("meta"):
            module = make()
        shapes = list(torch_nets.SHAPES[name])
        given = shapes[0] if len(shapes) == 1 else shapes
        pairs[name] = Both(
            capture_keras(keras_nets.NETS[name]()),
            capture_torch(module, given),
        )
    return pairs


def told(graph: Graph, notes: Tuple[str, ...] = ()) -> List[Any]:
    """Returns all that an IR says but for origins and for the notes that begin as `notes` do."""
    return [
        (
            op.name,
            op.kind,
            op.attributes(),
            op.inputs,
            [tensor.shape for tensor in op.outputs],
            [(param.role, param.type.shape) for param in op.params],
            [message for message in op.messages if not message.startswith(notes)],
            op.float_only,
            op.float_remedy,
        )
        for op in graph
    ]


def without_sources(inspection: Inspection) -> str:
    """Returns the text report but for source ranges and the code of the plan."""
    steps = tuple(replace(step, code=None) for step in inspection.steps)
    kept, inside = [], False
    for line in text.render(replace(inspection, steps=steps)).splitlines():
        inside = line == "source range:" or (inside and line.startswith("    "))
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def test_both_frameworks_have_the_same_networks() -> None:
    assert list(keras_nets.NETS) == list(torch_nets.NETS)
    assert len(NETS) >= 12


@pytest.mark.parametrize("name", served(NETS))
def test_the_ir_is_the_same(captured: Dict[str, Both], name: str) -> None:
    both, notes = captured[name], PERMUTED.get(name, ())
    assert told(normalise(both.keras.graph), notes) == told(normalise(both.torch.graph), notes)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", served(name for name in NETS if name not in PERMUTED))
def test_the_files_are_the_same(captured: Dict[str, Both], name: str, target: str) -> None:
    ours = [inspect_graph(one, lookup(target)) for one in captured[name]]
    assert without_sources(ours[0]) == without_sources(ours[1])
    assert gv.render(ours[0]) == gv.render(ours[1])


def test_a_permute_that_cancels_leaves_a_note_and_the_same_verdicts(
    captured: Dict[str, Both],
) -> None:
    both = captured["lenet"]
    ours = [inspect_graph(one, lookup(TARGETS[0])) for one in both]
    assert [op.device for op in ours[0].ops] == [op.device for op in ours[1].ops]
    notes = [message for op in ours[1].ops for message in op.messages]
    assert [note for note in notes if note.startswith(PERMUTED["lenet"])]


@pytest.mark.parametrize("name", ["unet_bilinear", "cpu_in_the_middle"])
def test_the_pictures_are_the_same(captured: Dict[str, Both], name: str, tmp_path: Any) -> None:
    pictures = []
    for framework, one in captured[name]._asdict().items():
        inspection = inspect_graph(one, lookup(TARGETS[0]))
        written = writer.write(inspection, tmp_path / framework, ["png"])
        assert written.problem is None
        pictures.append(written.files["png"].read_bytes())
    assert pictures[0] == pictures[1]


def test_same_padding_of_a_stride_of_2_differs() -> None:
    """Keras pads the end only where the sum is odd, PyTorch the same on both sides."""
    from keras import layers

    image = keras.Input((32, 32, 3), batch_size=1, name="x")
    model = keras.Model(image, layers.Conv2D(8, 3, 2, "same", name="conv")(image), name="Net")
    with built_on("meta"):
        module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2, padding=1))
    pads = [
        captured.graph.ops[1].attributes()["pad"]
        for captured in (capture_keras(model), capture_torch(module, (1, 3, 32, 32)))
    ]
    assert pads == [[0, 1, 0, 1], [1, 1, 1, 1]]


def test_the_epsilon_of_a_batch_normalisation_differs() -> None:
    """It is folded behind a convolution; alone it shows each framework's own default."""
    from keras import layers

    image = keras.Input((8, 8, 4), batch_size=1, name="x")
    model = keras.Model(image, layers.BatchNormalization(name="bn")(image), name="Net")
    with built_on("meta"):
        module = torch.nn.Sequential(torch.nn.BatchNorm2d(4))
    epsilons = [
        captured.graph.ops[1].attributes()["epsilon"]
        for captured in (capture_keras(model), capture_torch(module, (1, 4, 8, 8)))
    ]
    assert epsilons == [pytest.approx(1e-3), pytest.approx(1e-5)]


def test_a_channel_shuffle_needs_two_more_permutes_in_pytorch() -> None:
    """Keras splits the last axis, which is the DPU's own; PyTorch splits the second one.

    The quantiser brings the map to NCHW for that and back; all of it is on the CPU in both.
    """
    from keras import layers

    image = keras.Input((8, 8, 16), batch_size=1, name="x")
    x = layers.Conv2D(16, 1)(image)
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((8, 8, 2, 8))(x))
    model = keras.Model(image, layers.Conv2D(16, 1)(layers.Reshape((8, 8, 16))(x)))

    class Shuffle(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = torch.nn.Conv2d(16, 16, 1), torch.nn.Conv2d(16, 16, 1)

        def forward(self, x: Any) -> Any:
            x = self.first(x).view(1, 2, 8, 8, 8).transpose(1, 2).reshape(1, 16, 8, 8)
            return self.last(x)

    both = capture_keras(model), capture_torch(Shuffle(), (1, 16, 8, 8))
    ours = [inspect_graph(captured, lookup(TARGETS[0])) for captured in both]
    assert [sum(op.type == "transpose" for op in one.ops) for one in ours] == [1, 3]
    for inspection in ours:
        devices = {op.device.value for op in inspection.ops if op.type == "transpose"}
        assert devices == {"cpu"}
