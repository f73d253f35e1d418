"""Scripts of the vendor's TF2 inspector work with their import line changed."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from vai_inspect.core.errors import InputShapeError, ReportError, TargetError  # noqa: E402
from vai_inspect.keras import VitisInspector  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"
layers = keras.layers


@pytest.fixture
def model():
    data = keras.Input((16, 16, 3), name="image")
    tensor = layers.Conv2D(4, 3, activation="sigmoid", name="conv")(data)
    return keras.Model(data, layers.Softmax(name="softmax")(tensor), name="small")


def open_model():
    return keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="conv")])


def two_inputs():
    one, two = keras.Input((None, 4)), keras.Input((None, 4))
    return keras.Model([one, two], layers.Concatenate(name="join")([one, two]))


def test_the_script_of_the_user_guide(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    inspector = VitisInspector(target=B4096)
    result = inspector.inspect_model(
        model,
        input_shape=[1, 16, 16, 3],
        plot=True,
        plot_file="out/model.svg",
        dump_results=True,
        dump_results_file="inspect_results.txt",
        verbose=0,
    )
    text = (tmp_path / "inspect_results.txt").read_text(encoding="utf-8")
    assert "softmax runs on the CPU" in " ".join(text.split())
    assert (tmp_path / "out" / "model.svg").read_text(encoding="utf-8").lstrip().startswith("<")
    assert [op.name for op in result.ops if op.device.value == "cpu"] == ["softmax"]
    assert "hard-sigmoid" in [op.type for op in result.ops]
    out = capsys.readouterr().out
    assert "inspect_results.txt" in out
    assert "softmax" in out


def test_without_options_nothing_is_written(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert VitisInspector(B4096).inspect_model(model).summary.cpu_ops == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shape", "want"),
    [
        ((1, 32, 24, 3), (1, 30, 22, 4)),
        ([None, 32, 24, 3], (1, 30, 22, 4)),
        ([32, 24, 3], (1, 30, 22, 4)),
        ([[2, 32, 24, 3]], (2, 30, 22, 4)),
    ],
)
def test_shapes_with_and_without_their_batch(shape, want):
    result = VitisInspector(B4096).inspect_model(open_model(), input_shape=shape)
    (op,) = result.find("conv")
    assert op.op.output.shape == want


def test_several_inputs_have_a_list_of_shapes():
    shapes = [[None, 8, 4], [8, 4]]
    result = VitisInspector(B4096).inspect_model(two_inputs(), input_shape=shapes)
    (op,) = result.find("join")
    assert op.op.output.shape == (1, 8, 8)


def test_other_names_and_options_of_the_vendors(model, capsys):
    inspector = VitisInspector(target=B4096)
    result = inspector.inspect_model(float_model=model, dump_model=True, verbose=1, layer_config=1)
    assert result.model.name == "small"
    assert "ignored: layer_config, dump_model" in capsys.readouterr().err


def test_what_is_wrong_is_told(model, tmp_path, capsys):
    with pytest.raises(TargetError, match="target"):
        VitisInspector()
    inspector = VitisInspector(B4096)
    with pytest.raises(ReportError, match="svg"):
        inspector.inspect_model(model, plot=True, plot_file="model.pdf")
    with pytest.raises(InputShapeError):
        inspector.inspect_model(model, input_shape=(1, 2))
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="dump_results_file"):
        inspector.inspect_model(
            model, dump_results=True, dump_results_file=tmp_path / "file" / "x.txt"
        )
    result = inspector.inspect_model(model, plot=True, plot_file=tmp_path / "file" / "x.svg")
    assert result.summary.cpu_ops == 1
    assert "plot_file" in capsys.readouterr().err
