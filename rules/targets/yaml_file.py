"""Reads a family's targets.yaml into `core.target.Target` objects.

The file, which a plug-in's package holds as well:

    dpu: DPUCZDX8G                 # the DPU's type
    common:                        # optional: what every target below starts from
      sizes: {ICP: 16}             # numbers that other figures may name: ICP, 2*ICP
      banks: {VB0: Virtual PP x ICP x 2048}    # TYPE NUM x WIDTH x DEPTH, `, 4 bit` where not 8
      conv: {input_channel_parallel: ICP, ...} # each engine by the field names of core.target
      others: {move: ...}          # what no dataclass holds, kept as text
      unused_engines: dwconv       # optional: engines of the definition that nothing runs on
    targets:
      DPUCZDX8G_ISA1_B4096:        # laid over `common`, mapping by mapping; null takes away
        batch: 1                   # 1 where left out
        boards: ZCU102 KV260       # optional: boards that it is known from; or for each board the
                                   # releases whose image boots it, or what else of it has the
                                   # target: {ZCU102: 2.5 3.0, KV260: starter kit applications};
                                   # with cores and clock where a source tells them:
                                   # {ZCU102: {by: 2.5 3.0, cores: 3, clock_mhz: 281, source: ...}}
        registered:                # which releases register it, under which fingerprint
          2.5: 0x101000016010407   # unknown where no source gives it
          3.0 3.5: {fingerprint: 0x101000056010407, save: {argmax: true}}  # laid over as well

Names of lists may be written with blanks between them. The bank groups are numbered in the order
in which they stand.
"""

from __future__ import annotations

import pkgutil
from typing import Any, Dict, Iterator, List, Optional, Tuple

from vai_inspect.core import codec
from vai_inspect.core.errors import RuleError
from vai_inspect.core.target import (
    AluEngine,
    Bank,
    ConvEngine,
    DepthwiseEngine,
    EltwiseEngine,
    LoadEngine,
    PoolEngine,
    SaveEngine,
    Target,
)
from vai_inspect.rules.targets import bounded_yaml, yaml_schema
from vai_inspect.rules.targets.fingerprint import DPU_TYPES, Fingerprint, checked
from vai_inspect.rules.targets.yaml_schema import Place

FILE_NAME = "targets.yaml"
UNKNOWN = "unknown"
"""What stands for a fingerprint that no source gives."""

_REQUIRED_ENGINES = {"load": LoadEngine, "save": SaveEngine, "conv": ConvEngine}
_ENGINES: Dict[str, Any] = {
    **_REQUIRED_ENGINES,
    "eltwise": EltwiseEngine,
    "pool": PoolEngine,
    "dwconv": DepthwiseEngine,
    "alu": AluEngine,
}
_COMMON = (
    "isa_version",
    "peak_ops_per_cycle",
    "batch",
    "boards",
    "sizes",
    "banks",
    "others",
    "unused_engines",
    *_ENGINES,
)


def load_targets(package: str, family: str) -> Tuple[Target, ...]:
    """Returns the targets of the targets.yaml in a package.

    Raises:
        RuleError: there is no such file, or it is malformed.
    """
    source = f"{package.replace('.', '/')}/{FILE_NAME}"
    reason: object = "there is no such package"
    data = None
    try:
        data = pkgutil.get_data(package, FILE_NAME)
    except (ImportError, OSError) as error:
        reason = error
    if data is None:
        raise RuleError(
            f"{source}: cannot be read: {reason}; a family's package holds its targets in "
            f"{FILE_NAME}."
        )
    return read_targets(data, family, source)


def read_targets(content: "str | bytes", family: str, source: str) -> Tuple[Target, ...]:
    """Returns the targets of a targets.yaml's content; `source` names it in errors.

    Raises:
        RuleError: the content is malformed.
    """
    place = Place((source,))
    document = yaml_schema.mapping(
        bounded_yaml.parsed(content, source), place, ("dpu", "common", "targets")
    )
    dpu = yaml_schema.text(document.get("dpu"), place.at("dpu"))
    common = yaml_schema.mapping(document.get("common") or {}, place.at("common"), _COMMON)
    blocks = yaml_schema.mapping(document.get("targets"), place.at("targets"))
    if not blocks:
        raise place.at("targets").error(blocks, "at least one target")
    targets: List[Target] = []
    seen: Dict[int, str] = {}
    for name, block in blocks.items():
        for target in _variants(name, common, block, place.at(name), dpu, family):
            if target.fingerprint in seen:
                raise (
                    place.at(name)
                    .at("registered")
                    .error(
                        target.fingerprint_text,
                        f"a fingerprint of its own; {seen[target.fingerprint]} has this one",
                    )
                )
            if target.fingerprint is not None:
                seen[target.fingerprint] = name
            targets.append(target)
    return tuple(targets)


