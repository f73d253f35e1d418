"""A target by name, fingerprint and arch.json; every wrong one is told in one line."""

import dataclasses
import json
import os
import pathlib
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vai_inspect.core.errors import TargetError
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.arch_json import MAX_BYTES
from vai_inspect.rules.targets.lookup import lookup

B4096, B4096_3X = "0x101000016010407", "0x101000056010407"
LIST = "`vai-inspect targets` lists the targets."


def refused(spec):
    with pytest.raises(TargetError) as caught:
        lookup(spec)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


@pytest.mark.parametrize(
    "target", [t for t in registry.targets() if "2.5" in t.releases], ids=lambda t: t.name
)
def test_the_27_targets_of_release_2_5_both_ways(target):
    assert lookup(target.name) == target
    assert lookup(target.name.lower()) == target
    assert lookup(target.fingerprint) == target
    assert lookup(target.fingerprint_text) == target


@pytest.mark.parametrize(
    "spec",
    [
        "0X101000056010407",
        "101000056010407",
        "0x0101000056010407",
        " 0x101000056010407\n",
        '"0x101000056010407"',
    ],
)
def test_a_3x_fingerprint_gives_the_3x_target(spec):
    target = lookup(spec)
    assert (target.name, target.fingerprint_text) == ("DPUCZDX8G_ISA1_B4096", B4096_3X)
    assert target.save.argmax
    assert lookup(lookup(spec)) is target


# Fingerprints that boards, images and issues show, with what they are.
IN_THE_WILD = [
    ("0x101000016010407", "DPUCZDX8G_ISA1_B4096"),
    ("0x101000056010407", "DPUCZDX8G_ISA1_B4096"),
    ("0x101000016010406", "DPUCZDX8G_ISA1_B3136"),
    ("0x101000016010402", "DPUCZDX8G_ISA1_B1024"),
    ("0x1000020f6014407", "DPUCZDX8G_ISA0_B4096_MAX_BG2"),
    ("0X1000020F6014406", "DPUCZDX8G_ISA0_B3136_MAX_BG2"),
    ("0x1000020f6014405", "DPUCZDX8G_ISA0_B2304_MAX_BG2"),
    ("0x1000020f7014402", "DPUCZDX8G_ISA0_B1024_MAX"),
    ("0x1000020f2014404", "DPUCZDX8G_ISA0_B1600_01000020F2014404"),
    ("0x1000000f6014407", "DPUCZDX8G_ISA0_B4096_01000000F6014407"),
    ("0x603000b16011861", "DPUCVDX8G_ISA3_C32B6"),
    ("0x603000b56011861", "DPUCVDX8G_ISA3_C32B6"),
    ("0x603000b16013831", "DPUCVDX8G_ISA3_C32B3_0603000B16013831"),
    ("0x20200000010002a", "DPUCAHX8H_ISA2"),
    ("0x20200000010002b", "DPUCAHX8H_ISA2_DWC"),
    ("0x20200000000002e", "DPUCAHX8H_ISA2_ELP2"),
    ("0x901400044000144", "DPUCV2DX8G_ISA1_C20B1"),
    ("0x901400044000e44", "DPUCV2DX8G_ISA1_C20B14"),
    ("0x900000004000414", "DPUCV2DX8G_ISA0_C16M4B1"),
]


@pytest.mark.parametrize(("fingerprint", "name"), IN_THE_WILD)
def test_fingerprints_in_the_wild(fingerprint, name):
    target = lookup(fingerprint)
    assert target.name == name
    assert lookup(int(fingerprint, 16)) == target
    assert lookup(target.fingerprint_text[2:].upper()) == target
    assert lookup(target.name.lower()).name == name


BG2_BOARDS = ("ZCU102", "ZCU104", "KV260")


def test_what_a_target_of_no_release_from_2_5_on_is():
    old = lookup("dpuczdx8g_isa0_b4096_max_bg2")
    assert (old.releases, old.boards) == (("1.3", "1.4", "2.0"), BG2_BOARDS)
    assert (old.alu, old.pool.pool_type) == (None, ("max", "avg", "max_reduce"))
    assert lookup("0x603000b16013831").releases == ()
    assert lookup("0x602001036088231").name == "DPUCVDX8G_ISA2_C32B3"


