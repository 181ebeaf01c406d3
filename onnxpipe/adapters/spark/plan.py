"""From a saved Spark model to a plan: its stages, its inputs, how columns pass through it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.spark import inputs, reader
from onnxpipe.adapters.spark.columns import apply
from onnxpipe.adapters.spark.metadata import metadata, refuse_local
from onnxpipe.adapters.spark.refused import REASONS
from onnxpipe.adapters.spark.storage import Folder
from onnxpipe.blocks.language import ragged
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var, shape_of
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Answered, Plan, Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import discover, find, missing
from onnxpipe.errors import Unfitted, Unreadable, Unsupported, UnsupportedStage

framework = "spark"
exporter = "onnxmltools"

_REFLECTIVE = re.compile(r"\b(try_)?(reflect|java_method)\b", re.IGNORECASE)
"""SQL functions that call any method of any Java class."""


def recognises(artefact: Artefact) -> bool:
    """Whether it is a folder with a stage's ``metadata`` in it, as a folder or, from saveToLocal, a file."""
    path = artefact.path
    if path is None or not path.is_dir():
        return False
    inner = path / "metadata"
    written = ("part-", "_SUCCESS", "_temporary")
    return inner.is_file() or (inner.is_dir() and any(p.name.startswith(written) for p in inner.iterdir()))


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved model; nothing in it is run.

    Raises Unreadable, Unsupported (every stage at once), Unfitted and BadInput.
    """
    root = root_of(artefact)
    stage = root_stage(root)
    refuse_unfitted(root)
    refuse_unsupported(stage, options.fallback)
    found = inputs.sources(inputs.leaves(stage))
    ports = inputs.ports(found, options, sample)
    through = partial(run, vectors=inputs.vectors(found, ports))
    return Plan(framework, str(root.get("sparkVersion")), stage, ports, run=through, frugal=True)


def run(plan: Plan, arguments: Mapping[str, Var], vectors: frozenset[str]) -> Answered:
    """Every column the pipeline adds; by default those that its last stage adds."""
    frame = {name: _given(var, name in vectors) for name, var in arguments.items()}
    after = apply(plan.root, frame)
    _, _, last = plan.root.context.taps[-1]
    added = {name: column.var for name, column in after.items() if frame.get(name) is not column}
    return Answered(added, tuple(name for name in last if name in added))


def _given(var: Var, vector: bool) -> Column:
    """An input as a column; arrays, whose second axis is open, with their lengths."""
    if isinstance(shape_of(var)[1], int):
        return Column(var, vector)
    return Column(var, lengths=ragged.lengths(var))


def root_of(artefact: Artefact) -> Record:
    """The stage in a folder as a record. Raises Unreadable."""
    discover(__package__ or "")
    with _opened(artefact) as folder:
        return reader.read(folder)


@contextmanager
def _opened(artefact: Artefact) -> Iterator[Folder]:
    """The folder of a saved model. Raises Unreadable, also for files that can't be opened."""
    if artefact.path is None:
        raise Unreadable("a Spark model has to be saved first: model.write().overwrite().save(path)")
    try:
        yield Folder.of(artefact.path)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror}", where=str(artefact)) from None


def root_stage(root: Record) -> Stage:
    """The stage of a saved model, at the path of its own class."""
    return Stage(root.kind, reader.tail(root.kind), root.fields)


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """Every stage in a saved model, convertible or not, outer before inner. Raises Unreadable."""
    return tuple(stages(root_stage(root_of(artefact))))


def stages(stage: Stage) -> Iterator[Stage]:
    """A stage and all inside it, outer before inner."""
    yield stage
    for name, record in reader.members(Record(stage.kind, "", state=stage.state)):
        yield from stages(stage.child(name, record))


def refuse_unfitted(root: Record) -> None:
    """Raise Unfitted for an estimator, which was saved before it was fitted."""
    trained = re.sub("Classifier$", "Classification", re.sub("Regressor$", "Regression", root.kind))
    if find(root.kind) is None and find(f"{trained}Model") is not None:
        raise Unfitted(
            f"{root.kind} is an estimator, not a model", remedy="Save what fit() returns, then convert."
        )


def refuse_unsupported(root: Stage, fallback: bool) -> None:
    """Raise Unsupported with every stage in the model that has no converter.

    With ``fallback``, if only those are lacking that a peer may have one for, nothing is raised.
    """
    lacking = [stage for stage in stages(root) if find(stage.kind) is None]
    if lacking and not (fallback and all(stage.kind not in REASONS for stage in lacking)):
        raise Unsupported([_refusal(stage) for stage in lacking])


def _refusal(stage: Stage) -> UnsupportedStage:
    """The entry that says why a stage without converter has none."""
    reason = REASONS.get(stage.kind)
    return missing(stage) if reason is None else UnsupportedStage(stage.path, stage.kind, reason, ())


def names(artefact: Artefact) -> frozenset[str]:
    """Every class that a native load would make an object of. Raises Unreadable."""
    with _opened(artefact) as folder:
        return frozenset(_classes(folder, 0))


def _classes(folder: Folder, depth: int) -> Iterator[str]:
    """The classes that metadata in a folder and below it names, unfitted templates included."""
    refuse_local(folder)
    if depth > 20:
        raise Unreadable("its stages are nested too deeply", where=str(folder))
    if folder.holds("metadata"):
        told = metadata(folder)
        yield told.origin
        if _REFLECTIVE.search(str(told.parameters.get("statement", ""))):
            yield "java.lang.reflect.Method"
    for name in folder.folders():
        if name != "metadata":
            yield from _classes(folder.child(name), depth + 1)
