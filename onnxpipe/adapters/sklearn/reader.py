"""From a saved scikit-learn estimator to a plan."""

from __future__ import annotations

from typing import Any

from onnxpipe.adapters import pickles, skops, sparse
from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.inputs import input_ports, open_names, said_columns
from onnxpipe.adapters.reading import Content, reading
from onnxpipe.adapters.sklearn import companions, nets
from onnxpipe.adapters.sklearn.dictionaries import KEYED, keys
from onnxpipe.adapters.sklearn.nesting import refuse_endless
from onnxpipe.adapters.sklearn.outline import is_estimator, root_stage, stages
from onnxpipe.adapters.sklearn.renames import modernise
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.record import Record, walk
from onnxpipe.core.registry import ANY, OPEN, columns, discover, find, missing
from onnxpipe.errors import BadInput, Unfitted, Unreadable, Unsupported, UnsupportedStage

framework = "sklearn"
exporter = "skl2onnx"
dates = True


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes are a pickle (compressed or not) or a skops archive."""
    return pickles.looks_like(artefact.head()) or skops.looks_like(artefact)


def names(artefact: Artefact) -> frozenset[str]:
    """Every dotted name the file refers to, those in pickles inside it too."""
    value, found = content(artefact)
    return found | frozenset(nets.names_within(value))


def whole(artefact: Artefact) -> str:
    """Who exports a file as a whole: a net of skorch's with nothing around it."""
    return nets.PEER if nets.stands_alone(content(artefact).value) else ""


def content(artefact: Artefact) -> Content:
    """What the file holds, as data. Raises Unreadable."""
    read_bytes = skops.read if skops.looks_like(artefact) else pickles.read
    return read_bytes(artefact.read(), where=str(artefact))


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved estimator or pipeline; nothing in the file is run.

    Raises Unreadable, Unsupported (every stage at once, unless they may fall back), Unfitted and BadInput.
    """
    root = root_of(artefact)
    stage = root_stage(root)
    lacking = unsupported(root)
    if lacking and not options.fallback:
        raise Unsupported(lacking)
    known = columns(stage) or (said_columns(options, sample) if lacking else None)
    if known is None:
        raise _unknown_width(artefact) if lacking else _unfitted(artefact)
    fitted = fitted_names(root)
    if tuple(known) == (OPEN,):
        fitted = open_names(options, sample)
        known = (ANY,) * len(fitted)
    if fitted is not None and len(fitted) != len(known):
        raise BadInput(f"{len(fitted)} column names, {len(known)} columns", where=str(artefact))
    ports = input_ports(known, fitted, options, sample)
    notes = {n: note for n, note in getattr(sample, "notes", {}).items() if n not in options.inputs}
    return Plan(framework, version(root), stage, ports, fitted, notes=notes)


def root_of(artefact: Artefact) -> Record:
    """The estimator in a file, as a record. Raises Unreadable where there is none."""
    discover(__package__ or "")
    root, names = content(artefact)
    if not isinstance(root, Record):
        raise Unreadable(f"it holds a {type(root).__name__}, not an estimator", where=str(artefact))
    with reading("pipeline", str(artefact), ""):
        refuse_endless(root)
    modernise(root)
    sparse.unfold(root)
    companions.complete(root, names)
    return root


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """Every stage in a saved pipeline, convertible or not. Raises Unreadable as ``read`` does."""
    return stages(root_of(artefact))


def unsupported(root: Record) -> list[UnsupportedStage]:
    """Every kind of estimator in the pipeline that has no converter, sorted, with its place."""
    inside = (root_stage(record) for record in walk(root) if is_estimator(record))
    placed = {stage.kind: stage for stage in reversed((*stages(root), *inside))}
    return [missing(placed[kind]) for kind in sorted(placed) if find(kind) is None]


def _unfitted(artefact: Artefact) -> Unfitted:
    return Unfitted(
        "the pipeline was saved before it was fitted",
        where=str(artefact),
        remedy="Fit it, save it again, then convert.",
    )


def _unknown_width(artefact: Artefact) -> BadInput:
    return BadInput(
        "the pipeline doesn't tell how many columns it was fitted on",
        where=str(artefact),
        remedy="Say so, as in --input X=float64[N,4], or give a --sample.",
    )


def version(root: Record) -> str:
    """The scikit-learn version that saved the pipeline, empty where it isn't written."""
    stamps = (record.get("_sklearn_version") for record in walk(root))
    return next((str(stamp) for stamp in stamps if stamp), "")


_INNER = ("best_estimator_", "estimator_", "regressor_", "final_estimator_", "estimator")


def fitted_names(record: Any) -> tuple[str, ...] | None:
    """The column names a pipeline was fitted on, looked up where scikit-learn's properties look."""
    if not isinstance(record, Record):
        return None
    own = record.get("feature_names_in_")
    if own is not None:
        return tuple(str(name) for name in own)
    if record.kind in KEYED:
        return keys(record.fields)
    steps = [step for _, step, *_ in record.get("steps") or record.get("transformer_list") or ()]
    inner = [step for step in steps if isinstance(step, Record)][:1]
    inner += [record.get(name) for name in _INNER if isinstance(record.get(name), Record)]
    return fitted_names(inner[0]) if inner else None
