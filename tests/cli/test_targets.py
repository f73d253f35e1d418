"""`targets`, `target`, and how every command ends."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from vai_inspect import __version__
from vai_inspect.cli import errors, listing, targets
from vai_inspect.core.errors import ModelError, TargetError
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.describe import decoded
from vai_inspect.rules.targets.lookup import lookup

DATA = pathlib.Path(__file__).parent / "data"
TYPER = tuple(int(number) for number in typer.__version__.split(".")[:2])


def without_rules(text):
    """Returns a text as it is once the rules of its family are written."""
    return text.replace("; " + listing.NO_RULES, "")


@pytest.mark.parametrize(
    ("command", "golden"),
    [
        (("targets", "--family", "DPUCZDX8G"), "targets_czdx8g.txt"),
        (("target", "dpuczdx8g_isa1_b4096"), "target_b4096.txt"),
        (("target", "0x101000016010407"), "target_b4096.txt"),
        (("target", "0x603000b16013831"), "target_derived.txt"),
        (("target", "0x0900000004000444"), "target_read_twice.txt"),
        (("target", "DPUCVDX8H_ISA1_F2W4_4PE"), "target_not_decoded.txt"),
    ],
)
def test_golden_text(vai_inspect, command, golden):
    code, out, err = vai_inspect(*command)
    assert (code, err) == (0, "")
    assert without_rules(out) == without_rules((DATA / golden).read_text())


def test_targets_lists_all_under_their_family(vai_inspect):
    code, out, err = vai_inspect("targets")
    assert (code, err) == (0, "")
    for target in registry.targets():
        start = (target.name, *target.fingerprint_text.split())
        (line,) = [one for one in out.splitlines() if tuple(one.split()[: len(start)]) == start]
        assert line.split()[: len(start) + 2] == [
            *start,
            "{:,}".format(target.peak_ops_per_cycle),
            str(target.batch),
        ]
        after = "  ".join((", ".join(target.releases), ", ".join(map(str, target.board_uses))))
        assert " ".join(line.split()).endswith(" ".join(after.split()))
    starts = [out.index("{} ".format(family.dpu)) for family in registry.families()]
    assert starts == sorted(starts)


def test_targets_as_json(vai_inspect):
    code, out, err = vai_inspect("targets", "--family", "cvdx8g", "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert len(rows) == 14
    assert rows[-1]["name"] == "DPUCVDX8G_ISA2_C32B3"
    assert rows[2] == {
        "name": "DPUCVDX8G_ISA3_C32B3",
        "fingerprint": "0x603000b16011831",
        "family": "DPUCVDX8G",
        "isa_version": 3,
        "peak_ops_per_cycle": 8192,
        "batch": 3,
        "releases": ["2.5"],
        "boards": ["VCK190"],
        "board_uses": [
            {
                "board": "VCK190",
                "releases": [],
                "design": "user guide",
                "cores": None,
                "clock_mhz": None,
                "source": "",
            }
        ],
    }


def test_target_as_json_from_an_arch_json(vai_inspect, tmp_path):
    path = tmp_path / "arch.json"
    path.write_text('{"fingerprint": "0x603000B56011861"}')
    code, out, err = vai_inspect("target", str(path), "--json")
    assert (code, err) == (0, "")
    target = json.loads(out)
    assert (target["name"], target["batch"]) == ("DPUCVDX8G_ISA3_C32B6", 6)
    assert target["engines"]["save"]["argmax"] is True
    assert target["engines"]["conv"]["limit"]["kernel_size"] == "1-16"
    assert {bank["name"]: bank["bytes"] for bank in target["banks"]}["CONVW"] == 2097152


def test_a_derived_target_as_json_says_its_bits(vai_inspect):
    code, out, err = vai_inspect("target", "0x602001036088231", "--json")
    assert (code, err) == (0, "")
    target = json.loads(out)
    assert (target["releases"], target["boards"]) == (["2.0"], ["VCK190"])
    assert "taken from instruction set 3" in target["remarks"][0]
    fields = {field["name"]: field for field in target["fields"] if field["name"]}
    assert fields["RDEPTH"] == {
        "bits": "35:32",
        "name": "RDEPTH",
        "value": 0,
        "meaning": "addresses of a bank: feature maps 8192, weights 16384",
        "source": "target_factory: builder of DPUCVDX8G ISA2, Vitis AI 2.0 to 3.5",
    }
    assert [field["bits"] for field in target["fields"] if not field["name"]] == [
        "47:37",
        "31",
        "27",
        "23:20",
    ]


def test_every_target_can_be_shown(vai_inspect):
    for target in registry.targets():
        spec = target.name if target.fingerprint is None else target.fingerprint_text
        code, out, err = vai_inspect("target", spec)
        assert (code, err) == (0, "")
        for bank in target.banks:
            (line,) = [line for line in out.splitlines() if line.startswith("  " + bank.name + " ")]
            assert line.split()[-1] == "{:,}".format(bank.bytes)
        for name, _ in target.engines():
            assert "\n{} engine\n".format(name) in out


WRONG = [
    (("target", "DPUCZDX8G_ISA1_B4069"), "Did you mean DPUCZDX8G_ISA1_B4096"),
    (("target", "0x603000b16017831"), "field RDEPTH (bits 15:12: addresses of a bank) is 7; valid"),
    (("target", "DPUCVDX8G_1"), "Targets of DPUCVDX8G are DPUCVDX8G_ISA3_C32B1, "),
    (("target", "Kria KV260"), "Targets known from KV260 are DPUCZDX8G_ISA1_B3136, "),
    (
        ("target", "vck5000"),
        "the board VCK5000 runs one of several targets; give the one that yours",
    ),
    (("target", "no/arch.json"), "arch.json 'no/arch.json' does not exist"),
    (("target",), "Missing argument"),
    (("target", "a", "b"), "unexpected extra argument"),
    (("targets", "--family", "czdx9g"), "unknown family 'czdx9g': valid are czdx8g"),
    (("targets", "--famly", "czdx8g"), "`vai-inspect targets --help` shows what is valid."),
    (("targets", "--family"), "Option '--family' requires an argument"),
    (("tragets",), "No such command 'tragets'"),
    (("frobnicate",), "`vai-inspect --help` shows what is valid."),
    (("--verbose",), "No such option: --verbose"),
]


@pytest.mark.parametrize(("command", "message"), WRONG)
def test_wrong_input_ends_with_one_line_and_exit_code_2(vai_inspect, command, message):
    code, out, err = vai_inspect(*command)
    assert (code, out) == (2, "")
    assert err.startswith("vai-inspect: error: ")
    assert err.count("\n") == 1
    assert message in err


def test_version_and_help(vai_inspect):
    assert vai_inspect("--version") == (0, "vai-inspect {}\n".format(__version__), "")
    code, out, err = vai_inspect()
    assert (code, err) == (0, "")
    assert out == vai_inspect("--help")[1] == vai_inspect("-h")[1]
    assert "targets" in out
    assert "NAME|FINGERPRINT|BOARD|ARCH_JSON" in vai_inspect("target", "--help")[1]


ENDS = [
    (None, 0, ""),
    (ModelError("the model\nis none"), 2, "vai-inspect: error: the model is none\n"),
    (typer.Exit(1), 1, ""),
    (ModelError("red \x1b[31m \u202e"), 2, "vai-inspect: error: red \\x1b[31m \\u202e\n"),
    (KeyboardInterrupt(), 130, "vai-inspect: interrupted\n"),
    (typer.Abort(), 130, "vai-inspect: interrupted\n"),
    (BrokenPipeError(), 141, ""),
    (ZeroDivisionError("by 0"), 3, "vai-inspect: error: a defect of vai-inspect: ZeroDivisionErr"),
]


@pytest.mark.parametrize(("error", "code", "message"), ENDS)
def test_how_a_command_ends(monkeypatch, capsys, error, code, message):
    monkeypatch.delenv(errors.TRACEBACK_VARIABLE, raising=False)
    monkeypatch.setattr(errors.os, "dup2", lambda *_: None)
    app = typer.Typer()

    @app.command()
    def work():
        if error is not None:
            raise error

    assert errors.run(app, []) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)
    assert err.count("\n") == (1 if message else 0)


def test_a_broken_plug_in_is_a_warning_beside_the_result(vai_inspect, monkeypatch):
    class Point:
        name, value = "broken", "gone:FAMILY"

        def load(self):
            raise ImportError("No module named 'gone'")

    real = list(registry._entry_points())
    monkeypatch.setattr(registry, "_entry_points", lambda: [Point(), *real])
    registry.registry.cache_clear()
    try:
        code, out, err = vai_inspect("targets", "--json")
        assert code == 0
        assert len(json.loads(out)) == 66
        assert err == (
            "vai-inspect: warning: rules plug-in broken (gone:FAMILY) is left out: "
            "ImportError: No module named 'gone'\n"
        )
    finally:
        registry.registry.cache_clear()


def command(*args):
    return [sys.executable, "-m", "vai_inspect.cli", *args]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (
            ["targets"],
            "  DPUCAHX8H_ISA2_ELP2              0x20200000000002e      4,096      1  "
            "1.3, 1.4, 2.0, 2.5, 3.0, 3.5  U50, U50LV, U55C, U280\n",
        ),
        (["target", "0x603000b16013831"], "\n  releases            none registers it; its figures"),
    ],
)
def test_a_whole_process_imports_no_framework_and_cuts_no_line(args, line):
    environment = dict(os.environ, COLUMNS="40", FORCE_COLOR="1")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command(*args)[1:]],
        capture_output=True,
        env=environment,
        check=True,
    )
    out = done.stdout.decode()
    assert "\x1b" not in out
    assert line in out.replace("\r\n", "\n")
    lines = done.stderr.decode().splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert "typer" in imported
    assert not imported & {"tensorflow", "keras", "torch", "numpy", "graphviz"}
    # Before 0.19 typer itself imports rich.
    assert "rich" not in imported or TYPER < (0, 19)


@pytest.mark.skipif(os.name == "nt", reason="no such pipes")
def test_a_reader_that_goes_away_is_no_matter():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command("targets"), stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@settings(deadline=None)
@given(
    st.sampled_from([one.fingerprint for one in registry.targets() if one.fingerprint]),
    st.sets(st.integers(0, 47), max_size=3),
)
def test_whatever_is_decoded_can_be_shown(fingerprint, bits):
    try:
        found = lookup(fingerprint ^ sum(1 << bit for bit in bits))
    except TargetError:
        return
    taken_apart = decoded(found)
    lines = list(targets.description(found, "title", [], taken_apart))
    assert all("\n" not in line and "None" not in line for line in lines)
    shown = json.loads(json.dumps(targets.details(found, taken_apart)))
    assert sum(
        field["value"] << int(field["bits"].split(":")[-1]) for field in shown["fields"]
    ) == (found.fingerprint)


def test_the_list_that_is_written_down_is_what_is_installed():
    """`sh docs/generate.sh` writes it."""
    from vai_inspect.rules.targets import listing as written

    assert written.FILE.read_text(encoding="utf-8") == written.render()


@pytest.mark.parametrize(
    "args", [["--json"], [], ["--family", "DPUCVDX8G"], ["--family", "czdi4g", "--json"]]
)
def test_the_list_is_the_same_with_and_without_the_rules(args, vai_inspect):
    done = subprocess.run(command("targets", *args), capture_output=True, text=True)
    program = "import vai_inspect.rules.engine.registry, vai_inspect.cli as cli; cli.main()"
    slow = subprocess.run(
        [sys.executable, "-c", program, "targets", *args], capture_output=True, text=True
    )
    assert done.stdout == slow.stdout != ""


def test_listing_loads_no_rules():
    program = (
        "import sys; from vai_inspect.cli import main\n"
        "try: main(['targets'])\nexcept SystemExit: print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "vai_inspect.rules.targets.listing" in done.stderr
    for module in ("vai_inspect.rules.czdx8g", "yaml", "vai_inspect.core.inspection", "numpy"):
        assert repr(module) not in done.stderr


def test_definitions_that_changed_are_read(monkeypatch):
    from vai_inspect.rules.targets import listing as written

    monkeypatch.delitem(sys.modules, "vai_inspect.rules.engine.registry")
    assert written.written_down() is not None
    monkeypatch.setattr(written, "_made_of", lambda: "another")
    assert written.written_down() is None
    monkeypatch.undo()
    monkeypatch.delitem(sys.modules, "vai_inspect.rules.engine.registry")
    monkeypatch.setattr(written, "_points", lambda: ["a plug-in"])
    assert written.written_down() is None


@pytest.mark.parametrize("width", [80, 60, 200])
def test_the_list_keeps_to_a_terminal(width):
    from vai_inspect.rules.targets import listing as written

    lines = "\n".join(listing.listed(written.installed(), width)).splitlines()
    wide = "\n".join(listing.listed(written.installed(), None)).splitlines()
    if width == 200:
        assert lines == wide
    if width == 80:
        assert max(map(len, lines)) <= 80
    shown = "\n".join(lines)
    for target in registry.targets():
        assert target.name in shown
        assert target.fingerprint_text in shown
    assert "ZCU102 (2.5), ZCU104 (2.5), KV260 (2.5)" in shown


def cpu_seconds(*words):
    """Of a child process, in user and system mode; `os.times` counts in ticks of 0.01 s."""
    import resource  # not on Windows

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.skipif(os.name == "nt", reason="no such accounting")
def test_listing_takes_little_more_time_than_a_command_that_does_nothing(tmp_path):
    """At most 0.06 s, in processor time; of each the least of several runs."""
    empty = tmp_path / "empty.py"
    empty.write_text(
        "import typer\napp = typer.Typer()\n@app.command()\ndef main(): pass\n"
        "app(standalone_mode=False)\n"
    )
    pairs = [(cpu_seconds(str(empty)), cpu_seconds(*command("targets")[1:])) for _ in range(7)]
    nothing, ours = map(min, zip(*pairs))
    assert ours - nothing <= 0.06