def merged(base: Dict[str, Any], over: Dict[str, Any]) -> Dict[str, Any]:
    """Lays one mapping over another, mapping by mapping; a value of None takes a key away."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _variants(
    name: str, common: Dict[str, Any], block: object, place: Place, dpu: str, family: str
) -> Iterator[Target]:
    own = yaml_schema.mapping(block, place, (*_COMMON, "registered"))
    own_place = place.at("registered")
    registered = yaml_schema.mapping(own.pop("registered", None), own_place)
    if not registered:
        raise own_place.error(registered, "releases with their fingerprint, as in 2.5: 0x1010...")
    shared = merged(common, own)
    every = [release for releases in registered for release in releases.split()]
    for releases, variant in registered.items():
        here = own_place.at(releases)
        if not isinstance(variant, dict):
            variant = {"fingerprint": variant}
        over = yaml_schema.mapping(variant, here, (*_COMMON, "fingerprint"))
        fingerprint = _fingerprint(over.pop("fingerprint", None), here.at("fingerprint"))
        everything = merged(shared, over)
        boards = everything.get("boards", [])
        target = _target(
            name,
            everything,
            place,
            dpu=dpu,
            family=family,
            fingerprint=fingerprint and fingerprint.value,
            releases=tuple(releases.split()),
            board_uses=yaml_schema.board_uses(boards, place.at("boards"), releases.split(), every),
        )
        if fingerprint is not None:
            _check_bytes(fingerprint, target, here.at("fingerprint"))
        yield target


def _check_bytes(fingerprint: Fingerprint, target: Target, place: Place) -> None:
    valid = "one whose {} byte is {}".format
    if fingerprint.isa_version != target.isa_version:
        raise place.error(str(fingerprint), valid("second", f"isa_version, {target.isa_version}"))
    if target.dpu in DPU_TYPES.values() and fingerprint.dpu != target.dpu:
        raise place.error(str(fingerprint), valid("first", f"that of {target.dpu}"))


def _target(name: str, block: Dict[str, Any], place: Place, **identity: Any) -> Target:
    sizes_place = place.at("sizes")
    sizes = {
        size: yaml_schema.number(value, sizes_place.at(size))
        for size, value in yaml_schema.mapping(block.get("sizes") or {}, sizes_place).items()
    }
    place = Place(place.path, sizes)
    for field in ("isa_version", "peak_ops_per_cycle", "banks", *_REQUIRED_ENGINES):
        if field not in block:
            raise place.at(field).error(None, "a value: the field is required")
    banks = _banks(block["banks"], place.at("banks"))
    engines: Dict[str, Any] = {}
    for engine, kind in _ENGINES.items():
        if engine in block:
            engines[engine] = codec.dataclass(kind, block[engine], place.at(engine))
            _check_banks(engines[engine], banks, place.at(engine))
    others = yaml_schema.mapping(block.get("others") or {}, place.at("others"))
    return Target(
        name=name,
        isa_version=yaml_schema.number(block["isa_version"], place.at("isa_version")),
        peak_ops_per_cycle=yaml_schema.number(
            block["peak_ops_per_cycle"], place.at("peak_ops_per_cycle")
        ),
        batch=yaml_schema.number(block.get("batch", 1), place.at("batch")),
        banks=banks,
        others=tuple((key, _plain(value)) for key, value in others.items()),
        unused_engines=_unused(block.get("unused_engines", []), place.at("unused_engines")),
        **identity,
        **engines,
    )


def _unused(value: object, place: Place) -> Tuple[str, ...]:
    names = yaml_schema.words(value, place)
    for name in names:
        if name not in _ENGINES:
            raise place.error(name, f"one of the engines {', '.join(_ENGINES)}")
    return names


def _banks(value: object, place: Place) -> Tuple[Bank, ...]:
    banks: List[Bank] = []
    base_id = 0
    for name, figure in yaml_schema.mapping(value, place).items():
        banks.append(yaml_schema.bank(name, figure, base_id, place.at(name)))
        base_id += banks[-1].num
    return tuple(banks)


def _check_banks(engine: Any, banks: Tuple[Bank, ...], place: Place) -> None:
    names = [bank.name for bank in banks]
    for field in ("input_bank", "output_bank", "weight_bank", "bias_bank"):
        value = getattr(engine, field, ())
        for name in (value,) if isinstance(value, str) else value:
            if name not in names:
                raise place.at(field).error(name, f"one of the banks {', '.join(names)}")


def _fingerprint(value: object, place: Place) -> Optional[Fingerprint]:
    if value == UNKNOWN:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return checked(value)
        except ValueError:
            pass
    raise place.error(
        value,
        "64 bits as a hexadecimal number without quotes, as in 0x101000016010407, or "
        f"{UNKNOWN} where no source gives it",
    )


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
