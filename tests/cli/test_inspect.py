"""The command `inspect`: what it writes, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

pytest.importorskip("keras")

from vai_inspect.cli.imports import defined_in
from vai_inspect.cli.parsing import parse_kwargs

MODELS = str(Path(__file__).with_name("models.py"))
NEEDS = str(Path(__file__).with_name("needs_torch.py"))
B4096 = "DPUCZDX8G_ISA1_B4096"


@pytest.fixture
def command(vai_inspect, tmp_path, monkeypatch):
    """Runs the command line in an empty folder; returns (exit code, standard output, error)."""
    monkeypatch.chdir(tmp_path)
    return vai_inspect


def test_it_writes_the_reports_and_says_where(command, tmp_path):
    code, out, err = command(
        "inspect", MODELS + ":small", "--target", B4096, "--output-dir", "out", "--json"
    )
    assert code == 0, err
    stem = "inspect_" + B4096
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        stem + ".gv",
        stem + ".json",
        stem + ".txt",
    ]
    for ending in ("txt", "gv", "json"):
        assert str(Path("out") / "{}.{}".format(stem, ending)) in out
    assert "softmax runs on the CPU" in " ".join(out.split())


def test_the_folder_has_a_default(command, tmp_path):
    assert command("inspect", MODELS + ":small", "-t", B4096)[0] == 0
    assert (tmp_path / "vai_inspect_result" / "inspect_{}.txt".format(B4096)).is_file()


@pytest.mark.parametrize(("options", "type_"), [([], "hard-swish"), (["--no-convert"], "swish")])
def test_conversions_of_the_keras_quantiser_can_be_left_out(command, options, type_):
    code, out, _ = command("inspect", MODELS + ":swish", "-t", B4096, "--json", *options)
    assert code == 0
    assert type_ in [op["type"] for op in json.loads(out)["ops"]]


def test_json_alone_is_printed_and_is_valid(command, tmp_path):
    from vai_inspect.reports.json import schema

    code, out, _ = command("inspect", MODELS + ":small", "--target", B4096, "--json")
    report = json.loads(out)
    jsonschema.validate(report, schema())
    assert code == 0
    assert report["model"]["name"] == "small"
    assert list(tmp_path.iterdir()) == []


def test_a_target_given_twice_is_inspected_once(command):
    code, out, _ = command(
        "inspect", MODELS + ":small", "-t", B4096, "-t", B4096.lower(), "-t", "0x101000016010407"
    )
    assert code == 0
    assert out.count(".txt") == 1


def test_files_of_an_earlier_run_are_named(command, tmp_path):
    command("inspect", MODELS + ":small", "-t", B4096, "-o", "out", "--json")
    _, out, _ = command("inspect", MODELS + ":small", "-t", B4096, "-o", "out")
    assert out.splitlines()[-1] == "left from an earlier run, not of this one: " + str(
        Path("out") / "inspect_{}.json".format(B4096)
    )


def test_one_page_to_send_is_written_on_request(command, tmp_path):
    command("inspect", MODELS + ":small", "-t", B4096, "-o", "out", "--report", "html")
    page = (tmp_path / "out" / "inspect_{}.html".format(B4096)).read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in page


@pytest.mark.parametrize("verbose", ["0", "1"])
def test_files_of_another_model_under_the_same_name_are_removed(command, tmp_path, verbose):
    """Beside reports of this model they would be taken for its own, also where nothing is said."""
    command("inspect", MODELS + ":small", "-t", B4096, "-o", "out", "--json", "--report", "sarif")
    Path("out/mine.json").write_text("{}")
    _, out, _ = command("inspect", MODELS + ":whole", "-t", B4096, "-o", "out", "-v", verbose)
    stem = "inspect_" + B4096
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        stem + ".gv",
        stem + ".txt",
        "mine.json",
    ]
    if verbose == "1":
        assert "removed, as they were of another model, small: out" in out


def test_json_of_two_targets_is_a_list(command):
    _, out, _ = command(
        "inspect", MODELS + ":small", "-t", B4096, "-t", "DPUCZDX8G_ISA1_B512", "--json"
    )
    assert [report["target"]["name"] for report in json.loads(out)] == [
        B4096,
        "DPUCZDX8G_ISA1_B512",
    ]


def test_arguments_reach_the_callable(command):
    _, out, _ = command(
        "inspect", MODELS + ":small", "-t", B4096, "--json", "--kwargs", "filters=5",
        "--kwargs", "name=given",
    )  # fmt: skip
    report = json.loads(out)
    assert report["model"]["name"] == "given"
    assert {"name": "conv", "shape": [1, 30, 30, 5]} in [
        {"name": op["name"], "shape": op["output_shapes"][0]} for op in report["ops"]
    ]


def test_a_subclassed_model_is_built_with_the_shape_given(command):
    code, out, err = command(
        "inspect", MODELS + ":Subclassed", "-t", B4096, "--json", "--input-shape", "1,8,8,3",
        "--kwargs", "filters=5",
    )  # fmt: skip
    assert (code, err) == (0, "")
    shapes = {op["name"]: op["output_shapes"][0] for op in json.loads(out)["ops"]}
    assert shapes["conv"] == [1, 6, 6, 5]


def test_arguments_mean_what_they_say_in_any_case():
    given = ["a=false", "b=True", "c=none", "d=null", "e=imagenet", "f=1.5"]
    assert parse_kwargs(given) == {
        "a": False,
        "b": True,
        "c": None,
        "d": None,
        "e": "imagenet",
        "f": 1.5,
    }


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_no_defect():
    command = [sys.executable, "-m", "vai_inspect.cli", "targets"]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 2
    assert b"cannot be written" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_an_instance_is_taken_as_it_is(command):
    _, out, _ = command("inspect", MODELS + ":model", "-t", B4096, "--json")
    assert json.loads(out)["model"]["name"] == "instance"


def test_a_given_shape_replaces_the_models(command):
    _, out, _ = command(
        "inspect", MODELS + ":open_size", "-t", B4096, "--json", "--input-shape", "1,64,48,3"
    )
    assert json.loads(out)["ops"][0]["output_shapes"] == [[1, 64, 48, 3]]


@pytest.mark.parametrize(
    ("name", "fail_on", "code"),
    [
        ("small", "cpu", 1),
        ("small", "unknown", 0),
        ("small", "never", 0),
        ("whole", "cpu", 0),
        ("undecided", "unknown", 1),
        ("undecided", "cpu", 1),
    ],
)
def test_fail_on(command, name, fail_on, code):
    ended = command(
        "inspect", "{}:{}".format(MODELS, name), "-t", B4096, "--fail-on", fail_on, "-v", "0"
    )
    assert ended[0] == code
    assert ("--fail-on " + fail_on in ended[2]) is bool(code)


def test_fail_on_names_the_operators_and_lets_pass_what_is_allowed(command):
    args = ["inspect", MODELS + ":small", "-t", B4096, "--fail-on", "cpu", "-v", "0"]
    assert command(*args)[2] == (
        "vai-inspect: --fail-on cpu: 1 operator on the CPU ({}): dense/softmax (softmax); "
        "that has no DPU cost: --allow end:softmax lets it pass\n".format(B4096)
    )
    for pattern in ("softmax", "end:softmax", "dense*"):
        assert command(*args, "--allow", pattern)[0] == 0
    code, _, err = command(*args, "--allow", "start:softmax", "--allow", "sofmax")
    assert code == 1
    assert "no operator matches --allow sofmax" in err


@pytest.mark.parametrize(
    ("level", "present"), [("0", []), ("1", ["dense/softmax"]), ("2", ["conv"])]
)
def test_verbose(command, level, present):
    _, out, _ = command("inspect", MODELS + ":small", "-t", B4096, "--verbose", level)
    assert all(name in out for name in present)
    assert bool(out) is (level != "0")


WRONG = {
    "unknown target": (
        [MODELS + ":small", "-t", "DPUCZDX8G_ISA1_B4069"],
        ["DPUCZDX8G_ISA1_B4069", "Did you mean DPUCZDX8G_ISA1_B4096"],
    ),
    "no fingerprint": ([MODELS + ":small", "-t", "0xZZ"], ["0xZZ"]),
    "arch.json without anything": (
        [MODELS + ":small", "-t", "arch.json"],
        ["target", "fingerprint"],
    ),
    "unbuilt model": ([MODELS + ":unbuilt", "-t", B4096], ["not built"]),
    "variable dimension": ([MODELS + ":open_size", "-t", B4096], ["--input-shape"]),
    "not a model": ([MODELS + ":number", "-t", B4096], ["int", "Keras"]),
    "a shape of words": (
        [MODELS + ":small", "-t", B4096, "--input-shape", "big"],
        ["'big'", "1,224,224,3"],
    ),
    "a shape with a hole": (
        [MODELS + ":small", "-t", B4096, "--input-shape", "1,,32,3"],
        ["'1,,32,3'"],
    ),
    "a shape that does not fit": (
        [MODELS + ":small", "-t", B4096, "--input-shape", "1,3"],
        ["(1, 3)"],
    ),
    "no such name": ([MODELS + ":smal", "-t", B4096], ["'smal'", "Did you mean small"]),
    "no such module": (["no_such_module:x", "-t", B4096], ["no_such_module"]),
    "no such file": (["missing.py:x", "-t", B4096], ["missing.py"]),
    "no name at all": (["resnet", "-t", B4096], ["package.module:name"]),
    "no file": (["model.keras", "-t", B4096], ["no file model.keras", "SavedModel"]),
    "a folder": ([".", "-t", B4096], ["is a folder but not a SavedModel"]),
    "a file with arguments": (
        ["model.h5", "-t", B4096, "--kwargs", "weights=None"],
        ["--kwargs is for callables"],
    ),
    "a callable that fails": (
        [MODELS + ":fails", "-t", B4096],
        ["RuntimeError: no weights at all"],
    ),
    "a submodule misspelt": (
        ["keras.application:ResNet50", "-t", B4096],
        ["keras has no module 'application'", "applications"],
    ),
    "a file of Python without a name": ([MODELS, "-t", B4096], ["models.py:name"]),
    "a file that is not there": (["model.onnx", "-t", B4096], ["model.onnx", "No such file"]),
    "arguments without a key": (
        [MODELS + ":small", "-t", B4096, "--kwargs", "5"],
        ["KEY=VALUE"],
    ),
    "arguments for a model": (
        [MODELS + ":model", "-t", B4096, "--kwargs", "a=5"],
        ["--kwargs"],
    ),
    "arguments that the callable does not take": (
        [MODELS + ":small", "-t", B4096, "--kwargs", "filter=5"],
        ["no parameter 'filter'", "filters=8, name='small'", "Did you mean filters?"],
    ),
    "arguments that are missing": (
        [MODELS + ":needs", "-t", B4096],
        ["parameters filters, classes, name=", "--kwargs filters=VALUE --kwargs classes=VALUE"],
    ),
    "an argument that is missing": (
        [MODELS + ":needs", "-t", B4096, "--kwargs", "classes=3"],
        ["--kwargs filters=VALUE."],
    ),
    "a callable that fails within with a TypeError": (
        [MODELS + ":adds", "-t", B4096],
        ["calling", "TypeError", "models.py:"],
    ),
    "a file of a model and a name": (
        ["./model.keras:head", "-t", B4096],
        ["./model.keras is a file of a model", "without ':head'"],
    ),
    "a file of Python without its ending": (
        [MODELS[:-3] + ":small", "-t", B4096],
        ["write", "models.py:small"],
    ),
    "what is no module's name": (
        ["a-b:small", "-t", B4096],
        ["'a-b' is neither the name of a module nor a file of Python"],
    ),
    "relative imports": (
        ["nets/relative.py:build", "-t", B4096],
        ["as a module of it: nets.relative:build."],
    ),
    "relative imports, from within": (
        ["../{}/nets/relative.py:build", "-t", B4096],
        ["as a module of it: nets.relative:build."],
    ),
    "relative imports of a folder that is no package": (
        ["loose.py:build", "-t", B4096],
        [".loose:build, in the folder .."],
    ),
    "no such --fail-on": (
        [MODELS + ":small", "-t", B4096, "--fail-on", "gpu"],
        [
            "Invalid value for '--fail-on': 'gpu' is not one of 'cpu', 'unknown', 'quantizer', "
            "'never'"
        ],
    ),
    "no such --release": (
        [MODELS + ":small", "-t", B4096, "--release", "4.0"],
        ["received the release '4.0'; valid are 2.5, 3.0, 3.5"],
    ),
    "a target that the release lacks": (
        [MODELS + ":small", "-t", "DPUCV2DX8G_ISA1_C20B1", "--release", "2.5"],
        ["DPUCV2DX8G_ISA1_C20B1", "is not in release 2.5", "0x901400044000144 (3.5)"],
    ),
    "no such --verbose": (
        [MODELS + ":small", "-t", B4096, "--verbose", "3"],
        ["Invalid value for '--verbose'"],
    ),
    "an option misspelt": (
        [MODELS + ":small", "-t", B4096, "--fail_on", "cpu"],
        ["--fail_on", "`vai-inspect inspect --help` shows what is valid."],
    ),
    "no model": (["-t", B4096], ["Missing argument 'MODEL"]),
    "a baseline that is missing": (
        [MODELS + ":small", "-t", B4096, "--baseline", "no.json"],
        ["--baseline no.json", "No such file", "as --json writes it"],
    ),
    "a baseline that is no report": (
        [MODELS + ":small", "-t", B4096, "--baseline", "arch.json"],
        ["--baseline arch.json is no JSON report"],
    ),
    "a report without a folder": (
        [MODELS + ":small", "-t", B4096, "--json", "--report", "sarif"],
        ["--output-dir", "--report sarif"],
    ),
    "a percentage that is none": (
        [MODELS + ":small", "-t", B4096, "--min-macs", "101"],
        ["--min-macs", "100"],
    ),
    "two builds of one name in one folder": (
        [MODELS + ":small", "-t", B4096, "-t", "0x101000056010407", "-o", "out"],
        ["0x101000016010407 and 0x101000056010407", "--output-dir"],
    ),
    "a picture without a folder": (
        [MODELS + ":small", "-t", B4096, "--json", "--image-format", "png"],
        ["--output-dir", "png"],
    ),
    "a callable that exits": ([MODELS + ":leaves", "-t", B4096], ["SystemExit", "models.py:"]),
    "no target": ([MODELS + ":small"], ["--target"]),
    "an unknown picture format": (
        [MODELS + ":small", "-t", B4096, "--image-format", "bmp"],
        ["bmp"],
    ),
    "a folder that is a file": (
        [MODELS + ":small", "-t", B4096, "-o", "arch.json", "-v", "0"],
        ["arch.json"],
    ),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_wrong_input_is_one_line_and_exit_code_2(command, tmp_path, case):
    (tmp_path / "arch.json").write_text('{"dcf": "x.dcf"}')
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").touch()
    (tmp_path / "nets" / "relative.py").write_text("from .blocks import build")
    (tmp_path / "loose.py").write_text("from .blocks import build")
    args, words = WRONG[case]
    code, out, err = command("inspect", *(arg.format(tmp_path.name) for arg in args))
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert out == ""
    for word in words:
        assert word in err


@pytest.mark.parametrize("where", ["slow.py", "slow", "shop.slow"])
def test_a_name_that_a_file_plainly_lacks_is_reported_before_it_is_run(command, tmp_path, where):
    (tmp_path / "shop").mkdir()
    for path in (tmp_path / "slow.py", tmp_path / "shop" / "slow.py"):
        path.write_text("import slow_framework\n\ndef build():\n    return 1\n")
    code, out, err = command("inspect", where + ":biuld", "-t", B4096)
    assert (code, out) == (2, "")
    assert err.endswith("has no 'biuld'. Did you mean build?\n")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def a(): pass\nclass B: pass\nc = d = 1\n(e, *f) = x", {"a", "B", "c", "d", "e", "f"}),
        ("import a.b\nfrom c import d as e", {"a", "e"}),
        ("if x:\n    a = 1\nelse:\n    def b(): pass\nfor c in x: pass", {"a", "b", "c"}),
        ("try:\n    import a\nexcept E as b:\n    a = None\nwith x as c: pass", {"a", "b", "c"}),
        ("def a():\n    inner = 1\nclass B:\n    method = 1", {"a", "B"}),
        ("from a import *", None),
        ("from a import  *", None),
        ("def __getattr__(name): return 1", None),
        ("globals()['a'] = 1", None),
        ("def a():\n    global b\n    b = 1", None),
        ("def a(:", None),
        ("\0", None),
    ],
)
def test_the_names_that_a_file_defines_are_read_without_running_it(tmp_path, source, names):
    path = tmp_path / "some.py"
    path.write_text(source)
    assert defined_in(path) == names


def test_allowing_without_failing_is_reported(command):
    code, _, err = command(
        "inspect", MODELS + ":small", "-t", B4096, "-v", "0", "--allow", "softmax"
    )
    assert code == 0
    assert err == (
        "vai-inspect: warning: --allow has no effect without --fail-on cpu or --fail-on unknown.\n"
    )


def test_a_framework_that_is_missing_says_how_to_get_it(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    code, out, err = command("inspect", NEEDS + ":model", "-t", B4096)
    assert (code, out) == (2, "")
    assert "'torch'" in err
    assert "pip install torch" in err


def process(*args, **env):
    return subprocess.run(
        [sys.executable, "-m", "vai_inspect.cli", "inspect", *args],
        capture_output=True,
        check=False,
        env=dict(os.environ, **env),
    )


def test_what_the_users_code_prints_is_kept_out_of_standard_output():
    done = process(MODELS + ":talks", "-t", B4096, "--json", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0
    assert json.loads(done.stdout.decode("utf-8"))["model"]["name"] == "\u6a21\u578b"
    for words in (b"building", b"native words"):
        assert words in done.stderr
    for words in (b"chatter", b"oneDNN", b"Traceback"):
        assert words not in done.stderr


def test_a_folder_that_the_terminal_cannot_spell_is_written_all_the_same(tmp_path):
    folder = tmp_path / "r\u00e9sultat"
    done = process(MODELS + ":small", "-t", B4096, "-o", str(folder), PYTHONIOENCODING="ascii")
    assert (done.returncode, len(list(folder.iterdir()))) == (0, 2)
    assert b"r\\xe9sultat" in done.stdout


def test_two_processes_write_identical_bytes(tmp_path):
    written = []
    for run in ("first", "second"):
        subprocess.run(
            [sys.executable, "-m", "vai_inspect.cli", "inspect", MODELS + ":small", "-t", B4096]
            + ["-o", str(tmp_path / run), "--json", "--image-format", "svg", "-v", "0"],
            check=True,
            env=dict(os.environ, PYTHONHASHSEED="1" if run == "first" else "2"),
        )
        written.append({path.name: path.read_bytes() for path in (tmp_path / run).iterdir()})
    assert written[0] == written[1]
    assert {Path(name).suffix for name in written[0]} == {".txt", ".gv", ".json", ".svg"}


@pytest.mark.parametrize(
    ("release", "fingerprint", "flow"),
    [
        (None, "0x101000016010407", "3.5"),
        ("2.5", "0x101000016010407", "2.5"),
        ("3.0", "0x101000056010407", "3.0"),
        ("3.5", "0x101000056010407", "3.5"),
    ],
)
def test_a_release_means_its_quantiser_and_its_build(command, release, fingerprint, flow):
    options = [] if release is None else ["--release", release]
    code, out, err = command("inspect", MODELS + ":whole", "-t", B4096, "--json", *options)
    assert code == 0, err
    report = json.loads(out)
    assert report["target"]["fingerprint"] == fingerprint
    assert report["quantizer"]["release"] == flow


@pytest.mark.parametrize(("name", "code"), [("whole", 0), ("swish", 1)])
def test_fail_on_quantizer(command, name, code):
    ended = command(
        "inspect", MODELS + ":" + name, "-t", B4096, "--fail-on", "quantizer", "-v", "0"
    )
    assert ended[0] == code
    assert ("--fail-on quantizer: 1 obstacle of vai_q_tensorflow2 3.5: swish" in ended[2]) is (
        code == 1
    )
