"""What a shell completes, what --help shows, and other ways to start the program."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
import typer

from vai_inspect import cli
from vai_inspect.cli import complete
from vai_inspect.cli.errors import COMPLETE_VARIABLE, PROGRAM
from vai_inspect.cli.examples import EXAMPLES
from vai_inspect.rules.engine import registry, rule_book

B4096 = "DPUCZDX8G_ISA1_B4096"
RUN = [one for name in ("targets", "target", "rules", "explain") for one in EXAMPLES[name]]


@pytest.mark.parametrize("command", EXAMPLES)
def test_help_shows_the_examples_on_lines_of_80_columns(command):
    done = subprocess.run(
        [sys.executable, "-m", "vai_inspect", command, "--help"],
        capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert max(map(len, done.stdout.splitlines())) <= 80
    words = " ".join(done.stdout.split())
    for example in EXAMPLES[command]:
        assert "vai-inspect " + example in words


def test_the_lines_of_the_commands_are_whole_in_80_columns(vai_inspect, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = vai_inspect("--help")
    lines = out[out.index("Commands:") :].splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(typer.main.get_command(cli.app).commands)
    assert all(line.endswith(".") and "..." not in line for line in lines)


@pytest.mark.parametrize("example", [one for group in EXAMPLES.values() for one in group])
def test_an_example_can_be_parsed(example):
    name, *words = shlex.split(example)
    command = typer.main.get_command(cli.app).commands[name]
    command.make_context(name, words)


@pytest.mark.parametrize("example", RUN)
def test_an_example_runs(vai_inspect, example):
    code, out, err = vai_inspect(*shlex.split(example))
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize("module", ["vai_inspect", "vai_inspect.cli"])
def test_the_package_runs(module):
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True)
    assert done.stdout.decode().startswith("vai-inspect ")


COMPLETED = [
    (complete.targets, "DPUCZDX8G_ISA1_B40", [B4096]),
    (complete.targets, "dpuczdx8g_isa1_b40", [B4096]),
    (complete.targets, "kv", ["KV260"]),
    (complete.families, "CZD", ["czdx8g", "czdi4g"]),
    (complete.families, "DPUCADF", ["DPUCADF8H"]),
    (complete.families_and_targets, "zcu10", ["ZCU102", "ZCU104"]),
    (complete.constraints, "czdx8g.conv.kern", ["czdx8g.conv.kernel"]),
    (complete.constraints, "no such", []),
]


@pytest.mark.parametrize(("names", "typed", "expected"), COMPLETED)
def test_what_is_completed(names, typed, expected):
    assert names(typed) == expected


def test_every_target_board_family_and_constraint_is_completed():
    every = complete.families_and_targets("")
    assert {target.name for target in registry.targets()} <= set(every)
    assert {board for target in registry.targets() for board in target.boards} <= set(every)
    for family in registry.families():
        assert family.name in every
        assert {rule.id_in(family.name) for rule in rule_book.all_constraints(family)} <= set(
            complete.constraints("")
        )


def asked(shell, line):
    """What a shell's script is answered for a line of which the last word is not complete."""
    env = {**os.environ, COMPLETE_VARIABLE: "complete_" + shell}
    if shell == "bash":
        env.update(COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1))
    else:
        env.update(_TYPER_COMPLETE_ARGS=line, _TYPER_COMPLETE_FISH_ACTION="get-args")
    command = [sys.executable, "-m", "vai_inspect"]
    return subprocess.run(command, env=env, capture_output=True, text=True).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_answered(shell):
    assert B4096 in asked(shell, "vai-inspect inspect net.py:Net -t DPUCZDX8G_ISA1_B40")
    assert "explain" in asked(shell, "vai-inspect exp")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_with_the_script_that_is_shown(tmp_path):
    from typer._completion_shared import get_completion_script

    (tmp_path / PROGRAM).write_text(
        '#!/bin/sh\nexec "{}" -m vai_inspect "$@"\n'.format(sys.executable)
    )
    (tmp_path / PROGRAM).chmod(0o755)
    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell="bash")
    (tmp_path / "script").write_text(script)
    program = (
        "source script; COMP_WORDS=(vai-inspect target KV); COMP_CWORD=2; "
        '_vai_inspect_completion vai-inspect; echo "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "PATH": "{}:{}".format(tmp_path, os.environ["PATH"])}
    done = subprocess.run(
        ["bash", "-c", program], cwd=str(tmp_path), env=env, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("KV260\n", "")


def test_a_rule_book_as_json(vai_inspect):
    code, out, err = vai_inspect("rules", "KV260", "--json")
    found = json.loads(out)
    assert (code, err, found["family"], found["targets"]) == (0, "", "czdx8g", [B4096])
    ids = [one["id"] for one in found["constraints"]]
    assert ids == [
        rule.id_in("czdx8g") for rule in rule_book.all_constraints(registry.family("czdx8g"))
    ]
    (kernel,) = [one for one in found["constraints"] if one["id"] == "czdx8g.conv.kernel"]
    assert kernel["limits"] == [{"targets": [B4096], "limits": {"kernel_size": "1-16"}}]


@pytest.mark.parametrize("family", [family.name for family in registry.families()])
def test_every_page_of_a_rule_book_as_json(vai_inspect, family):
    book_of = json.loads(vai_inspect("rules", family, "--json")[1])
    for group in ("constraints", "rewrites", "notes"):
        for page in book_of[group][:3]:
            code, out, _ = vai_inspect("explain", page["id"], "--json")
            assert (code, json.loads(out)) == (0, page)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("explain", "czdx8g.conv.kern", "--json"), "Did you mean czdx8g.conv.kernel"),
        (("rules", "czdx8g", "--json", "--markdown"), "exclude each other"),
    ],
)
def test_wrong_input_stays_one_line(vai_inspect, command, message):
    code, out, err = vai_inspect(*command)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert message in err
