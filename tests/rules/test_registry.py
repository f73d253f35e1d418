"""Families as plug-ins: the order, the names, and what a broken one is told."""

import dataclasses
import importlib.metadata
import itertools

import pytest

from vai_inspect.core.errors import RuleError
from vai_inspect.rules import czdi4g, czdx8g
from vai_inspect.rules.engine import entry_points, registry
from vai_inspect.rules.engine.family import INTERFACE_VERSION

IN_TREE = ["czdx8g", "cvdx8g", "cv2dx8g", "cvdx8h", "cahx8h", "cahx8l", "cadf8h", "czdi4g"]


@dataclasses.dataclass(frozen=True)
class Point:
    """An entry point that loads what it is told to."""

    name: str
    loads: object
    value: str = "third_party:FAMILY"

    def load(self):
        if isinstance(self.loads, BaseException):
            raise self.loads
        return self.loads


@pytest.fixture
def plug_in(monkeypatch):
    """Returns a function that adds entry points to those of the tree."""
    real = list(registry._entry_points())

    def add(*points):
        monkeypatch.setattr(registry, "_entry_points", lambda: [*points, *reversed(real)])
        registry.registry.cache_clear()

    yield add
    registry.registry.cache_clear()


def test_the_tree():
    assert [family.name for family in registry.families()] == IN_TREE
    assert registry.warnings() == ()
    assert [family.dpu for family in registry.families()] == [
        "DPU" + name.upper() for name in IN_TREE
    ]


@pytest.mark.parametrize("name", ["cvdx8h", "CVDX8H", "DPUCVDX8H", " dpucvdx8h "])
def test_a_family_by_name_or_dpu(name):
    assert registry.family(name).name == "cvdx8h"


def test_an_unknown_family_names_the_nearest():
    with pytest.raises(RuleError, match=r"unknown family 'czdx9g': valid are czdx8g \(DPUCZDX8G\)"):
        registry.family("czdx9g")
    with pytest.raises(RuleError, match=r"Did you mean czdx8g"):
        registry.targets("czdx9g")


def test_targets_of_a_family_and_of_all():
    assert registry.targets("czdi4g") == registry.targets(czdi4g.FAMILY)
    assert [target.name for target in registry.targets("DPUCZDX8G")][:4] == [
        "DPUCZDX8G_ISA1_B512",
        "DPUCZDX8G_ISA1_B512",
        "DPUCZDX8G_ISA1_B800",
        "DPUCZDX8G_ISA1_B800",
    ]
    seen = set()
    for target in registry.targets():
        first = "2.5" in target.releases or target.family == "cv2dx8g"
        assert target.name in seen or first
        seen.add(target.name)
    known = [one.fingerprint for one in registry.targets() if one.fingerprint is not None]
    assert len(set(known)) == len(known) == len(registry.targets()) - 1


def other(**changes):
    return dataclasses.replace(czdi4g.FAMILY, **{"name": "other", **changes})


BROKEN = [
    (ImportError("No module named 'gone'"), "ImportError: No module named 'gone'"),
    (RuntimeError("two\nlines"), "RuntimeError: two lines"),
    (SystemExit(3), "SystemExit: 3"),
    (KeyError(), "is left out: KeyError"),
    ("FAMILY", "received a str; valid is a vai_inspect.rules.plugin.Family"),
    (other(interface_version=99), "interface version 99; this vai-inspect has "),
    (other(name="czdx8g"), "its name 'czdx8g' is taken by another family"),
    (other(name=None), "its name is None; valid is a text"),
    (other(decoders=("isa1",)), "its decoder 'isa1' is of another kind or family; valid is a Dec"),
    (other(decoders=czdx8g.FAMILY.decoders), "is of another kind or family; valid is a Decoder of"),
    (other(decoders=None), "its decoders is None; valid is a tuple"),
    (other(package="vai_inspect.core"), "vai_inspect/core/targets.yaml: cannot be read"),
]


@pytest.mark.parametrize(("loads", "reason"), BROKEN)
def test_a_broken_plug_in_is_a_warning(plug_in, loads, reason):
    plug_in(Point("broken", loads))
    assert [family.name for family in registry.families()] == IN_TREE
    (warning,) = registry.warnings()
    assert warning.startswith("rules plug-in broken (third_party:FAMILY) is left out: ")
    assert reason in warning
    assert "\n" not in warning
    assert len(registry.targets()) == 45


def test_an_unknown_family_may_be_the_plug_in_that_is_broken(plug_in):
    plug_in(Point("broken", ImportError("No module named 'gone'")))
    with pytest.raises(
        RuleError, match="unknown family 'broken': .*The rules plug-in broken .* is"
    ):
        registry.family("broken")


def test_third_parties_come_last_by_name(plug_in, monkeypatch):
    read, codes = registry.load_targets, itertools.count(0xAC00000000000000)

    def targets_of_their_own(package, family):
        found = read(package, family)
        if family in IN_TREE:
            return found
        return tuple(
            dataclasses.replace(one, name=family + one.name, fingerprint=next(codes))
            for one in found
        )

    monkeypatch.setattr(registry, "load_targets", targets_of_their_own)
    plug_in(Point("zeta", other(name="zeta")), Point("alpha", other(name="alpha")))
    assert [family.name for family in registry.families()] == [*IN_TREE, "alpha", "zeta"]
    assert registry.warnings() == ()
    assert {target.family for target in registry.targets("zeta")} == {"zeta"}
    assert registry.family("DPUCZDI4G").name == "czdi4g"


def test_nobody_takes_the_targets_of_another_family(plug_in):
    before = registry.targets()
    plug_in(Point("thief", other(name="thief")))
    assert registry.targets() == before
    assert registry.targets("thief") == ()
    (warning,) = registry.warnings()
    assert warning.startswith("of rules plug-in thief (third_party:FAMILY) these targets are left")
    assert all(target.name in warning for target in registry.targets("czdi4g"))


def test_nobody_takes_the_name_of_a_family_of_the_tree(plug_in):
    plug_in(Point("czdi4g", other(name="czdi4g"), value="aaa:FAMILY"))
    assert registry.family("czdi4g") is czdi4g.FAMILY
    assert len(registry.warnings()) == 1


def test_the_older_interface_of_importlib_metadata(monkeypatch):
    point = Point("czdi4g", czdi4g.FAMILY)
    old = {"other.group": [point], registry.GROUP: [point, point]}
    monkeypatch.setattr(entry_points.sys, "version_info", (3, 8, 10))
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda: old)
    assert list(registry._entry_points()) == [point]


def test_the_interface_version_is_the_one_that_families_are_made_with():
    assert {family.interface_version for family in registry.families()} == {INTERFACE_VERSION}
