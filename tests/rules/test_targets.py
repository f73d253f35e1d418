"""The targets: every figure against a copy kept apart, and what a malformed file is told."""

import dataclasses
import json
import pathlib

import pytest

from vai_inspect.core.errors import RuleError
from vai_inspect.core.target import Limit
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.lookup import lookup
from vai_inspect.rules.targets.yaml_file import load_targets, read_targets

FIXTURE = json.loads((pathlib.Path(__file__).parent / "data" / "targets.json").read_text())
BY_NAME_ALONE = "DPUCV2DX8G_ISA0_C16M4B13"
ENGINES = ("load", "save", "conv", "dwconv", "alu", "pool", "eltwise")


def plain(value):
    if isinstance(value, Limit):
        return str(value)
    if dataclasses.is_dataclass(value):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: plain(part) for name, part in fields if part is not None}
    return [plain(part) for part in value] if isinstance(value, tuple) else value


def figures(target):
    found = {name: plain(engine) for name, engine in target.engines()}
    for name in ("name", "dpu", "isa_version", "batch", "peak_ops_per_cycle", "releases"):
        found[name] = plain(getattr(target, name))
    found["fingerprint"] = target.fingerprint_text
    found["banks"] = [list(dataclasses.astuple(bank)) for bank in target.banks]
    return found


def expected(entry):
    return {
        key: FIXTURE["parts"][value] if key in (*ENGINES, "banks") else value
        for key, value in entry.items()
    }


@pytest.mark.parametrize(
    "entry", FIXTURE["targets"], ids=lambda entry: entry["name"] + "-" + entry["releases"][0]
)
def test_every_figure(entry):
    found = [
        target
        for target in registry.targets()
        if target.fingerprint_text == entry["fingerprint"] and target.name == entry["name"]
    ]
    assert len(found) == 1
    assert figures(found[0]) == expected(entry)
    assert found[0].family == entry["dpu"][3:].lower()


def test_no_other_target():
    in_tree = {target.name for target in registry.targets()}
    assert in_tree == {*(entry["name"] for entry in FIXTURE["targets"]), BY_NAME_ALONE}
    assert len([target for target in registry.targets() if "2.5" in target.releases]) == 27
    assert len(in_tree) == 31


def test_a_target_that_is_known_by_its_name_alone_has_its_siblings_figures():
    found = lookup(BY_NAME_ALONE.lower())
    sibling = lookup(BY_NAME_ALONE[:-1])
    assert (found.fingerprint, found.feature_code, found.batch) == (None, None, 13)
    assert [target.name for target in registry.targets() if target.fingerprint is None] == [
        BY_NAME_ALONE
    ]
    for field in dataclasses.fields(found):
        if field.name not in ("name", "fingerprint", "batch", "board_uses"):
            assert getattr(found, field.name) == getattr(sibling, field.name), field.name


def test_what_no_dataclass_holds_is_kept_as_text():
    others = {target.name: dict(target.others) for target in registry.targets()}
    assert others["DPUCAHX8L_ISA0"]["move"].startswith("VB0 VB1 VB2 VB3 -> CB")
    assert others["DPUCVDX8H_ISA1_F2W2_8PE"]["eltwise_conv_cascade_pixel_parallel"] == "8"
    assert others["DPUCZDI4G_ISA0_B4096_DEMO_SSD"]["load_weight_split"] == "true"


GOOD = """
dpu: DPUX
common:
  isa_version: 1
  sizes: {ICP: 16}
  peak_ops_per_cycle: 2*8*ICP*16
  banks: {VB0: Virtual 8 x ICP x 2048, W: "Param 1 x 16 x 64, 4 bit", OLD: Param 1 x 1 x 1}
  load: {channel_parallel: ICP, output_bank: VB0}
  save: {channel_parallel: ICP, input_bank: [VB0]}
  conv:
    {input_channel_parallel: ICP, output_channel_parallel: 16, pixel_parallel: 8,
     limit: {kernel_size: "1-3,7", stride: 1}, nonlinear: relu relu_six, input_bank: VB0,
     output_bank: VB0, weight_bank: W, bias_bank: W}
targets:
  DPUX_A:
    banks: {OLD: null}
    registered:
      2.5: 0x0101000000000001
      3.0 3.5: {fingerprint: 0x0101000000000002, batch: 2, save: {argmax: true}}
"""


def read(content):
    return read_targets(content, "x", "x/targets.yaml")


def test_a_third_partys_file():
    old, new = read(GOOD)
    assert (old.name, old.family, old.dpu, old.releases) == ("DPUX_A", "x", "DPUX", ("2.5",))
    assert (old.batch, new.batch, new.releases) == (1, 2, ("3.0", "3.5"))
    assert (old.save.argmax, new.save.argmax) == (False, True)
    assert old.peak_ops_per_cycle == 4096
    assert [bank.name for bank in old.banks] == ["VB0", "W"]
    assert (old.bank("W").base_id, old.bank("W").bytes) == (8, 512)
    assert old.conv.limit.stride == Limit.parse("1")
    assert old.conv.nonlinear == ("relu", "relu_six")


def test_a_fingerprint_that_is_not_known():
    content = GOOD.replace("0x0101000000000001", "unknown").replace("0x0101000000000002", "unknown")
    old, new = read(content)
    assert (old.fingerprint, new.fingerprint, new.batch) == (None, None, 2)


BOARDS = {
    "names": ("A B", ["A", "B"], ["A", "B"]),
    "a list": ("[A, B]", ["A", "B"], ["A", "B"]),
    "releases": ("{A: 2.5 3.0, B: 3.5}", ["A (2.5)"], ["A (3.0)", "B (3.5)"]),
    "a design": ("{A: its demo}", ["A (its demo)"], ["A (its demo)"]),
    "none": ("[]", [], []),
}


