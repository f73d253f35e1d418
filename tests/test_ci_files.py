"""The action, the pre-commit hook and the Dockerfile: sound, and run as far as goes offline."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from tests.project import PROJECT, ROOT
from vai_inspect import cli
from vai_inspect.cli import config

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
YAML = [yaml.safe_load(block) for kind, block in BLOCKS if kind == "yaml"]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
DOCKERFILE = dict(
    line.split(" ", 1)
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
"""The last line of each instruction."""
B4096 = "inspect_DPUCZDX8G_ISA1_B4096"


def parsed(words):
    """Parses a command line of ours as the program would."""
    assert words[:2] == ["vai-inspect", "inspect"]
    command = typer.main.get_command(cli.app).commands["inspect"]
    return command.make_context("inspect", list(words[2:])).params


def steps_of(block):
    return [step for job in block["jobs"].values() for step in job["steps"]]


def test_the_page_gives_the_action_inputs_that_it_has():
    (step,) = [
        step
        for block in YAML
        if "jobs" in block
        for step in steps_of(block)
        if "vai-inspect@" in step["uses"]
    ]
    assert set(step["with"]) <= set(ACTION["inputs"])
    required = {name for name, one in ACTION["inputs"].items() if one.get("required")}
    assert required <= set(step["with"])


def test_every_input_of_the_action_is_used_and_none_is_part_of_a_script():
    steps = ACTION["runs"]["steps"]
    used = {name for step in steps for text in step["env"].values() for name in inputs_in(text)}
    assert used == set(ACTION["inputs"])
    for step in steps:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]  # what a workflow passes would be code there


def inputs_in(text):
    return re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model, and the program on the path."""
    shutil.copy(str(ROOT / "docs" / "example.py"), str(tmp_path / "my_model.py"))
    program = tmp_path / "bin" / "vai-inspect"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nexec "{}" -m vai_inspect "$@"\n'.format(sys.executable))
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("args", "code"),
    [
        ("--fail-on cpu --allow end:softmax", 1),
        ("--fail-on cpu --allow end:softmax --allow wid?", 0),
    ],
)
def test_the_action_inspects(folder, args, code):
    pytest.importorskip("keras")
    given = {"model": "my_model.py:build", "target": "KV260", "args": args}
    step = ACTION["runs"]["steps"][1]
    values = {name: given.get(name, one.get("default")) for name, one in ACTION["inputs"].items()}
    env = {name: values[inputs_in(text)[0]] for name, text in step["env"].items()}
    env["PATH"] = "{}:{}".format(folder / "bin", os.environ["PATH"])
    (folder / "wide.txt").write_text("a pattern is not filled in with files")
    # As GitHub runs it.
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert ("::error file=my_model.py" in done.stdout) is bool(code)
    written = {path.name for path in (folder / "vai_inspect_result").iterdir()}
    assert {B4096 + ".sarif", B4096 + ".junit.xml"} <= written


def test_the_hook_of_the_page_is_one_that_there_is():
    (repo,) = [one for block in YAML if "repos" in block for one in block["repos"]]
    (hook,) = repo["hooks"]
    (offered,) = [one for one in HOOKS if one["id"] == hook["id"]]
    found = parsed([*shlex.split(offered["entry"]), *hook["args"]])
    assert list(found["model"]) == ["my_model.py:build"]
    assert not offered["pass_filenames"]  # they are no models


def test_pre_commit_takes_the_hooks():
    clientlib = pytest.importorskip("pre_commit.clientlib")
    clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))


def test_our_own_hooks_run_what_there_is():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repo,) = config["repos"]
    assert repo["repo"] == "local"  # nothing is fetched
    tools = {"ruff": "ruff>=", "sh": ""}
    for hook in repo["hooks"]:
        program, *arguments = hook["entry"].split()
        wanted = tools[program.split("/")[-1]]
        assert any(one.startswith(wanted) for one in PROJECT["optional-dependencies"]["dev"])
        assert program != "sh" or (ROOT / arguments[0]).is_file()


def test_the_workflow_runs_the_gate():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    scripts = [step["run"] for step in steps_of(workflow) if "run" in step]
    assert scripts == ["bash .ci/run"]
    assert (ROOT / ".ci" / "run").is_file()


def test_what_the_files_run_is_what_the_package_installs():
    programs = set(PROJECT["scripts"])
    assert HOOKS[0]["entry"].split()[0] in programs
    assert DOCKERFILE["ENTRYPOINT"] == '["{}"]'.format(*programs)


def test_the_dockerfile_installs_extras_that_there_are():
    (extras,) = re.findall(r"/vai-inspect\[([\w,-]+)\]", DOCKERFILE["RUN"])
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv*"} <= set(ignored)


def test_the_commands_of_other_servers_can_be_parsed():
    (script,) = [one["script"] for block in YAML for one in block.values() if "script" in one]
    assert parsed(shlex.split(script[-1]))["report"]


def test_the_config_of_the_page_has_keys_that_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (table,) = [block for kind, block in BLOCKS if kind == "toml"]
    Path("pyproject.toml").write_text(table, encoding="utf-8")
    if sys.version_info < (3, 11):
        pytest.importorskip("tomli")
    found = parsed(["vai-inspect", "inspect", "my_model.py:build"])
    assert list(found["target"]) == ["KV260"]
    assert config.find(Path.cwd()) == Path.cwd() / "pyproject.toml"
