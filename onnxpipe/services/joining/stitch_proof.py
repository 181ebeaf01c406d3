"""A joined graph held against its originals: each converted part, the manifest's reference, goldens."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from onnxpipe.core.signature import Signature
from onnxpipe.errors import BadManifest, MissingExtra, OnnxpipeError
from onnxpipe.services.joining import originals
from onnxpipe.services.joining.builds import Builds
from onnxpipe.services.judging import replay
from onnxpipe.services.natives import reference
from onnxpipe.services.natives.allowed import trusted_names
from onnxpipe.services.natives.native import Where
from onnxpipe.services.stitch import Stitched
from onnxpipe.stitching.manifest import Manifest

if TYPE_CHECKING:
    from onnxpipe.check.reports.report import Report

NO_REFERENCE = "no reference of the whole is named"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found; truthy unless something differs.

    ``parts`` are verdicts by part, ``reports`` what was compared just now, by what it is of: the
    parts first, then ``golden``, then ``whole``. ``reason`` says why there is none of the whole.
    """

    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reports: Mapping[str, Report] = field(default_factory=dict)
    reason: str = ""

    def __bool__(self) -> bool:
        return all(self.reports.values())

    @property
    def whole(self) -> Report | None:
        return self.reports.get("the whole")


def refuse_untrusted(manifest: Manifest, where: Where) -> None:
    """Raise Untrusted, before any work, where a manifest's reference isn't allowed to run."""
    if manifest.reference:
        trusted_names(reference.artefact_of(manifest), reference.ReferenceAdapter(), where.trust)


def proved(made: Stitched, *, where: Where, kept: Builds) -> Proof:
    """Every comparison that can be made, up to the first that differs."""
    parts: dict[str, Mapping[str, Any]] = {}
    reports: dict[str, Report] = {}
    alone = _without_reference(made.manifest, where)
    for name, origin in made.origins.items():
        parts[name], report = originals.verdict(origin, where=alone, kept=kept)
        if report is not None:
            reports[f"part {name}"] = report
            if not report:
                return Proof(parts, reports)
    reason = "" if made.manifest and made.manifest.reference else NO_REFERENCE
    for name, compare in _whole(made, where):
        try:
            reports[name] = compare()
        except MissingExtra as error:
            reason = f"{error.what} ({error.remedy})"
        if not all(reports.values()):
            break
    return Proof(parts, reports, reason)


def _without_reference(manifest: Manifest | None, where: Where) -> Where:
    """As ``where``, without what was allowed for the whole: a part would look for it in its own places."""
    if manifest is None or not manifest.reference:
        return where
    held = reference.ReferenceAdapter().names(reference.artefact_of(manifest))
    return replace(where, trust=tuple(name for name in where.trust if name not in held))


def _whole(made: Stitched, where: Where) -> Iterator[tuple[str, Any]]:
    """What the whole can be held against, as (what it is, a comparison to be made)."""
    from onnxpipe.services.verify import verify

    manifest = made.manifest
    if manifest is None:
        return
    limits = reference.tolerances(manifest)
    _refuse_unknown(manifest, limits, [port.name for port in Signature.of(made.model).outputs])
    if manifest.golden is not None:
        sets = _placed(manifest, "golden", lambda: replay.folders(None, manifest.golden))
        yield "the golden rows", lambda: replay.replay(made.model, sets, limits)
    if manifest.reference:
        yield "the whole", lambda: _placed(
            manifest, "reference",
            lambda: verify(made.model, manifest.path, where=where, rows=manifest.rows),
        )  # fmt: skip


def _placed(manifest: Manifest, key: str, call: Any) -> Any:
    """What a call answers; its errors name the line of the manifest that is about it."""
    try:
        return call()
    except OnnxpipeError as error:
        error.where = f"{manifest.placed(key)}: {error.where}".removesuffix(": ")
        raise


def _refuse_unknown(manifest: Manifest, named: Iterable[str], outputs: list[str]) -> None:
    """Raise BadManifest for a tolerance of an output that the graph hasn't."""
    for name in named:
        if name and name not in outputs:
            near = difflib.get_close_matches(name, outputs, n=1)
            raise BadManifest(
                f"the graph has no output {name}",
                where=manifest.placed(f"tolerances {name}"),
                remedy=f"Is it {near[0]}?" if near else f"It has: {', '.join(outputs)}",
            )