NOT_COVERED = [
    (
        "0x6000000f6088831",
        "DPUCVDX8G_ISA0_B8192C32B3_DW (0x6000000f6088831; VCK190) is a historic DPU, defined in "
        "the sources of Vitis AI 1.3, 1.4, 2.0, 2.5, 3.0 and 3.5; releases 2.5, 3.0 and 3.5 do not "
        "register it, and its limits are not known here. Release 2.5 and later have a DPU of this "
        "size with another fingerprint: DPUCVDX8G_ISA3_C32B3 (0x603000b16011831).",
    ),
    (
        "0x501000000000fee",
        "DPUCVDX8H_ISA1_F2W2 (0x501000000000fee; VCK5000) is a historic DPU, defined in the "
        "sources of Vitis AI 1.4; ",
    ),
    ("0x501000000000fee", "of this size with another fingerprint: DPUCVDX8H_ISA1_F2W2_8PE (0x50"),
    ("0x50100000000082e", "The nearest targets are DPUCVDX8H_ISA1_F2W4_6PE_aie"),
    ("0x20200000000002a", "have this name with another fingerprint: DPUCAHX8H_ISA2 (0x20200000010"),
    ("0x202000000000030", "DPUCAHX8H with instruction set 2; no release registers it, and of this"),
    (
        "0x605000b16011831",
        "field ISA (bits 55:48: instruction set of DPUCVDX8G) is 5; valid is 2 or 3: no",
    ),
    ("0x80000000020c242", "The DPU for the V70 is DPUCV2DX8G_ISA1_C20B14 (0x901400044000e44)."),
    ("0x800000000000000", "AIE2 overlay, which is not covered here"),
]


@pytest.mark.parametrize(("fingerprint", "why"), NOT_COVERED)
def test_a_fingerprint_that_no_decoder_reads_is_explained(fingerprint, why):
    assert why in refused(fingerprint)
    assert LIST in refused(int(fingerprint, 16))


REFUSED = [
    ("DPUCZDX8G_ISA1_B4069", "Did you mean DPUCZDX8G_ISA1_B4096"),
    ("DPUCZDX8G", "Targets of DPUCZDX8G are DPUCZDX8G_ISA1_B512, "),
    (
        "DPUCVDX8G_1",
        "unknown target 'DPUCVDX8G_1'; valid is a target's name, a fingerprint, a board or the "
        "path of an arch.json. That is a board's name for a DPU core; its fingerprint gives "
        "the size. Targets of DPUCVDX8G are DPUCVDX8G_ISA3_C32B1, ",
    ),
    ("DPUCZDX8G_ISA1", "Targets of DPUCZDX8G_ISA1 are DPUCZDX8G_ISA1_B512, "),
    (
        "zcu102 board",
        "Targets known from ZCU102 are DPUCZDX8G_ISA1_B4096 and DPUCZDX8G_ISA0_B4096_MAX_BG2. "
        "The ZCU102 boots DPUCZDX8G_ISA1_B4096 in Vitis AI 3.0.",
    ),
    ("Kria KV260", "Targets known from KV260 are DPUCZDX8G_ISA1_B3136, "),
    ("0x1010000160104", "is 0, as it has fewer than 15 hexadecimal digits; valid is 1 (DPUCZDX8G)"),
    ("b4096", "Did you mean DPUCZDX8G_ISA1_B4096, DPUCZDI4G_ISA0_B4096_DEMO_SSD, DPUCZDX8"),
    ("DPUCZDX8G_ISA0_B4096_MAX_BG3", "Did you mean DPUCZDX8G_ISA0_B4096_MAX_BG2, "),
    ("KV261", "Did you mean KV260?"),
    ("resnet50", "An example is DPUCZDX8G_ISA1_B4096."),
    ("dpucvdx8g_isa1_c32b3", "is a historic DPU, defined in the sources of Vitis AI 1.4, 2.0, 2.5"),
    ("AMD_AIE2_Nx4_Overlay", "is a target of Vitis AI 3.5, but an AIE2 overlay, which is not cov"),
    ("V70_2x3_Overlay", "DPU for the V70 is DPUCV2DX8G_ISA1_C20B14 (0x901400044000e44)."),
    (
        "DPUCZDX8G_ISA1_B4096_0101000016010406",
        "its fingerprint 0x101000016010406 is that of DPUCZDX8G_ISA1_B3136; valid is that name",
    ),
    ("72339069383803911", "it has 67 bits; valid are up to 64 bits in hexadecimal, as in 0x10100"),
    ("72339069383803911", "; as a decimal number it would be 0x101000016010407"),
    ("0x10100001601040g", "'0x10100001601040g' is not a fingerprint: it is not hexadecimal"),
    ("0x", "it is not hexadecimal"),
    ("0x1_01000016010407", "it is not hexadecimal"),
    ("0x1101000016010407f", "it has 65 bits"),
    ("0xfe01000016010407", "field TYPE (bits 63:56: type of the DPU) is 254; valid is 1 (DPUCZ"),
    (0, "field TYPE (bits 63:56: type of the DPU) is 0, as it has fewer than 15 hexadecimal"),
    (-1, "-0x1 is not a fingerprint: it is negative"),
    (1 << 64, "it has 65 bits"),
    (1 << 9000, "is not a fingerprint: it has 9001 bits"),
    ("", "received an empty text"),
    (None, "received a NoneType as target"),
    (True, "received a bool"),
    (b"0x101000016010407", "received a bytes"),
    (1.5, "received a float"),
    (Target, "received a type"),
    ("missing/arch.json", "arch.json 'missing/arch.json' does not exist"),
    (pathlib.Path("missing"), "arch.json 'missing' does not exist"),
    ("a/\x00", "cannot be read"),
    ("\ud800.json", "arch.json '\\ud800.json' "),
    ("x" * 9000 + ".json", "cannot be read: File name too long"),
    (os.devnull, "is not a regular file"),
]


