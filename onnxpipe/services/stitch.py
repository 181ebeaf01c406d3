"""The stitching service: models, saved pipelines and components in, one ONNX model out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.core import portability
from onnxpipe.core.fragment import Fragment
from onnxpipe.errors import BadManifest, OnnxpipeError
from onnxpipe.services.joining.builds import Builds
from onnxpipe.services.joining.originals import Origin
from onnxpipe.services.joining.workbench import Bench, add, add_entry
from onnxpipe.services.natives import spill
from onnxpipe.services.natives.native import Where
from onnxpipe.stitching import manifest as manifests
from onnxpipe.stitching import no_rows
from onnxpipe.stitching.manifest import Manifest, is_manifest
from onnxpipe.stitching.merge import merge


@dataclass(frozen=True, slots=True)
class Stitched:
    """A joined graph, the finished model, what the user should know, and the files that went in.

    ``files`` are in the order they were read, the manifest first where there is one; ``origins``
    are the parts that were converted.
    """

    fragment: Fragment
    model: onnx.ModelProto
    notes: tuple[str, ...]
    files: tuple[Path, ...]
    origins: Mapping[str, Origin] = field(default_factory=dict)
    manifest: Manifest | None = None


def stitch(
    parts: Any, *, wires: Iterable[str] = (), outputs: Iterable[str] = (), **where: Any
) -> onnx.ModelProto:
    """One model of several: of a manifest's path, or of parts in the order they run.

    A part is an ONNX model (a path, a ModelProto), a saved pipeline (a path, a live object) or
    ``"component:name=value"``; a mapping gives parts their names. ``where`` are ``python``,
    ``timeout`` and ``trust`` for parts that a peer exports. Raises BadManifest for what doesn't fit
    together, and what ``convert`` raises.
    """
    return spill.loaded(stitched(parts, wires=wires, outputs=outputs, where=Where(**where)).model)


def stitched(
    parts: Any, *, wires: Iterable[str] = (), outputs: Iterable[str] = (), where: Where | None = None,
    kept: Builds | None = None,
) -> Stitched:  # fmt: skip
    """``stitch``, with everything that came up on the way; ``kept`` is what earlier builds made."""
    bench = Bench(list(wires), where=where or Where(), builds=kept or Builds())
    outputs = tuple(outputs)
    if is_manifest(parts):
        return _from_manifest(bench, manifests.read(Path(parts)), outputs)
    named = parts.items() if isinstance(parts, Mapping) else [("", part) for part in _listed(parts)]
    for name, part in named:
        add(bench, name, part)
    return _joined(bench, outputs)


def _listed(parts: Any) -> Sequence[Any]:
    # A live estimator may be iterable itself: forests iterate over their trees.
    listed = list(parts) if isinstance(parts, (list, tuple)) else [parts]
    if len(listed) == 1 and is_manifest(listed[0]):
        raise BadManifest("a manifest is given as it is, not in a list")
    return listed


def _from_manifest(bench: Bench, manifest: Manifest, outputs: Sequence[str]) -> Stitched:
    """The manifest's graph; wires given beside it are added, outputs take the place of its own."""
    bench.wires[:0] = manifest.wires
    bench.files.append(manifest.path)
    for entry in manifest.parts:
        try:
            add_entry(bench, manifest, entry)
        except OnnxpipeError as error:
            error.where = f"{manifest.where(entry)}: {error.where or entry.name}"
            raise
    try:
        return replace(_joined(bench, outputs or manifest.outputs), manifest=manifest)
    except BadManifest as error:
        error.where = manifest.placed(error.where)
        raise


def _joined(bench: Bench, outputs: Sequence[str]) -> Stitched:
    fragment, notes = merge(bench.parts, bench.wires, outputs)
    no_rows.guarded(fragment.model)
    facts: dict[str, str] = {"portability": portability.portability(fragment.model)}
    facts |= {f"parts.{name}.{key}": text for name, told in bench.facts.items() for key, text in told.items()}
    if (last := bench.classes[bench.parts[-1].name]) is not None:
        facts["classes"] = json.dumps(last.tolist())
    files = tuple(dict.fromkeys(bench.files))
    return Stitched(fragment, fragment.finished(facts), (*bench.notes, *notes), files, bench.origins)
