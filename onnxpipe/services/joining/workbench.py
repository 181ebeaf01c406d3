"""The workbench: parts made one after another, each knowing what came before it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe import lock
from onnxpipe.components import parameters, registry
from onnxpipe.core import models
from onnxpipe.core.fragment import Fragment, metadata
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest, Unreadable
from onnxpipe.services.convert import options_of
from onnxpipe.services.joining import combining
from onnxpipe.services.joining.builds import Builds
from onnxpipe.services.joining.members import Member
from onnxpipe.services.joining.originals import Origin, converted
from onnxpipe.services.judging.matching import unzipped
from onnxpipe.services.natives.native import Where
from onnxpipe.stitching import foreign
from onnxpipe.stitching.manifest import Entry, Manifest
from onnxpipe.stitching.parts import INPUT, End, Part, free_name, refuse_twins
from onnxpipe.stitching.wiring import Wire, ends, feeding, splits


@dataclass(slots=True)
class Bench:
    """What is on the bench while parts are made one after another.

    ``where`` peers and natives run, ``builds`` what earlier builds made; ``origins`` are the parts
    that were converted, ``facts`` what each part was made of, ``notes`` what came up on the way.
    """

    wires: list[Wire]
    parts: list[Part] = field(default_factory=list)
    classes: dict[str, NDArray[Any] | None] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    where: Where = field(default_factory=Where)
    builds: Builds = field(default_factory=Builds)
    origins: dict[str, Origin] = field(default_factory=dict)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    layouts: dict[str, Mapping[str, str]] = field(default_factory=dict)


def add_entry(bench: Bench, manifest: Manifest, entry: Entry) -> None:
    """Put a manifest's part on the bench."""
    bench.layouts[entry.name] = entry.layouts
    if entry.kind == "component":
        name, _, rest = entry.value.partition(":")
        settings = {**parameters.parse(rest), **entry.settings}
        return _add_component(bench, entry.name, name, settings, manifest.folder)
    path = manifest.folder / entry.value
    if entry.kind == "model":
        return _add_model(bench, entry.name, path)
    sample = {"sample": manifest.folder / entry.settings["sample"]} if "sample" in entry.settings else {}
    return _add_source(bench, entry.name, path, {**entry.settings, **sample})


def add(bench: Bench, name: str, part: Any) -> None:
    """Put a part on the bench: what it is follows from its type, else from its bytes."""
    if isinstance(part, (onnx.ModelProto, Fragment)):
        name = name or _free(bench, "model")
        return _put(bench, name, part if isinstance(part, Fragment) else _read(bench, name, part))
    if not isinstance(part, (str, Path)):
        return _add_source(bench, name or _free(bench, type(part).__name__), part, {})
    head, colon, rest = str(part).partition(":")
    if (head in registry.components() or head in combining.NAMES) and (colon or not Path(part).exists()):
        return _add_component(bench, name or _free(bench, head), head, parameters.parse(rest), Path())
    path = Path(part)
    if not path.exists():
        raise Unreadable("no such file or folder, nor a component", where=str(part), remedy=_components())
    put = _add_model if path.suffix.lower() == ".onnx" or _is_model(path) else _add_source
    return put(bench, name or _free(bench, path.stem), path)


def _components() -> str:
    return f"Components: {', '.join(sorted([*registry.components(), *combining.NAMES]))}"


def _free(bench: Bench, wish: str) -> str:
    return free_name(wish, [part.name for part in bench.parts])


def _is_model(path: Path) -> bool:
    """Whether the bytes are an ONNX model: protobuf has no mark of its own, so they are read."""
    if not path.is_file():
        return False
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception:  # protobuf's DecodeError, which it doesn't type
        return False
    return bool(model.ir_version and model.graph.output)


def _add_model(bench: Bench, name: str, path: Path) -> None:
    """An ONNX file, with the tensors it keeps in other files."""
    model = models.read(path)
    kept = models.external(models.parsed(path.read_bytes(), str(path)))
    bench.files += [path, *(path.parent / name for name in sorted(set(map(models.location, kept))))]
    _put(bench, name, _read(bench, name, model))
    bench.facts[name] = {"from": f"model {path.name}", "digest": lock.digest(path)}


def _read(bench: Bench, name: str, model: onnx.ModelProto) -> Fragment:
    """A model as parts read it: scores are a matrix, where another exporter makes maps by label of them."""
    plain = unzipped(model)
    if plain is not model:
        bench.notes.append(f"{name}: put in scores as a matrix [N, k] in place of maps by label (ZipMap)")
    return Fragment.of(plain)


def _add_source(bench: Bench, name: str, source: Any, settings: Mapping[str, Any] | None = None) -> None:
    """A saved pipeline or a live object, converted on the way; ``settings`` are a manifest's options."""
    given = dict(settings or {})
    sample = given.pop("sample", None)
    bench.files += [path for path in (source, sample) if isinstance(path, Path)]
    given["inputs"] = {port: (dtype, None) for port, dtype in given.get("inputs", {}).items()}
    origin, notes = converted(source, sample, options_of(given), where=bench.where, kept=bench.builds)
    bench.notes += [f"{name}: {note}" for note in notes]
    _put(bench, name, Fragment.of(origin.model))
    bench.origins[name] = origin
    if isinstance(source, Path):
        bench.facts[name] = {"from": f"source {source.name}", "digest": lock.digest(source)}


