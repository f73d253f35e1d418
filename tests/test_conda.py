"""The conda recipe and environments: sound, and in step with pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.project import PROJECT, PYPROJECT, ROOT, VERSION

CONDA = ROOT / "conda"
# What a distribution of PyPI is called on conda-forge, where the names differ.
CONDA_NAMES = {
    "graphviz": "python-graphviz",
    "torch": "pytorch",
}
# The program that draws; pip users get it, or the render extra, from elsewhere.
PROGRAMS = ["graphviz"]
ENVIRONMENTS = {
    "environment-keras.yml": ("keras-cpu", []),
    "environment-torch.yml": ("torch", ["torchvision"]),
}
"""The extra of each environment, and what it has beside the package's dependencies."""


def load(name):
    return yaml.safe_load((CONDA / name).read_text(encoding="utf-8"))


def on_conda(requirement):
    """A requirement of pyproject.toml as conda writes it."""
    name, floor = re.fullmatch(r"([\w-]+)(>=[\d.]+)(?:;.*)?", requirement).groups()
    return "{} {}".format(CONDA_NAMES.get(name, name), floor)


def asked():
    """What the package asks for.

    A package for every Python cannot ask for another release on another Python: of those that
    pyproject.toml names, the first, which is the oldest, is the floor.
    """
    found = {}
    for requirement in map(on_conda, PROJECT["dependencies"]):
        found.setdefault(requirement.split()[0], requirement)
    return list(found.values())


@pytest.fixture(scope="module")
def recipe():
    """The recipe with its own variables filled in."""
    text = (CONDA / "recipe.yaml").read_text(encoding="utf-8")
    for name, value in yaml.safe_load(text)["context"].items():
        assert isinstance(value, str), "{} would be read as a number".format(name)
        text = text.replace("${{ " + name + " }}", value)
    assert "${{" not in text
    return yaml.safe_load(text)


def test_rattler_build_takes_the_recipe():
    builder = pytest.importorskip("rattler_build")
    (variant,) = builder.Stage0Recipe.from_file(CONDA / "recipe.yaml").render()
    made = variant.recipe.to_dict()
    assert made["package"] == {"name": "vai-inspect", "version": VERSION}
    assert made["build"]["noarch"] == "python"
    assert [next(iter(test)) for test in made["tests"]] == ["python", "script", "package_contents"]


def test_rattler_build_refuses_what_is_no_recipe():
    builder = pytest.importorskip("rattler_build")
    text = (CONDA / "recipe.yaml").read_text(encoding="utf-8")
    for right, wrong in (("noarch: python", "noarch: snake"), ("license_file:", "licence_file:")):
        assert right in text
        with pytest.raises(builder.RattlerBuildError):
            builder.Stage0Recipe.from_yaml(text.replace(right, wrong))


def test_recipe_is_of_this_package(recipe):
    assert recipe["schema_version"] == 1
    assert recipe["package"] == {"name": PROJECT["name"], "version": VERSION}
    assert recipe["about"]["summary"] == PROJECT["description"]
    assert "license = {}".format(recipe["about"]["license"]) in (ROOT / "setup.cfg").read_text()
    assert (ROOT / recipe["about"]["license_file"]).is_file()
    assert (CONDA / recipe["source"]["path"]).resolve() == ROOT.resolve()


def test_recipe_asks_for_what_the_package_asks_for(recipe):
    wanted = ["python " + PROJECT["requires-python"], *asked()]
    assert sorted(recipe["requirements"]["run"]) == sorted(wanted + PROGRAMS)


def test_recipe_holds_frameworks_to_the_floors_of_the_extras(recipe):
    extras = PROJECT["optional-dependencies"]
    wanted = [on_conda(word) for name in ("h5", "keras", "onnx", "torch") for word in extras[name]]
    assert sorted(recipe["requirements"]["run_constraints"]) == sorted(wanted)


def test_recipe_builds_with_the_build_system(recipe):
    wanted = list(map(on_conda, PYPROJECT["build-system"]["requires"]))
    # Releases of setuptools before 70.1 make wheels with the package of that name.
    wanted += ["pip", "wheel", "python " + PROJECT["requires-python"]]
    assert sorted(recipe["requirements"]["host"]) == sorted(wanted)


def test_recipe_makes_the_same_commands(recipe):
    wanted = ["{} = {}".format(*item) for item in PROJECT["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == wanted


def test_what_the_recipe_tests_is_there(recipe):
    python, script, contents = recipe["tests"]
    listed = PYPROJECT["tool"]["setuptools"]["packages"]
    for name in python["python"]["imports"]:
        assert name in listed or (ROOT / (name.replace(".", "/") + ".py")).is_file(), name
    assert python["python"]["pip_check"] is True
    assert all(line.split()[0] in PROJECT["scripts"] for line in script["script"])
    folders = PYPROJECT["tool"]["setuptools"]["package-dir"]
    for name in contents["package_contents"]["site_packages"]:
        path = Path(name)
        package = ".".join(path.parts[:2])
        inside = Path(folders[package], *path.parts[2:]) if package in folders else path
        assert (ROOT / inside).is_file(), name


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_environment_has_what_the_recipe_and_the_extra_ask_for(name, recipe):
    extra, more = ENVIRONMENTS[name]
    environment = load(name)
    assert environment["name"] == "vai-inspect-" + name[len("environment-") : -len(".yml")]
    assert environment["channels"] == ["conda-forge"]
    *conda, pip = environment["dependencies"]
    (framework,) = PROJECT["optional-dependencies"][extra]
    # Inspecting needs no GPU: of PyTorch too, the build for the CPU, which is a name of its own.
    framework = on_conda(framework).replace("pytorch ", "pytorch-cpu ")
    assert sorted(conda) == sorted([*recipe["requirements"]["run"], framework, "pip", *more])
    # pip runs in the folder of the file, and finds all that the package asks for installed.
    assert [(CONDA / path).resolve() for path in pip["pip"]] == [ROOT.resolve()]


def test_there_are_no_other_environments():
    assert {path.name for path in CONDA.glob("*.yml")} == set(ENVIRONMENTS)
