"""From a saved folder to records: JSON and Parquet, nothing run, no JVM."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from onnxpipe.adapters.spark import java_objects
from onnxpipe.adapters.spark.class_names import public_name
from onnxpipe.adapters.spark.metadata import Metadata, metadata
from onnxpipe.adapters.spark.parquet import table
from onnxpipe.adapters.spark.storage import Folder
from onnxpipe.adapters.spark.values import first_row, rows_of
from onnxpipe.core.record import Record
from onnxpipe.errors import Unreadable

_MEMBER = re.compile(r"model_(\d+)")
_TEMPLATES = ("classifier", "estimator", "evaluator", "subModels", "metadata")
"""What was there before fitting, and copies; rows never pass through them."""
_DEEPEST = 20


def read(folder: Folder, depth: int = 0) -> Record:
    """The stage in a folder, with the stages inside it as records in its fields. Raises Unreadable.

    Fields are the parameters and facts of its metadata under Spark's own names, then its tables:
    ``data`` (or ``treesMetadata``, ``userFactors``, ...) maps columns to values, one per row. Of a
    table ``data`` with one row each column that isn't a parameter's name is a field of its own too.
    """
    if depth > _DEEPEST:
        raise Unreadable("its stages are nested too deeply", where=str(folder))
    told = metadata(folder)
    fields = {**told.parameters, **told.facts, "uid": told.uid, "sparkVersion": told.version}
    held = dict(_held(folder, told, depth))
    data = held.get("data")
    if isinstance(data, Mapping) and rows_of(data) == 1:
        fields = {**dict(first_row(data)), **fields}
    return Record(public_name(told.origin), told.origin, state={**fields, **held})


def _held(folder: Folder, told: Metadata, depth: int) -> Iterator[tuple[str, Any]]:
    """The stages and tables in a stage's folder by field name."""
    members = []
    for name in folder.folders():
        if name in _TEMPLATES:
            continue
        inner = folder.child(name)
        if name == "stages":
            yield name, _stages(inner, told, depth)
        elif name == "complexParams":
            yield name, {file: java_objects.read(data, str(inner)) for file, data in inner.files()}
        elif match := _MEMBER.fullmatch(name):
            members.append((int(match.group(1)), inner))
        elif inner.holds("metadata"):
            yield name, read(inner, depth + 1)
        elif not inner.folders():
            yield name, content(inner)
    if members:
        yield "models", [read(inner, depth + 1) for _, inner in sorted(members, key=lambda m: m[0])]


def content(folder: Folder) -> Any:
    """The columns of a table, or the text of part files that hold text. Raises Unreadable."""
    if any(part.suffix != ".parquet" for part in folder.parts()):
        return folder.text()
    return table(folder)


def _stages(folder: Folder, told: Metadata, depth: int) -> list[Record]:
    """A pipeline's stages in order: ``stages/<i>_<uid>``, i padded with zeros."""
    uids = [str(uid) for uid in told.parameters.get("stageUids") or ()]
    digits = len(str(len(uids)))
    return [read(folder.child(f"{i:0{digits}}_{uid}"), depth + 1) for i, uid in enumerate(uids)]


def walk(record: Record) -> Iterator[Record]:
    """A stage and every stage inside it, outer before inner."""
    yield record
    for _, inner in members(record):
        yield from walk(inner)


def members(record: Record) -> Iterator[tuple[str, Record]]:
    """The stages directly inside one, by the names their paths have."""
    for name, value in record.fields.items():
        if isinstance(value, Record) and "uid" in value.fields and value.fields["uid"]:
            yield name, value
        elif isinstance(value, list) and name in ("stages", "models"):
            for i, inner in enumerate(value):
                yield (f"{i}_{tail(inner.kind)}" if name == "stages" else f"models[{i}]"), inner


def tail(kind: str) -> str:
    """The last part of a dotted name."""
    return kind.rpartition(".")[2]
