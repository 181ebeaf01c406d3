"""The stitching service: models, saved pipelines and components in, one ONNX model out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.core import portability
from onnxpipe.core.fragment import Fragment
from onnxpipe.errors import BadManifest, OnnxpipeError
from onnxpipe.services.workbench import Bench, add, add_entry
from onnxpipe.stitching import manifest as manifests
from onnxpipe.stitching.manifest import Manifest
from onnxpipe.stitching.merge import merge

_MANIFESTS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Stitched:
    """A joined graph, the finished model, what the user should know, and the files that went in.

    ``files`` are in the order they were read, the manifest first where there is one.
    """

    fragment: Fragment
    model: onnx.ModelProto
    notes: tuple[str, ...]
    files: tuple[Path, ...]


def stitch(parts: Any, *, wires: Iterable[str] = (), outputs: Iterable[str] = ()) -> onnx.ModelProto:
    """One model of several: of a manifest's path, or of parts in the order they run.

    A part is an ONNX model (a path, a ModelProto), a saved pipeline (a path, a live object) or
    ``"component:name=value"``; a mapping gives parts their names. Raises BadManifest for what
    doesn't fit together, and what ``convert`` raises.
    """
    return stitched(parts, wires=wires, outputs=outputs).model


def stitched(parts: Any, *, wires: Iterable[str] = (), outputs: Iterable[str] = ()) -> Stitched:
    """``stitch``, with everything that came up on the way."""
    wires, outputs = tuple(wires), tuple(outputs)
    if is_manifest(parts):
        return _from_manifest(manifests.read(Path(parts)), wires, outputs)
    bench = Bench(list(wires))
    named = parts.items() if isinstance(parts, Mapping) else [("", part) for part in _listed(parts)]
    for name, part in named:
        add(bench, name, part)
    return _joined(bench, outputs)


def is_manifest(parts: Any) -> bool:
    """Whether this is the path of a manifest."""
    return isinstance(parts, (str, Path)) and Path(parts).suffix.lower() in _MANIFESTS


def _listed(parts: Any) -> Sequence[Any]:
    # A live estimator may be iterable itself: forests iterate over their trees.
    listed = list(parts) if isinstance(parts, (list, tuple)) else [parts]
    if len(listed) == 1 and is_manifest(listed[0]):
        raise BadManifest("a manifest is given as it is, not in a list")
    return listed


def _from_manifest(manifest: Manifest, wires: Sequence[str], outputs: Sequence[str]) -> Stitched:
    """The manifest's graph; wires given beside it are added, outputs take the place of its own."""
    bench = Bench([*manifest.wires, *wires], files=[manifest.path])
    for entry in manifest.parts:
        try:
            add_entry(bench, manifest, entry)
        except OnnxpipeError as error:
            error.where = f"{manifest.where(entry)}: {error.where or entry.name}"
            raise
    try:
        return _joined(bench, outputs or manifest.outputs)
    except BadManifest as error:
        error.where = manifest.placed(error.where)
        raise


def _joined(bench: Bench, outputs: Sequence[str]) -> Stitched:
    fragment, notes = merge(bench.parts, bench.wires, outputs)
    facts: dict[str, str] = {"portability": portability.portability(fragment.model)}
    if (last := bench.classes[bench.parts[-1].name]) is not None:
        facts["classes"] = json.dumps(last.tolist())
    return Stitched(fragment, fragment.finished(facts), notes, tuple(dict.fromkeys(bench.files)))
