"""The fitted constants of a timing model and what is known of their error, from a timing.yaml.

The file is written by the calibration (`python -m benchmarks.calibration --write`):

    fitted:      # low and high: the range when a family of networks is left out
      port: {value: 23.9, low: 22.0, high: 24.7, unit: ..., source: ...}
      memory: ...
      fill: ...
      host: ...
      host_pixel: ...
    checked:     # mean and largest error, percent
      KV260 2.5: {networks: 16, families: 6, frame: [3.2, 9.8], latency: [2.9, 8.1]}
"""

from __future__ import annotations

import functools
import pkgutil
from dataclasses import dataclass
from typing import Dict, Tuple

from vai_inspect.core import codec
from vai_inspect.core.errors import RuleError
from vai_inspect.rules.targets.yaml_schema import Place, mapping

FILE_NAME = "timing.yaml"


@dataclass(frozen=True)
class Constant:
    """A fitted constant.

    Attributes:
        value: what is used.
        low: the smallest that was fitted when a family was left out.
        high: the largest.
        unit: its unit.
        source: how it was found.
    """

    value: float
    low: float
    high: float
    unit: str
    source: str


@dataclass(frozen=True)
class Checked:
    """The error on one board with one release, each family left out of its fit.

    Attributes:
        networks: how many networks.
        families: of how many families.
        frame: mean and largest error of the time of a frame in percent, all cores in use.
        latency: likewise of one frame alone from end to end.
    """

    networks: int
    families: int
    frame: Tuple[float, float]
    latency: Tuple[float, float]


@dataclass(frozen=True)
class Table:
    """A timing.yaml.

    Attributes:
        port: bytes a cycle that a core reads at most, and as many that it writes.
        memory: GB/s of the memory in each direction, for all cores together.
        fill: bytes that a layer waits for before and after its overlapped part.
        host: ms that the host adds to a frame.
        host_pixel: ns that it adds for each pixel of the input.
        checked: the error by board and release.
    """

    port: Constant
    memory: Constant
    fill: Constant
    host: Constant
    host_pixel: Constant
    checked: Dict[Tuple[str, str], Checked]


@functools.lru_cache(maxsize=None)
def load(package: str) -> Table:
    """Returns the table in a family's package.

    Raises:
        RuleError: there is none, or it is malformed.
    """
    import yaml  # slow to import, and here already where targets were read

    source = f"{package.replace('.', '/')}/{FILE_NAME}"
    try:
        data = pkgutil.get_data(package, FILE_NAME)
        document = yaml.load(data or b"", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ImportError, yaml.YAMLError) as error:
        raise RuleError(f"{source}: cannot be read: {error}.") from error
    place = Place((source,))
    found = mapping(document, place, ("fitted", "checked"))
    checked: Dict[Tuple[str, str], Checked] = {}
    for name, one in mapping(found.get("checked"), place.at("checked")).items():
        here = place.at("checked").at(name)
        board, _, release = name.partition(" ")
        if not release:
            raise here.error(name, "a board and a release, as in KV260 2.5")
        checked[board, release] = codec.dataclass(Checked, one, here)
    return codec.dataclass(Table, found.get("fitted"), place.at("fitted"), checked=checked)
