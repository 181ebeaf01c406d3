"""The manifest of a stitch: a YAML file checked against a published JSON Schema."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema

from onnxpipe.errors import BadManifest
from onnxpipe.stitching import lines

_SUFFIXES = (".yaml", ".yml")
KINDS = ("source", "model", "component")
ROWS = 500
"""Rows made to try the whole on, unless a manifest says how many."""
_KEYS = ("wires", "outputs", "reference", "data", "golden", "tolerances")


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of a manifest: its name, what kind it is, the path or component, and how it is made.

    ``line`` is where it stands; ``settings`` are a source's options or a component's parameters,
    ``layouts`` those declared of its inputs and outputs.
    """

    name: str
    kind: str
    value: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    layouts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's parts, wires and outputs, and what the whole is held against; paths start at ``folder``.

    ``reference`` is the Python function of the whole, ``data`` rows to try besides ``rows`` made
    ones, ``golden`` a folder of recorded answers, ``tolerances`` rtol and atol by output, "" for all.
    ``lines`` tell where each of these, each ``wire TEXT``, ``outputs TEXT`` and ``part NAME`` stand.
    """

    path: Path
    parts: tuple[Entry, ...]
    wires: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    reference: str = ""
    data: Path | None = None
    rows: int = ROWS
    golden: Path | None = None
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.path.parent

    def where(self, entry: Entry) -> str:
        """The place of a part, for errors: ``file:line``."""
        return f"{self.path}:{entry.line}"

    def placed(self, where: str) -> str:
        """The place of an error about a wire, an output or a part, with its line where it is known."""
        line = self.lines.get(where) or self.lines.get(f"part {where}")
        return ": ".join(filter(None, (f"{self.path}:{line}" if line else str(self.path), where)))


def is_manifest(path: Any) -> bool:
    """Whether this is the path of a manifest."""
    return isinstance(path, (str, Path)) and Path(path).suffix.lower() in _SUFFIXES


def read(path: Path) -> Manifest:
    """The manifest in a file. Raises BadManifest with the line of the first thing that is wrong."""
    document = lines.read(path)
    _refuse_invalid(document, str(path))
    data = document.data
    entries = tuple(_entry(part, document.line(("parts", i))) for i, part in enumerate(data["parts"]))
    wires, outputs = (tuple(data.get(key, ())) for key in ("wires", "outputs"))
    places = {f"wire {wire}": document.line(("wires", i)) for i, wire in enumerate(wires)}
    places |= {f"outputs {output}": document.line(("outputs", i)) for i, output in enumerate(outputs)}
    places |= {f"part {entry.name}": entry.line for entry in entries}
    places |= {key: document.line((key,)) for key in _KEYS if key in data}
    tolerances = {"" if name == "*" else name: limits for name, limits in data.get("tolerances", {}).items()}
    places |= {f"tolerances {name}": document.line(("tolerances", name)) for name in tolerances}
    paths = {key: path.parent / data[key] for key in ("data", "golden") if key in data}
    told = {key: data[key] for key in ("reference", "rows") if key in data}
    made = Manifest(
        path, entries, wires, outputs, tolerances=tolerances, lines=places,
        **paths, **told,
    )  # fmt: skip
    for entry in made.parts:
        _refuse_unreadable(made, entry)
    for key, place in paths.items():
        _refuse_missing(key, data[key], place, made.placed(key))
    return made


@cache
def schema() -> Mapping[str, Any]:
    """The published JSON Schema of manifests."""
    text = resources.files(__package__ or "").joinpath("manifest.schema.json").read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _entry(part: Mapping[str, Any], line: int) -> Entry:
    kind = next(kind for kind in KINDS if kind in part)
    settings = part.get("options" if kind == "source" else "parameters", {})
    return Entry(part["name"], kind, part[kind], settings, line, part.get("layouts", {}))


def _refuse_unreadable(manifest: Manifest, entry: Entry) -> None:
    """Raise BadManifest for a path that isn't relative to the manifest or leads nowhere."""
    if entry.kind == "component":
        return
    folders = entry.kind == "source"
    _refuse_missing(entry.kind, entry.value, manifest.folder / entry.value, manifest.where(entry), folders)
    if sample := entry.settings.get("sample") if folders else None:
        _refuse_missing("sample", sample, manifest.folder / sample, manifest.where(entry))


def _refuse_missing(kind: str, value: str, path: Path, where: str, folders: bool = True) -> None:
    if Path(value).is_absolute():
        raise BadManifest(
            f"{kind} {value} is an absolute path",
            where=where,
            remedy="Write it relative to the manifest, so that others can use it too.",
        )
    if not (path.is_file() or (folders and path.is_dir())):
        raise BadManifest(f"there is no {kind} {value}", where=where, remedy=f"Looked for {path.resolve()}")


def _refuse_invalid(document: lines.Document, where: str) -> None:
    """Raise BadManifest for the first thing, from the top, that the schema doesn't allow."""
    found = list(jsonschema.Draft202012Validator(schema()).iter_errors(document.data))
    if found:
        error = min(found, key=lambda e: (document.line(_place(e)), len(e.absolute_path)))
        place = document.line(_place(error))
        what, remedy = _said(error)
        raise BadManifest(what, where=f"{where}:{place}", remedy=remedy)


def _place(error: Any) -> lines.Path:
    """Where an error is: at the unknown key itself, not at the map that holds it."""
    path = tuple(error.absolute_path)
    return (*path, _unknown(error)[0]) if error.validator == "additionalProperties" else path


def _unknown(error: Any) -> list[str]:
    return [key for key in error.instance if key not in error.schema.get("properties", {})]


def _said(error: Any) -> tuple[str, str]:
    """(what, what next) of a schema error, in the manifest's own words."""
    spot = ".".join(str(step + 1 if isinstance(step, int) else step) for step in error.absolute_path)
    if error.validator == "additionalProperties":
        key, known = _unknown(error)[0], list(error.schema["properties"])
        near = difflib.get_close_matches(key, known, n=1)
        return f"unknown key {key}", f"Is it {near[0]}?" if near else f"There are: {', '.join(known)}"
    if error.validator == "oneOf":
        given = [kind for kind in KINDS if kind in error.instance]
        return (
            f"a part is exactly one of {', '.join(KINDS)}; here is {' and '.join(given) or 'none'}",
            "Split it into several parts." if given else "Say what the part is made of.",
        )
    if "dependentSchemas" in error.absolute_schema_path:
        return f"{error.absolute_schema_path[-2]} goes with {error.validator_value[0]} only", ""
    if error.validator == "required":
        absent = next(key for key in error.validator_value if key not in error.instance)
        return f"{spot or 'the manifest'} has no {absent}", error.schema.get("description", "")
    return f"{spot or 'the manifest'}: {error.message}", error.schema.get("description", "")
