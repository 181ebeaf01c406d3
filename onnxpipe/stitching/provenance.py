"""What the metadata of a joined graph tell: of every part, and of the whole's own inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from onnxpipe.core.fragment import PREFIX, metadata
from onnxpipe.core.signature import SIZES, UNITS, sizes_of
from onnxpipe.errors import BadManifest
from onnxpipe.stitching.parts import End, Part
from onnxpipe.stitching.sizes import Sizes

_MISSING = PREFIX + "missing_string"
_SINGLE, _HALF = PREFIX + "single", PREFIX + "half"


def told(parts: Sequence[Part], inputs: Mapping[str, End], sizes: Sizes) -> dict[str, str]:
    """The joined graph's metadata; ``inputs`` are the ends that its own inputs stand for.

    Every part's is kept as ``io.onnxpipe.parts.<part>.<key>``, our prefix left out of the keys. Of
    the whole are the units of dates, sizes that open axes may have, what a missing text travels as,
    and the stages that compute in single and in half precision. Raises BadManifest where two parts have a
    missing text travel as different ones.
    """
    made = {PREFIX + "parts": json.dumps([part.name for part in parts])}
    for part in parts:
        for prop in part.fragment.model.metadata_props:
            if prop.key != PREFIX + "stages":
                made[f"{PREFIX}parts.{part.name}.{prop.key.removeprefix(PREFIX)}"] = prop.value
    known = {part.name: part for part in parts}
    whole = {UNITS: _units(known, inputs), SIZES: _sizes(parts, sizes)}
    made |= {key: json.dumps(value, sort_keys=True) for key, value in whole.items() if value}
    coarse = {_SINGLE: _paths(parts, "single"), _HALF: _paths(parts, "half")}
    texts = {_MISSING: _missing(known, inputs), **coarse}
    return made | {key: value for key, value in texts.items() if value}


def _units(parts: Mapping[str, Part], inputs: Mapping[str, End]) -> dict[str, str]:
    """What integers that stand for dates count, by the whole's inputs."""
    ports = {
        End(name, p.name): p.unit for name, part in parts.items() for p in part.fragment.signature.inputs
    }
    return {name: ports[end] for name, end in inputs.items() if ports.get(end)}


def _sizes(parts: Sequence[Part], sizes: Sizes) -> dict[str, int]:
    """A size that each open axis may have, by the symbol it has in the joined graph."""
    found: dict[str, int] = {}
    for part in parts:
        for symbol, size in sizes_of(part.fragment.model).items():
            name = sizes.size(part.name, symbol)
            if isinstance(name, str):
                found[name] = size
    return found


def _missing(parts: Mapping[str, Part], inputs: Mapping[str, End]) -> str:
    """What a missing text travels as in the parts that read text from outside."""
    texts = {
        end.part: metadata(parts[end.part].fragment.model).get("missing_string", "")
        for end in inputs.values()
        for port in parts[end.part].fragment.signature.inputs
        if port.name == end.port and port.is_string
    }
    if len(set(texts.values())) > 1:
        listed = ", ".join(f"{text!r} in {name}" for name, text in texts.items())
        raise BadManifest(
            f"a missing text travels as {listed}", remedy="Convert all of them with one missing_string."
        )
    return next(iter(texts.values()), "")


def _paths(parts: Sequence[Part], key: str) -> str:
    """The stages that answer in single, or half, precision, whatever comes out in the end."""
    found = ((part.name, metadata(part.fragment.model).get(key, "")) for part in parts)
    return ",".join(f"{name}/{path}" for name, paths in found if paths for path in paths.split(","))