@pytest.mark.parametrize("case", BOARDS)
def test_boards_of_each_build(case):
    value, of_old, of_new = BOARDS[case]
    old, new = read(
        GOOD.replace("    banks: {OLD", "    boards: {}\n    banks: {{OLD".format(value))
    )
    assert list(map(str, old.board_uses)) == of_old
    assert list(map(str, new.board_uses)) == of_new
    assert old.boards == tuple(use.board for use in old.board_uses)


OLD = "banks: {OLD: null}"
MALFORMED = [
    ("", "", "x/targets.yaml: received nothing; valid is a mapping"),
    ("dpu: DPUX", "dpu: 5", "dpu: received 5; valid is a text"),
    ("common:", "comon:", "received 'comon'; valid is one of common, dpu, targets. Did you mean"),
    ("isa_version: 1", "isa_versoin: 1", "received 'isa_versoin'; valid is one of"),
    ("kernel_size: ", "kernel: ", "DPUX_A: conv.limit: received 'kernel'; valid is one of"),
    ('"1-3,7"', '"1..3"', "DPUX_A: conv.limit.kernel_size: received '1..3'; valid is a limit"),
    ('"1-3,7"', '"3-1"', "DPUX_A: conv.limit.kernel_size: received '3-1'; valid is a limit"),
    ("pixel_parallel: 8,", "", "DPUX_A: conv.pixel_parallel: received nothing"),
    ("pixel_parallel: 8", "pixel_parallel: -8", "conv.pixel_parallel: received -8; valid is an in"),
    ("parallel: ICP, output_b", "parallel: OCP, output_b", "received 'OCP'; valid is an integer"),
    ("Virtual 8 x ICP x 2048", "Virtual 8 x ICP", "banks.VB0: received 'Virtual 8 x ICP'"),
    ("weight_bank: W", "weight_bank: V", "conv.weight_bank: received 'V'; valid is one of the b"),
    ("nonlinear: relu relu_six", "nonlinear: 6", "conv.nonlinear: received 6; valid is names"),
    ("argmax: true", "argmax: 1", "save.argmax: received 1; valid is true or false"),
    ("0x0101000000000001", "x0101", "registered.2.5.fingerprint: received 'x0101'; valid is 64"),
    ("0x0101000000000001", "0x0102000000000001", "one whose second byte is isa_version, 1"),
    ("0x0101000000000001", "0x10101000000000001", "valid is 64 bits as a hexadecimal number"),
    ("0x0101000000000002", "0x0101000000000001", "a fingerprint of its own; DPUX_A has this one"),
    ("dpu: DPUX", "dpu: DPUCAHX8H", "one whose first byte is that of DPUCAHX8H"),
    (OLD, "boards: 5\n    " + OLD, "DPUX_A: boards: received 5; valid is names with blanks"),
    (OLD, "boards: {A: [2.5]}\n    " + OLD, "boards.A: received [2.5]; valid is releases as in"),
    (OLD, "boards: {A: 2.0}\n    " + OLD, "boards.A: received '2.0'; valid is a release that re"),
    (OLD, "boards: {A: ''}\n    " + OLD, "boards.A: received ''; valid is releases as in"),
    (OLD, "boards: {A: {cores: 1}}\n    " + OLD, "boards.A: received nothing; valid is releases"),
    (OLD, "boards: {A: {by: 2.5, mhz: 1}}\n    " + OLD, "boards.A: received 'mhz'; valid is one"),
    (OLD, "boards: {A: {by: 2.5, cores: x}}\n    " + OLD, "boards.A.cores: received 'x'; valid"),
    ("    registered:", "    others:", "DPUX_A: registered: received nothing"),
    ("  DPUX_A:", "  DPUX_A: {}\n  DPUX_A:", "received 'DPUX_A' twice; valid is each name once"),
    ("targets:", "targets: [", "x/targets.yaml: is not YAML: "),
    ("DPUX_A:", "? [a, b]\n  :", "x/targets.yaml: "),
    ("DPUX", "\x00", "x/targets.yaml: is not YAML: "),
]


@pytest.mark.parametrize(("good", "bad", "message"), MALFORMED)
def test_a_malformed_file_says_what_is_wrong(good, bad, message):
    content = GOOD.replace(good, bad) if good else ""
    with pytest.raises(RuleError) as caught:
        read(content)
    assert message in str(caught.value)
    assert str(caught.value).startswith("x/targets.yaml: ")
    assert "\n" not in str(caught.value)


def test_a_package_without_the_file():
    with pytest.raises(RuleError, match=r"^vai_inspect/core/targets.yaml: cannot be read"):
        load_targets("vai_inspect.core", "x")
    with pytest.raises(RuleError, match=r"^no_such_package/targets.yaml: cannot be read"):
        load_targets("no_such_package", "x")


def test_the_slow_yaml_reader_reads_the_same(monkeypatch):
    import yaml

    fast = load_targets("vai_inspect.rules.cvdx8g", "cvdx8g")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load_targets("vai_inspect.rules.cvdx8g", "cvdx8g") == fast


def test_a_board_may_have_cores_and_a_clock():
    boards = "{A: {by: 2.5, cores: 3, clock_mhz: 281, source: a table}, B: {by: a design}}"
    old, new = read(
        GOOD.replace("    banks: {OLD", "    boards: {}\n    banks: {{OLD".format(boards))
    )
    use, design = old.board_uses
    assert (use.cores, use.clock_mhz, use.source) == (3, 281, "a table")
    assert (design.design, design.cores) == ("a design", None)
    assert new.boards == ("B",)
