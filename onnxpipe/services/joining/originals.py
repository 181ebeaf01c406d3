"""Parts of a stitch that are converted on the way: converted once, and held against their originals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from onnxpipe import lock
from onnxpipe.adapters.base import Artefact
from onnxpipe.core.options import Options
from onnxpipe.errors import MissingExtra, NativeFailed
from onnxpipe.services.convert import adapter_of, artefact_of, conversion, sample_of
from onnxpipe.services.joining import builds
from onnxpipe.services.joining.builds import Builds
from onnxpipe.services.natives.native import Where

if TYPE_CHECKING:
    from onnxpipe.check.reports.report import Report

ROWS = 500
"""Rows made to try each part on."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a part was converted from, and its model; ``key`` stands for both, "" where none may be kept."""

    artefact: Artefact
    sample: Path | None
    model: onnx.ModelProto
    key: str = ""


def converted(
    source: Any, sample: Path | None, options: Options, *, where: Where, kept: Builds
) -> tuple[Origin, list[str]]:
    """The origin of a part, its model from an earlier build where one has it, and notes for the user."""
    artefact = source if isinstance(source, Artefact) else artefact_of(source)
    key = _key(artefact, sample, options, where)
    notes: list[str] = []

    def make() -> onnx.ModelProto:
        made = conversion(artefact, options, sample=sample_of(sample), where=where)
        notes.extend(map(str, made.borrowed))
        return made.model

    model, reused = kept.model(key, make)
    notes += ["unchanged since it was built"] if reused else []
    return Origin(artefact, sample, model, key), notes


def _key(artefact: Artefact, sample: Path | None, options: Options, where: Where) -> str:
    """A name for what a conversion depends on; "" where that can't all be seen.

    Not seen are live objects, the packages of another interpreter, and code that the user trusts.
    """
    if artefact.path is None or where.python:
        return ""
    if where.trust and adapter_of(artefact).names(artefact) & set(where.trust):
        return ""
    files = [lock.digest(artefact.path), lock.digest(sample) if sample else ""]
    return builds.key("part", files, artefact.factory, asdict(options))


def verdict(origin: Origin, *, where: Where, kept: Builds) -> tuple[dict[str, Any], Report | None]:
    """What holding a part against its original found, and the report if it was done now.

    A verdict that says equal is remembered, others aren't.
    """
    from onnxpipe.services.verify import verify

    key = origin.key and builds.key("verdict", origin.key, ROWS)
    if key and (known := kept.verdict(key)):
        return known, None
    try:
        report = verify(origin.model, origin.artefact, origin.sample, where=where, rows=ROWS)
    except (NativeFailed, MissingExtra) as error:
        return {"status": "not verified", "reason": error.what}, None
    found: dict[str, Any] = report.verdict()
    if key and report:
        kept.keep(key, found)
    return found, report
