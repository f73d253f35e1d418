"""Sound exported programs with bytes changed, in the archive or in one of its members.

Run as a script it reads as many as its argument says, and prints what came of each.
"""

from __future__ import annotations

import random
import sys
import zipfile
from pathlib import Path

from tests.hostile.exported_programs import SOUND, edited
from tests.hostile.exported_programs import main as write_all
from vai_inspect.core.errors import VaiInspectError
from vai_inspect.frontends.torch import capture_file

NAME = "damaged.pt2"
TOKENS = (b'"', b"{", b"null", b"[]", b"-1", b"9" * 30, b"\xff", b"\0", b".", b"'", b"PK\x05\x06")


def changed(content: bytes, chance: random.Random) -> bytes:
    """Changes some bytes, takes some away or puts some in."""
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(found)) if found else 0
        kind = chance.randrange(3)
        if kind == 0:
            found[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del found[at : at + chance.randrange(1, 30)]
        else:
            found[at:at] = chance.choice(TOKENS)
    return bytes(found)


def damage(chance: random.Random) -> None:
    """Writes a damaged copy; half of them with the checksums of what they hold."""
    if chance.random() < 0.5:
        Path(NAME).write_bytes(changed(Path(SOUND).read_bytes(), chance))
        return
    with zipfile.ZipFile(SOUND) as source, zipfile.ZipFile(NAME, "w") as target:
        names = source.namelist()
        program = [one for one in names if one.endswith("models/model.json")]
        hit = chance.choice(program * 4 + names)
        for one in names:
            content = source.read(one)
            target.writestr(one, changed(content, chance) if one == hit else content)


def other() -> None:
    """Writes a program with an operator that torch does not have."""
    write_all()
    edited("other", "models/model.json", lambda s: s.replace("aten.relu", "aten.no_such_operator"))


def main() -> None:
    """Reads the damaged programs."""
    write_all()
    chance = random.Random(1)
    for _ in range(int(sys.argv[1])):
        damage(chance)
        try:
            capture_file(Path(NAME), trust=True)
            found = "read: "
        except VaiInspectError as error:
            found = "{}: {}".format("lines" if "\n" in str(error) else "line", error)
        except BaseException as error:
            found = "raw: {!r}".format(error)
        print("# " + found.replace("\n", "|"), flush=True)


if __name__ == "__main__":
    main()