@pytest.mark.parametrize(("spec", "message"), REFUSED)
def test_what_names_no_target_says_why(spec, message):
    assert message in refused(spec)


def test_a_number_too_large_for_python_to_write():
    assert "is not a fingerprint" in refused(1 << 90_000)


def test_objects_with_code_of_their_own():
    class Odd:
        def __index__(self):
            raise RuntimeError("odd")

        def __repr__(self):
            raise RuntimeError("odd")

    class OddPath(Odd):
        def __fspath__(self):
            raise RuntimeError("odd")

    assert "received a Odd" in refused(Odd())
    assert "received a OddPath that yields no path" in refused(OddPath())


def test_the_derived_name_of_a_registered_fingerprint_names_no_second_target():
    message = refused("DPUCZDX8G_ISA1_B4096_0101000016010407")
    assert "its fingerprint 0x101000016010407 is that of DPUCZDX8G_ISA1_B4096;" in message


@pytest.mark.parametrize(
    "content",
    [
        '{"target": "DPUCZDX8G_ISA1_B4096"}',
        '{"target":"dpuczdx8g_isa1_b4096"}',
        '{"fingerprint":"0x101000016010407"}',
        '{\n    "fingerprint": "0X101000016010407"\n}\n',
        '{"fingerprint": "101000016010407", "version": 3}',
        '{"target": "0x101000016010407"}',
        '{"target": "DPUCZDX8G_ISA1_B4096", "fingerprint": "0x101000016010407"}',
    ],
)
def test_arch_json(tmp_path, content):
    path = tmp_path / "arch.json"
    path.write_text(content)
    assert lookup(path).fingerprint_text == B4096
    assert lookup(str(path)) is lookup(path)


def test_the_fingerprint_of_an_arch_json_says_the_release(tmp_path):
    path = tmp_path / "arch.json"
    names = {"fingerprint": B4096_3X, "target": "DPUCZDX8G_ISA1_B4096"}
    path.write_text(json.dumps(names))
    assert lookup(path).fingerprint_text == B4096_3X


def test_a_file_without_suffix_and_a_name_that_is_also_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zcu102").write_text('{"target": "DPUCZDX8G_ISA1_B2304"}')
    (tmp_path / "DPUCZDX8G_ISA1_B512").write_text("no JSON")
    (tmp_path / "KV260").mkdir()
    assert lookup("zcu102").name == "DPUCZDX8G_ISA1_B2304"
    assert lookup("KV260").name == "DPUCZDX8G_ISA1_B4096"
    assert lookup("DPUCZDX8G_ISA1_B512").name == "DPUCZDX8G_ISA1_B512"