def _put(bench: Bench, name: str, fragment: Fragment) -> None:
    bench.parts.append(Part(name, fragment, layouts=bench.layouts.get(name, {})))
    refuse_twins(bench.parts)
    bench.classes[name] = _stored_classes(fragment.model)


def _stored_classes(model: onnx.ModelProto) -> NDArray[Any] | None:
    """The class labels that a model's metadata tell, or its classifiers alike; None where none do."""
    try:
        known = metadata(model)
        labels = np.asarray(json.loads(known.get("classes", "null")) if known else foreign.classes(model))
    except ValueError:
        return None
    return labels if labels.ndim == 1 and labels.dtype.kind in "Uifb" else None


def _add_component(
    bench: Bench, name: str, component: str, settings: Mapping[str, Any], folder: Path
) -> None:
    """A component, made for the types of what feeds it."""
    if component in combining.NAMES:
        _add_combined(bench, name, component, settings)
        return
    found = registry.find(component)
    opening = _opening(bench, name, found)
    sources = {} if opening else _sources(bench, name, found)
    ports = opening(found.parsed(settings, folder)) if opening else {}
    ports = ports or {port: _port(bench, end) for port, end in sources.items()}
    upstream = registry.Upstream(ports, _classes(bench, sources.values()), folder)
    fragment = found.fragment(settings, upstream)
    _put(bench, name, fragment)
    bench.classes[name] = upstream.classes
    bench.facts[name] = {"from": f"component {component}"}
    inputs = [End(name, value.name) for value in fragment.model.graph.input]
    bench.wires += zip(sources.values(), inputs, strict=bool(sources))
    bench.files += registry.files(found, settings, folder)


def _add_combined(bench: Bench, name: str, kind: str, settings: Mapping[str, Any]) -> None:
    """Several parts that are there already, as one; what fed them feeds it."""
    chosen = combining.members_of(settings, bench.parts)
    parts = [next(part for part in bench.parts if part.name == member) for member, _ in chosen]
    links = _unwired(bench, [part.name for part in parts])
    sources: dict[str, End | None] = {}
    members = []
    for part, (_, output) in zip(parts, chosen, strict=True):
        known = {
            port: _key(sources, links.get(End(part.name, port)), part.name, port) for port in part.inputs
        }
        members.append(Member(part, known, bench.classes[part.name], output))
    made = combining.combined(kind, members, settings)
    bench.parts = [part for part in bench.parts if part not in parts]
    for part in parts:
        bench.facts[f"{name}.parts.{part.name}"] = bench.facts.pop(part.name, {})
    _put(bench, name, made.fragment)
    bench.classes[name], bench.facts[name] = made.classes, {"from": f"component {kind}"}
    bench.wires += [(source, End(name, key)) for key, source in sources.items() if source]
    bench.notes += [f"{name}: {note}" for note in made.notes]


def _unwired(bench: Bench, names: Collection[str]) -> dict[End, End]:
    """Source by target of the wires into these parts, which are taken off the bench."""
    found: dict[End, End] = {}
    for wire in list(bench.wires):
        try:
            source, target = ends(bench.parts, wire) if isinstance(wire, str) else wire
        except BadManifest:  # it speaks of parts to come
            continue
        if target.part in names:
            found[target] = source
            bench.wires.remove(wire)
    return found


def _key(sources: dict[str, End | None], source: End | None, part: str, port: str) -> str:
    """The name of an input of a combination: one for what several members read, noted in ``sources``."""
    for key in (port, f"{part}_{port}"):
        if sources.setdefault(key, source) == source:
            return key
    raise BadManifest(f"two things feed {part}.{port}", where="wires")


def _opening(bench: Bench, name: str, component: registry.Component) -> registry.Opening | None:
    """What tells the graph's inputs that a component reads, None where other parts feed it."""
    wanted = {text for port in component.inputs for text in (port, str(End(name, port)))}
    texts = [wire for wire in bench.wires if isinstance(wire, str) and not wire.startswith(f"{INPUT}.")]
    wired = any(right in wanted for wire in texts for _, right in splits(wire))
    there = bench.parts[-1].outputs if bench.parts else {}
    meant = there if component.open_ended else (*component.inputs, *component.roles)
    fed = wired or any(port in there for port in meant)
    return None if fed else component.opens


def _sources(bench: Bench, name: str, component: registry.Component) -> dict[str, End]:
    """What feeds each input of a component; wires that say so are taken off the bench."""
    if component.open_ended:
        last = bench.parts[-1] if bench.parts else None
        return {port: End(last.name, port) for port in last.outputs} if last else {}
    texts = [wire for wire in bench.wires if isinstance(wire, str)]
    made: dict[str, End] = {}
    for i, port in enumerate(component.inputs):
        roles = component.roles if i == 0 else ()
        made[port], used = feeding(End(name, port), roles, bench.parts, texts)
        if used:
            bench.wires.remove(used)
    return made


def _port(bench: Bench, end: End) -> Port:
    part = next(part for part in bench.parts if part.name == end.part)
    return next(port for port in part.fragment.signature.outputs if port.name == end.port)


def _classes(bench: Bench, ends: Iterable[End]) -> NDArray[Any] | None:
    found = (bench.classes[end.part] for end in ends)
    return next((classes for classes in found if classes is not None), None)
