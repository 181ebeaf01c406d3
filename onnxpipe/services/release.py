"""From a saved pipeline to committed files: convert, test, compare, then write all or nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnxpipe import __version__, lock
from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.core.fragment import metadata
from onnxpipe.core.options import Options
from onnxpipe.core.signature import Signature
from onnxpipe.errors import Contradictory, ExportFailed, MissingExtra, NativeFailed, Refusal
from onnxpipe.lock import File, Lock
from onnxpipe.services.convert import Conversion, conversion, sample_of
from onnxpipe.services.judging import goldens
from onnxpipe.services.keeping import files, model_files
from onnxpipe.services.natives.native import Where
from onnxpipe.services.selftest import selftest, short

if TYPE_CHECKING:
    from onnxpipe.check.reports.report import Report


@dataclass(frozen=True, slots=True)
class Order:
    """What to convert, where to, and how much to prove.

    ``output`` None means that nothing is written; ``sample`` is the path of rows.
    """

    source: Artefact
    output: Path | None
    options: Options = field(default_factory=Options)
    sample: Path | None = None
    framework: str = ""
    where: Where = field(default_factory=Where)
    verify: bool = True
    golden: bool = True


@dataclass(frozen=True, slots=True)
class Release:
    """What came of an order; truthy unless the comparison found a difference.

    ``report`` is None where nothing was compared, ``reason`` says why; ``written`` are the files.
    """

    conversion: Conversion
    report: Report | None
    reason: str = ""
    written: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return self.report is None or bool(self.report)


def release(order: Order) -> Release:
    """Convert, check, compare with native where it can be asked, and write what was found equal.

    Raises a Refusal for an order that can't be carried out; then, and on a difference, nothing is
    written.
    """
    if order.output is not None:
        files.refuse_unwritable(order.output, order.source.path, order.sample)
    rows = sample_of(order.sample)
    went_in = _went_in(order)
    made = _made(order, rows)
    _selftested(made)
    report, reason = _compared(order, made, rows)
    if report is not None:
        if not report:
            return Release(made, report)
        selftest(made.model, report.rows)
    if _went_in(order) != went_in:
        raise Refusal("it changed meanwhile", where=str(order.source), remedy="Convert it again.")
    return Release(made, report, reason, _written(order, made, report, reason, went_in))


def _went_in(order: Order) -> tuple[File, ...]:
    """The lock's entries of what is read, a source first; none where no lock is written."""
    if order.output is None:
        return ()
    source, folder = _source(order.source, order.output.parent), order.output.parent
    sample = (File.of("input", order.sample, folder),) if order.sample else ()
    return (*((source,) if source else ()), *sample)


def _made(order: Order, rows: Rows | None) -> Conversion:
    """The conversion. Raises our own error, not Contradictory, where the original proves the file sound."""
    try:
        return conversion(
            order.source, order.options, sample=rows, framework=order.framework, where=order.where
        )  # fmt: skip
    except Contradictory as error:
        if not order.verify:
            raise
        from onnxpipe.services.natives.fault import blamed

        raise blamed(error, order.source, order.options, rows, order.where) from error.__cause__


def _selftested(made: Conversion) -> None:
    """The self-test. Raises ExportFailed where a peer's graph may be why the model doesn't hold together."""
    try:
        selftest(made.model)
    except Refusal:
        raise
    except Exception as error:
        exporter = metadata(made.model).get("exporter", "")
        if not made.borrowed and not exporter:
            raise
        stages = ", ".join(stage.path for stage in made.borrowed) or made.plan.root.path
        by = made.borrowed[0].exporter if made.borrowed else exporter
        raise ExportFailed(
            f"the graph with {stages} as {by} has it doesn't run: {short(error)}",
            where=str(made.artefact),
            remedy="Register a converter with @onnxpipe.converts, or mend the one that is registered there.",
        ) from None


def _compared(order: Order, made: Conversion, rows: Any) -> tuple[Report | None, str]:
    """The report of the comparison, or None and the reason why there is none."""
    if not order.verify:
        return None, "--no-verify"
    from onnxpipe.services.verify import verify

    try:
        return verify(made.model, order.source, rows, where=order.where), ""
    except (NativeFailed, MissingExtra) as error:
        return None, f"{error.what} ({error.remedy})" if error.remedy else error.what