BROKEN = [
    (b"", "is empty"),
    (b"{\n  'target': 1}", "is not JSON: line 2, column 3: "),
    (b'{\n "target": "a",\n}', "is not JSON: line 2, column 15: a trailing comma"),
    (b'{"target": ["a",]}', "line 1, column 16: a trailing comma"),
    (b'\xef\xbb\xbf{"target": "a"}', "it starts with a byte-order mark (BOM)"),
    ('{"target": "a"}'.encode("utf-16"), "the byte-order mark (BOM) of UTF-16"),
    (b'{"target": "\xff"}', "byte 12 is not UTF-8"),
    (b'["DPUCZDX8G_ISA1_B4096"]', "holds a list (['DPUCZDX8G_ISA1_B4096']) where a JSON object"),
    (b"null", "holds null"),
    (b'{"Target": "x"}', "has neither target nor fingerprint; received 'Target'; valid is "),
    (b'{"Fingerprint": "0x"}', " Did you mean fingerprint? Keys are in small letters."),
    (
        b'{"kernels": [{"fingerprint": "0x101000016010407"}]}',
        " It is the output of xdputil: give the fingerprint in it, '0x101000016010407'.",
    ),
    (b'{"target": "a", "target": "b"}', "arch.json has target twice; valid is each key once."),
    (b"{}", "received no keys"),
    (b'{"fingerprint": 72339073338901511}', "received 72339073338901511 (a number) as finger"),
    (b'{"target": null}', "received None (null) as target; valid is a text"),
    (b'{"target": "DPUCZDX8G_ISA1_B4069"}', "arch.json: target: unknown target 'DPUCZDX8G_ISA"),
    (b'{"target": "other/arch.json"}', "target: unknown target 'other/arch.json'"),
    (b'{"target": "DPUCVDX8G_1"}', "target: unknown target 'DPUCVDX8G_1'"),
    (b'{"target": "0x10100001601040f"}', "target: fingerprint 0x10100001601040f: no DPUCZDX8G wi"),
    (b'{"target": "DPUCZDX8G", "dcf": "./x.dcf", "cpu_arch": "arm64"}', "Vitis AI 1.2 or older"),
    (
        b'{"target": "DPUCZDX8G_ISA1_B512", "fingerprint": "0x101000016010407"}',
        "target says DPUCZDX8G_ISA1_B512 but fingerprint is that of DPUCZDX8G_ISA1_B4096",
    ),
    (b'{"target": ' + b"[" * 200_000, "arch.json"),
    (b'{"target": ' + b"9" * 6000 + b"}", "arch.json"),
    (b" " * (MAX_BYTES + 1), "is larger than 1000000 bytes"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=lambda value: repr(value)[:40])
def test_a_broken_arch_json_says_what_is_wrong(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("arch.json").write_bytes(content)
    error = refused("arch.json")
    assert error.startswith("arch.json 'arch.json'")
    assert message in re.sub("arch.json 'arch.json'", "arch.json", error)


def test_a_folder(tmp_path):
    assert "is a folder; valid is the file itself" in refused(tmp_path)


def target_or_error(spec):
    message = ""
    try:
        assert isinstance(lookup(spec), Target)
    except TargetError as error:
        message = str(error)
    assert "\n" not in message


@given(
    st.one_of(
        st.text(),
        st.integers(-(2**70), 2**70),
        st.integers(0, 2**64 - 1).map(hex),
        st.integers(0, 2**64 - 1).map("DPUCZDX8G_ISA1_B4096_{:016X}".format),
        st.text("0123456789abcdefxX", min_size=10),
        st.text(st.characters()).map("DPUC{}".format),
        st.binary(),
        st.floats(),
        st.lists(st.text(), max_size=2),
        st.text().map(lambda text: text.replace("\x00", "") + ".json"),
    )
)
@example("/")
@example("~")
@example(".")
def test_no_spec_ends_in_another_error(spec):
    target_or_error(spec)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("target"), inner),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        JSONS.map(json.dumps).map(str.encode),
        st.fixed_dictionaries(
            {}, optional={"target": JSONS, "fingerprint": JSONS, "kernels": JSONS, "dcf": JSONS}
        )
        .map(json.dumps)
        .map(str.encode),
        st.integers(0, 2**64 - 1).map(lambda code: b'{"fingerprint": "%x"}' % code),
        st.binary(),
        st.text('{}[],:" \ntarge\\u0').map(str.encode),
    )
)
def test_no_arch_json_ends_in_another_error(tmp_path, content):
    path = tmp_path / "arch.json"
    path.write_bytes(content)
    target_or_error(path)


def test_a_target_that_was_changed_by_hand_is_taken_as_it_is():
    mine = dataclasses.replace(lookup(B4096), batch=2)
    assert lookup(mine) is mine
