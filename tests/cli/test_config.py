"""Defaults for the options from a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.importorskip("tomli")

from vai_inspect.cli import config, inspecting

B4096, B512 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B512"


@pytest.fixture
def inspect(vai_inspect, tmp_path, monkeypatch):
    """Runs `inspect` with a job that takes nothing but note of what it is asked for."""
    asked = {}

    def note(job, spec, folder):
        asked.update(job=job, spec=spec, folder=folder)

    monkeypatch.setattr(inspecting.Job, "run", note)
    monkeypatch.chdir(tmp_path)

    def run(*args):
        asked.clear()
        code, out, err = vai_inspect("inspect", "model.py:build", *args)
        return code, err, asked

    return run


def write(text, path="pyproject.toml"):
    table = "[tool.vai-inspect]\n" if Path(path).name == "pyproject.toml" else ""
    Path(path).write_text(table + text)


def test_every_option_can_have_a_default(inspect):
    Path("before.json").write_text("[]")
    write(
        'target = ["kv260", "{}"]\ninput-shape = [1, 3, 8, 8]\noutput-dir = "out"\nverbose = 0\n'
        'image-format = ["png", "svg"]\nreport = "sarif"\nkwargs = {{weights = "None", n = 3}}\n'
        'no-convert = true\nfail-on = "unknown"\nallow = ["softmax", "end:*"]\n'
        'baseline = "before.json"\nmax-subgraphs = 2\nmin-macs = 97.5\n'.format(B512)
    )
    code, err, asked = inspect()
    assert (code, err) == (0, "")
    job, gate = asked["job"], asked["job"].gate
    assert [target.name for target in job.targets] == [B4096, B512]
    assert job.options.input_args == [(1, 3, 8, 8)]
    assert job.kwargs == {"weights": None, "n": 3}
    assert (job.verbose, job.options.convert) == (0, False)
    assert job.formats == ("png", "svg", "sarif")
    assert (gate.fail_on, gate.allowlist.patterns) == ("unknown", ("softmax", "end:*"))
    assert (gate.max_subgraphs, gate.min_macs) == (2, 97.5)
    assert asked["folder"] == Path.cwd() / "out"


@pytest.mark.parametrize(
    ("value", "shapes"),
    [
        ("[1, 3, 8, 8]", ((1, 3, 8, 8),)),
        ('"1,3,8,8"', ((1, 3, 8, 8),)),
        ("[[1, 3, 8, 8], [1, 5]]", ((1, 3, 8, 8), (1, 5))),
        ('["1x3x8x8", [1, 5]]', ((1, 3, 8, 8), (1, 5))),
    ],
)
def test_ways_to_write_shapes(inspect, value, shapes):
    write("target = 'KV260'\ninput-shape = " + value)
    assert inspect()[2]["job"].options.input_args == list(shapes)


def test_the_command_line_comes_first(inspect):
    write('target = "KV260"\nfail-on = "cpu"\nallow = "softmax"')
    job = inspect("-t", B512, "--fail-on", "never")[2]["job"]
    assert [target.name for target in job.targets] == [B512]
    assert (job.gate.fail_on, job.gate.allowlist.patterns) == ("never", ("softmax",))


def test_files_for_every_call_do_not_stand_against_printed_json(inspect):
    write('target = "KV260"\nreport = "sarif"\nimage-format = "png"')
    code, err, asked = inspect("--json")
    assert (code, err) == (0, "")
    assert asked["job"].formats == ("json",)


def test_where_a_config_is_found(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "vai-inspect.toml").write_text("verbose = 0")
    assert config.find(tmp_path) == tmp_path / "vai-inspect.toml"
    assert config.find(inner) is None  # a folder above that is no project of the user's
    (tmp_path / ".git").mkdir()
    assert config.find(inner) == tmp_path / "vai-inspect.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'other'")
    assert config.find(inner) == tmp_path / "vai-inspect.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.vai-inspect]\nverbose = 0")
    assert config.find(inner) == tmp_path / "a" / "pyproject.toml"
    (tmp_path / "a" / "vai-inspect.toml").write_text("")
    assert config.find(inner) == tmp_path / "a" / "vai-inspect.toml"


def test_paths_are_relative_to_the_file(inspect, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "arch.json").write_text('{{"target": "{}"}}'.format(B512))
    write('target = "arch.json"\noutput-dir = "out"')
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    asked = inspect()[2]
    assert asked["folder"] == tmp_path / "out"
    assert asked["job"].targets[0].name == B512


def test_a_file_can_be_given(inspect):
    write('target = "KV260"')
    write('target = "{}"'.format(B512), "other.toml")
    assert inspect("--config", "other.toml")[2]["job"].targets[0].name == B512


WRONG = {
    "a misspelt key": ('fail_on = "cpu"', "there is no key 'fail_on'. Did you mean fail-on"),
    "an unlike key": ("zzz = 1", "there is no key 'zzz'. Valid are allow, "),
    "a key of no command that takes one": ("markdown = true", "there is no key 'markdown'"),
    "what lets code run": ("trust = true", "'trust' is for the command line only"),
    "what makes the output another": ("json = true", "'json' is for the command line only"),
    "a value that is none of those": ('fail-on = "gpu"', "fail-on: Invalid value for '--fail-on'"),
    "a number out of range": ("verbose = 7", "verbose: Invalid value for '--verbose'"),
    "a text for a flag": ('no-convert = "yes"', "no-convert is 'yes'; valid is true or false"),
    "a flag for a text": ("fail-on = true", "fail-on is True; valid is a text or number"),
    "a list for one value": ("verbose = ['1', '2']", "valid is a text or number."),
    "a list in a list": ("allow = [['a']]", "valid is a text or number, or a list of them"),
    "no TOML": ("= 1", "is no TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_line_that_names_the_file(inspect, case, tmp_path):
    text, message = WRONG[case]
    write("target = 'KV260'\n" + text)
    code, err, asked = inspect()
    assert (code, asked) == (2, {})
    assert err.startswith("vai-inspect: error: config {}".format(tmp_path / "pyproject.toml"))
    assert message in err
    assert len(err.splitlines()) == 1
    assert "Value error" not in err


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("none.toml", None, "No such file"),
        ("binary.toml", b"\xff\xfe", "decode"),
        ("pyproject.toml", b"[tool]\nvai-inspect = 3", "[tool.vai-inspect] is no table"),
    ],
)
def test_a_file_that_is_none(inspect, path, content, message):
    if content is not None:
        Path(path).write_bytes(content)
    code, err, _ = inspect("-t", "KV260", "--config", path)
    assert code == 2
    assert message in err


def test_a_pyproject_of_others_is_not_read(inspect):
    Path("pyproject.toml").write_text("this is = no [TOML")
    assert inspect("-t", "KV260")[0] == 0


def test_a_family_on_the_command_line_replaces_a_target_of_the_config(
    vai_inspect, tmp_path, monkeypatch
):
    from vai_inspect import comparing

    chosen = []

    def choose(targets, family):
        chosen.append((targets, family))
        raise comparing.TargetError("enough")

    monkeypatch.setattr(comparing, "choose", choose)
    monkeypatch.chdir(tmp_path)
    write('target = "KV260"')
    vai_inspect("compare", "model.py:build", "--family", "czdx8g")
    vai_inspect("compare", "model.py:build")
    assert chosen == [(None, "czdx8g"), (["KV260"], None)]


def test_no_other_command_reads_a_config(vai_inspect, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("nonsense = 1")
    assert vai_inspect("target", "KV260")[0] == 0


def test_reading_a_config_imports_no_parser_of_toml_where_there_is_none():
    program = (
        "import sys; from vai_inspect.cli import config; "
        "sys.exit(', '.join({'tomllib', 'tomli'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