def _written(
    order: Order, made: Conversion, report: Report | None, reason: str, went_in: tuple[File, ...]
) -> tuple[Path, ...]:
    """The model, its golden rows and its lock, put in place together, the lock last."""
    if order.output is None:
        return ()
    golden, locked = goldens.folder_of(order.output), Path(lock.path_of(order.output))
    kept = goldens.of(made.model, report) if order.golden else {}
    with files.Staging() as staging:
        entries: list[File | None] = [*model_files.staged(staging, order.output, made.model), None]
        if kept:
            folder = staging.folder(golden, kept)
            entries[2] = File("golden", lock.relative(golden, order.output.parent), lock.digest(folder))
        elif goldens.are_ours(golden, order.output):
            staging.gone(golden)
        facts = _facts(order, made, report, reason)
        staging.file(locked, _lock(order, entries, went_in, facts).to_json().encode())
        staging.commit()
    data = (model_files.data_of(order.output),) if entries[1] else ()
    return (order.output, *data, *((golden,) if kept else ()), locked)


def _lock(
    order: Order, entries: Sequence[File | None], went_in: tuple[File, ...], facts: dict[str, Any]
) -> Lock:
    model, data, golden = entries
    assert model is not None
    return Lock(
        model,
        next((file for file in went_in if file.role == "source"), None),
        tuple(file for file in went_in if file.role == "input"),
        golden,
        shlex.join(_command(order, order.output.parent if order.output else Path())),
        facts,
        data,
    )


def _source(artefact: Artefact, folder: Path) -> File | None:
    """The lock's entry of what was converted: by its relative path, or by the URL it was copied from."""
    if artefact.path is None:
        return None
    if artefact.origin:
        return File("source", artefact.origin, lock.digest(artefact.path))
    return File.of("source", artefact.path, folder)


def _facts(order: Order, made: Conversion, report: Report | None, reason: str) -> dict[str, Any]:
    """What a lock tells beyond digests; nothing in it depends on when or where it was made."""
    signature = Signature.of(made.model)
    verdict = {"status": "converted, not verified", "reason": reason} if report is None else report.verdict()
    return {
        "onnxpipe": __version__,
        "dtype": order.options.dtype,
        "framework": {"name": made.plan.framework, "version": made.plan.version},
        "signature": {
            "inputs": [str(port) for port in signature.inputs],
            "outputs": [str(port) for port in signature.outputs],
        },
        "opset": {entry.domain or "ai.onnx": int(entry.version) for entry in made.model.opset_import},
        "verdict": verdict,
        **({"fallback": [asdict(stage) for stage in made.borrowed]} if made.borrowed else {}),
    }


def _command(order: Order, folder: Path) -> Iterator[str]:
    """The command line that makes the model again, run from the lock's folder."""
    yield from ("onnxpipe", "convert", _spelled(order.source, folder))
    yield from ("-o", order.output.name if order.output else "-")
    if order.sample:
        yield from ("--sample", lock.relative(order.sample, folder))
    if order.framework:
        yield from ("--framework", order.framework)
    yield from _flags(order.options)
    for name in order.where.trust:
        yield from ("--trust", name)
    if order.where.signature:
        yield from ("--signature", order.where.signature)
    yield from (() if order.verify else ("--no-verify",))
    yield from (() if order.golden else ("--no-golden",))


def _spelled(source: Artefact, folder: Path) -> str:
    """What names the source on a command line that is run from a folder."""
    place = source.origin or (lock.relative(source.path, folder) if source.path else "")
    return "@".join(filter(None, (source.factory, place))) or "SOURCE"


def _flags(options: Options) -> Iterator[str]:
    """The options that aren't at their defaults, as flags."""
    default = Options()
    for name in ("dtype", "opset", "portable", "on_invalid", "missing_string"):
        value = getattr(options, name)
        if value != getattr(default, name):
            yield from (f"--{name.replace('_', '-')}", str(value))
    if options.outputs:
        yield from ("--outputs", ",".join(options.outputs))
    if not options.fallback:
        yield "--no-fallback"
    for name, (dtype, shape) in options.inputs.items():
        dims = "" if shape is None else f"[{','.join('N' if d is None else str(d) for d in shape)}]"
        yield from ("--input", f"{name}={dtype}{dims}")
    for name, axes in options.dynamic.items():
        for axis in axes:
            yield from (
                "--dynamic",
                f"{name}={axis.place}{f':{axis.least}-{axis.most}' if axis.most else ''}",
            )
