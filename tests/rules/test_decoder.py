"""Targets derived from fingerprints, against the registered ones and against worked examples."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vai_inspect.core.errors import RuleError, TargetError
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets import decode_target, legacy_targets
from vai_inspect.rules.targets.bit_fields import BitField, Decoder
from vai_inspect.rules.targets.describe import decoded
from vai_inspect.rules.targets.lookup import lookup

DECODERS = [decoder for family in registry.families() for decoder in family.decoders]
COVERED = [t for t in registry.targets() if list(decode_target.readings(t))]
COVERED_TYPES = ("DPUCZDX8G", "DPUCVDX8G", "DPUCV2DX8G")


def names_of(decoder):
    return "{}-{}-{}".format(decoder.dpu, decoder.isa_version, decoder.releases[-1])


def test_a_decoder_covers_every_registered_target_of_its_type():
    known = [t for t in registry.targets() if t.fingerprint is not None]
    of_these = [t for t in known if t.dpu in COVERED_TYPES]
    assert of_these == COVERED
    assert len(COVERED) == 32


@pytest.mark.parametrize("target", COVERED, ids=lambda t: t.name + "-" + t.releases[0])
def test_the_derived_target_equals_the_registered_one(target):
    reading = next(decode_target.readings(target))
    assert set(reading.decoder.releases) & set(target.releases)
    derived = reading.decoder.target(reading.fingerprint)
    own = ("name", "releases", "board_uses")
    for field in dataclasses.fields(Target):
        if field.name not in own:
            assert getattr(derived, field.name) == getattr(target, field.name), field.name
    suffix = "_{:016X}".format(target.fingerprint)
    assert derived.name == target.name.replace("_PSMNET", "") + suffix
    assert (derived.releases, derived.boards) == ((), ())


@pytest.mark.parametrize("decoder", DECODERS, ids=names_of)
def test_a_table_is_complete(decoder):
    named = [field.name for field in decoder.fields if field.name]
    assert len(named) == len(set(named))
    for field in decoder.fields:
        assert field.meaning
        assert field.source
        width = field.high - field.low + 1
        assert len(field.words) <= 1 << width
        assert field.valid is None or 0 <= field.valid.low <= field.valid.high < 1 << width


def plain(value):
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value


def changes(before, after):
    """Returns the figures that differ, as `conv.nonlinear`."""
    found = set()
    for field in dataclasses.fields(Target):
        old, new = plain(getattr(before, field.name)), plain(getattr(after, field.name))
        if isinstance(old, dict) and isinstance(new, dict):
            found |= {field.name + "." + key for key in old if old[key] != new[key]}
        elif old != new:
            found.add(field.name)
    return found - {"name", "fingerprint", "releases", "board_uses"}


B4096, C32B3, MAX_BG2, C20B1 = (
    0x101000016010407,
    0x603000B16011831,
    0x1000020F6014407,
    0x901400044000144,
)
FEATURES = {"load.output_bank", "save.input_bank"} | {
    "{}.{}_bank".format(engine, side)
    for engine in ("conv", "eltwise", "alu")
    for side in ("input", "output")
}
CUSTOM = [
    (B4096, 1 << 29, {"alu.nonlinear"}, lambda t: t.alu.nonlinear[1] == "leaky_relu"),
    (B4096, 1 << 28, {"conv.nonlinear"}, lambda t: t.conv.nonlinear == ("relu", "relu_six")),
    (B4096, 1 << 26, {"conv.channel_augmentation"}, lambda t: not t.conv.channel_augmentation),
    (B4096, 1 << 30, {"save.argmax"}, lambda t: t.save.argmax),
    (
        B4096,
        3 << 24,
        {"banks", *FEATURES},
        lambda t: t.banks[1].name == "CONVW",
    ),
    (B4096, 1 << 24, {"banks", *FEATURES}, lambda t: t.conv.input_bank == ("VB0", "VB1", "VB2")),
    (B4096, 1 << 32, set(), lambda t: str(t.conv.limit.stride_out_h) == "1-4"),
    (B4096, 1 << 33, {"conv.limit"}, lambda t: str(t.conv.limit.stride_out_h) == "1-2"),
    (B4096, 2 << 34, {"alu.limit"}, lambda t: str(t.alu.limit.stride_out_h) == "1-1"),
    (B4096, 1 << 27, set(), lambda t: True),
    (C32B3, 2 << 12, {"banks"}, lambda t: t.bank("CONVW").depth == t.bank("DWCONVW").depth == 4096),
    (C32B3, 1 << 29, {"alu.nonlinear"}, lambda t: t.alu.nonlinear[1] == "leaky_relu"),
    (C32B3, 1 << 28, {"conv.nonlinear"}, lambda t: t.conv.nonlinear == ("relu", "relu_six")),
    (C32B3, 3 << 32, set(), lambda t: True),
    (MAX_BG2, 1 << 37, {"pool.pool_type"}, lambda t: t.pool.pool_type == ("max", "avg")),
    (MAX_BG2, 1 << 36, {"eltwise.elew_type"}, lambda t: t.eltwise.elew_type == ("add", "mult")),
    (MAX_BG2, 4 << 12, {"banks", "dwconv"}, lambda t: "DWCONVW" not in [b.name for b in t.banks]),
    (MAX_BG2, 1 << 30, {"pool.pool_type", "pool.avg_limit"}, lambda t: t.pool.avg_limit is None),
    (MAX_BG2, 1 << 31, {"dwconv.nonlinear"}, lambda t: t.dwconv.nonlinear == ("relu",)),
    (MAX_BG2, 1 << 29, {"conv.nonlinear"}, lambda t: t.conv.nonlinear == ("relu", "leaky_relu")),
    (C20B1, 0x30 << 4, {"batch"}, lambda t: t.name == "DPUCV2DX8G_ISA1_C20B2_0901400044000244"),
    (C20B1, 0xC << 4, {"alu.pixel_parallel"}, lambda t: "_C24B1_" in t.name),
    (C20B1, 1 << 30, {"save.argmax"}, lambda t: not t.save.argmax),
]


@pytest.mark.parametrize(("base", "flipped", "changed", "holds"), CUSTOM)
def test_a_custom_dpu(base, flipped, changed, holds):
    derived = lookup(base ^ flipped)
    assert changes(lookup(base), derived) == changed
    assert holds(derived)


SIZES = [
    (B4096, arch, "B{}".format(peak), peak)
    for arch, peak in enumerate((512, 800, 1024, 1152, 1600, 2304, 3136, 4096, 128, 144, 256, 64))
] + [(C32B3, 0, "C16B3", 4096), (C32B3, 1, "C32B3", 8192), (C32B3, 2, "C64B3", 16384)]


@pytest.mark.parametrize(("base", "arch", "size", "peak"), SIZES)
def test_every_size(base, arch, size, peak):
    target = lookup(base & ~0xF | arch)
    assert target.name.split("_")[2] == size
    assert target.peak_ops_per_cycle == peak


IMPOSSIBLE = [
    (
        B4096 | 0xF,
        "DPUCZDX8G with instruction set 1",
        "ARCH (bits 3:0: size of",
        "is 15; valid is 0-11.",
    ),
    (B4096 & ~0xF00, "DPUCZDX8G", "ALU_PP (bits 11:8: pixel parallelism", "is 0; valid is 1-15"),
    (B4096 & ~(3 << 24), "DPUCZDX8G", "IMG_BG (bits 25:24: number", "is 0; valid is 1-3"),
    (B4096 | 3 << 34, "DPUCZDX8G", "ALU_WP (bits 35:34: write", "is 3; valid is 0-2 (at most the"),
    (B4096 & ~0xF00 | 1 << 8 | 1 << 34, "DPUCZDX8G", "ALU_WP (bits", "is 1; valid is 0 (at most"),
    (0x10100031601040A, "DPUCZDX8G", "CV_WP (bits 33:32: write", "is 3; valid is 0-1 (at most the"),
    (
        0x1000020F601440B,
        "DPUCZDX8G with instruction set 0",
        "ARCH (bits 3:0",
        "is 11; valid is 0-10.",
    ),
    (C32B3 | 3, "DPUCVDX8G", "ARCH (bits 3:0", "is 3; valid is 0 (PP 8, ICP 16, OCP 16; 4096 ope"),
    (
        C32B3 | 7 << 12,
        "DPUCVDX8G",
        "RDEPTH (bits 15:12: addresses",
        "is 7; valid is 0-6.",
    ),
    (C32B3 & ~0xF0, "DPUCVDX8G", "BATCH (bits 7:4: images", "is 0; valid is 1-15"),
    (
        0x602001036088331,
        "DPUCVDX8G with instruction set 2",
        "ALU (bits 11:8",
        "is 3; valid is 0 (no",
    ),
    (0x602001036080231, "DPUCVDX8G", "ALU_PP (bits 15:12", "is 0; valid is 1-15 with an ALU"),
    (C20B1 | 0xF, "DPUCV2DX8G", "CV_ARCH (bits 3:0", "is 15; valid is 0-4."),
    (C20B1 & ~0xF0, "DPUCV2DX8G", "ALU_CORES (bits 7:4: AI engines", "is 0; valid is 2-15"),
]


@pytest.mark.parametrize(("fingerprint", "dpu", "field", "valid"), IMPOSSIBLE)
def test_impossible_bits_are_reported_by_field(fingerprint, dpu, field, valid):
    with pytest.raises(TargetError) as caught:
        lookup(fingerprint)
    message = str(caught.value)
    assert message.startswith("fingerprint {}: no {}".format(hex(fingerprint), dpu))
    assert "has these bits: field " + field in message
    assert valid in message
    assert "The nearest targets are " + dpu.split()[0] in message
    assert "\n" not in message


def test_what_release_3_0_and_3_5_read_differently():
    registered = lookup("DPUCV2DX8G_ISA0_C16M4B1")
    assert [r.decoder.releases for r in decode_target.readings(registered)] == [("3.0",)]
    both = lookup(0x900000004000444)
    assert both.name == "DPUCV2DX8G_ISA0_C20B4_0900000004000444"
    other = list(decode_target.readings(both))[1]
    assert other.decoder.target(other.fingerprint).name == (
        "DPUCV2DX8G_ISA0_C16M4B4_0900000004000444"
    )
    # No ALU core is left where release 3.5 reads them, so it can only be one of 3.0.
    only_old = lookup(0x900000044000414)
    assert (only_old.name.split("_")[2], only_old.save.argmax) == ("C16M4B1", True)


def test_legacy_names_both_ways():
    derived = [t for family in registry.families() for t in legacy_targets.targets(family.name)]
    assert len(derived) == 21
    assert {t.dpu + str(t.isa_version) for t in derived} == {"DPUCZDX8G0", "DPUCVDX8G2"}
    for target in derived:
        assert lookup(target.name) == lookup(target.fingerprint) == target
        assert target.releases
        assert target not in registry.targets()
    for known in legacy_targets.known_names():
        if legacy_targets.target(known) is None:
            with pytest.raises(TargetError, match=known.name):
                lookup(known.fingerprint.value)


def test_every_successor_is_a_target():
    for known in legacy_targets.known_names():
        assert not known.successor or lookup(known.successor).name == known.successor


def banks_of(engine):
    for name in ("input_bank", "output_bank"):
        yield from getattr(engine, name, ())
    for name in ("weight_bank", "bias_bank"):
        if hasattr(engine, name):
            yield getattr(engine, name)


def target_or_message(code):
    try:
        return lookup(code), ""
    except TargetError as error:
        return None, str(error)


CODES = st.builds(
    lambda top, low: top << 48 | low,
    st.sampled_from([decoder.type_byte << 8 | decoder.isa_version for decoder in DECODERS]),
    st.one_of(
        st.integers(0, 2**48 - 1),
        # Near a registered one, where more than one in a thousand is possible.
        st.builds(
            lambda target, bits: (target.fingerprint ^ sum(1 << bit for bit in bits)) % (1 << 48),
            st.sampled_from(COVERED),
            st.sets(st.integers(0, 47), max_size=4),
        ),
    ),
)


@given(CODES)
def test_what_is_derived_is_sound_and_what_is_not_names_its_field(code):
    target, message = target_or_message(code)
    if target is None:
        assert "has these bits: field " in message
        return
    assert target.fingerprint == code
    assert lookup(target.name).name == target.name
    assert lookup(hex(code).upper()) == target
    assert target.batch >= 1
    assert target.banks[0].name == "VB0"
    base = 0
    for bank in target.banks:
        assert (bank.base_id, bank.num > 0, bank.width > 0, bank.depth > 0) == (base, 1, 1, 1)
        base += bank.num
    for _, engine in target.engines():
        assert set(banks_of(engine)) <= {bank.name for bank in target.banks}
        assert getattr(engine, "pixel_parallel", 1) >= 1
        limit = getattr(engine, "limit", None)
        assert limit is None or limit.stride_out_h is None or limit.stride_out_h.high >= 1
    rows = list(next(decode_target.readings(target)).rows())
    bits = [row.bits.split(":") for row in rows]
    width = sum(int(pair[0]) - int(pair[-1]) + 1 for pair in bits)
    assert width == 64
    assert sum(row.value << int(pair[-1]) for row, pair in zip(rows, bits)) == code


@given(st.integers(0, 2**64 - 1))
def test_no_64_bits_end_in_another_error(code):
    target, message = target_or_message(code)
    assert hex(code) in (message if target is None else target.fingerprint_text)


def own_decoder(**changes):
    def build(reading):
        if reading["SIZE"] == 3:
            raise ZeroDivisionError("no such size")
        return dataclasses.replace(
            lookup(B4096),
            name="DPUOWN_{}".format(reading["SIZE"]),
            dpu="DPUOWN",
            family="own",
            fingerprint=reading.fingerprint.value,
        )

    size = BitField("SIZE", 1, 0, "size", "my own notes")
    values = {
        "family": "own",
        "dpu": "DPUOWN",
        "type_byte": 0x77,
        "isa_version": 0,
        "releases": ("mine",),
        "fields": (size,),
        "build": build,
    }
    return Decoder(**{**values, **changes})


def test_a_third_party_brings_a_decoder(monkeypatch):
    real = registry.registry()
    own = dataclasses.replace(real.families[0], name="own", dpu="DPUOWN", decoders=(own_decoder(),))
    added = dataclasses.replace(
        real, families=(*real.families, own), targets={**real.targets, "own": ()}
    )
    monkeypatch.setattr(registry, "registry", lambda: added)
    target = lookup("0x7700000000000002")
    assert (target.name, target.family) == ("DPUOWN_2", "own")
    assert [row.name for row in next(decode_target.readings(target)).rows()] == [
        "TYPE",
        "ISA",
        "",
        "SIZE",
    ]
    with pytest.raises(TargetError, match="decoder of DPUOWN does not work: ZeroDivisionError"):
        lookup("0x7700000000000003")


@pytest.mark.parametrize(("high", "low"), [(48, 47), (1, 2), (2, 1)])
def test_fields_that_overlap_or_leave_the_feature_code_are_refused(high, low):
    fields = (BitField("A", 1, 0, "a", "b"), BitField("B", high, low, "a", "b"))
    with pytest.raises(RuleError, match=r"DPUOWN ISA0: field B has bits .*; valid are bits from 2"):
        own_decoder(fields=fields)


REMARKS = [
    (B4096, []),
    (B4096 ^ 1 << 29, []),
    (B4096 | 1 << 4, ["bits 7:4 are 0x1, which no release decodes and no registered target has; "]),
    (B4096 | 5 << 40 | 1 << 31, ["bits 47:36 are 0x50, which", "bits 31 are 0x1, which no"]),
    (0x602001036088231, ["the kernels, pads, kinds and fused activations of the ALU are taken"]),
    (0x900000004000414, ["release 3.5 reads fingerprints of this instruction set by another"]),
    (0x900000004000444, ["release 3.0 reads the fingerprint as DPUCV2DX8G_ISA0_C16M4B4_09000000"]),
    (0x20200000010002A, []),
]


@pytest.mark.parametrize(("fingerprint", "starts"), REMARKS)
def test_what_there_is_to_note(fingerprint, starts):
    notes = decoded(lookup(fingerprint)).notes
    assert len(notes) == len(starts)
    for note, start in zip(notes, starts):
        assert note.startswith(start)
