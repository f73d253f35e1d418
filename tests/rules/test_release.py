"""A Vitis AI release: the build of a target that it has."""

from __future__ import annotations

import pytest

from vai_inspect.core.errors import ReleaseError, TargetError
from vai_inspect.rules.quantizers.release import RELEASES, target_in
from vai_inspect.rules.targets.lookup import lookup

B4096 = "DPUCZDX8G_ISA1_B4096"
OLD, NEW = 0x101000016010407, 0x101000056010407


@pytest.mark.parametrize(
    ("release", "fingerprint"),
    [(None, OLD), ("2.5", OLD), ("3.0", NEW), ("3.5", NEW), (3.5, NEW), (" 3.0 ", NEW)],
)
@pytest.mark.parametrize("name", [B4096, B4096.lower()])
def test_a_name_is_the_build_of_the_release(name, release, fingerprint):
    assert target_in(name, release).fingerprint == fingerprint


@pytest.mark.parametrize("release", [None, *RELEASES])
def test_a_target_of_every_release_is_the_same(release):
    assert target_in("DPUCAHX8H_ISA2", release) is lookup("DPUCAHX8H_ISA2")


def test_a_fingerprint_is_that_build_alone():
    assert target_in(hex(NEW), "3.0").fingerprint == NEW
    with pytest.raises(TargetError, match="is not in release 2.5; builds of this name by release"):
        target_in(hex(NEW), "2.5")


def test_an_unregistered_fingerprint_is_the_same_in_each():
    spec = hex(OLD ^ (1 << 26))
    assert not lookup(spec).releases
    assert target_in(spec, "3.0") == lookup(spec)


def test_a_release_that_lacks_the_target():
    with pytest.raises(TargetError, match=r"0x901400044000144 \(3.5\)"):
        target_in("DPUCV2DX8G_ISA1_C20B1", "2.5")


@pytest.mark.parametrize("release", ["4.0", "", "2", True, 3])
def test_no_release(release):
    with pytest.raises(ReleaseError, match="valid are 2.5, 3.0, 3.5"):
        target_in(B4096, release)
