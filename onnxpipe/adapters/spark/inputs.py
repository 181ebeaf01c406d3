"""Which inputs a graph has: the columns that stages read and no earlier stage adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onnxpipe.adapters.base import Rows
from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import adds, reads, wants
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Stage
from onnxpipe.core.signature import Dim, Port, dtype_name
from onnxpipe.errors import BadInput


@dataclass(frozen=True, slots=True)
class Source:
    """A column that has to be given: its kind in the words of ``kinds``, and the stage that says so."""

    name: str
    kind: str
    stage: str


def sources(stages: Iterable[Stage]) -> tuple[Source, ...]:
    """The columns that stages, in order, read before any of them adds them.

    Raises BadInput where two stages want different things of one.
    """
    made: set[str] = set()
    found: dict[str, Source] = {}
    for stage in stages:
        for name, kind in zip(reads(stage), wants(stage), strict=True):
            if (key := name.casefold()) not in made:  # to Spark, a name is one in small and capital letters
                found[key] = _agreed(found.get(key), Source(name, kind, stage.path))
        made.update(name.casefold() for name in adds(stage))
    return tuple(found.values())


def _agreed(known: Source | None, new: Source) -> Source:
    """The more definite of what two stages want of a column."""
    if known is None:
        return new
    if kinds.fits(new.kind, known.kind):
        return replace(new, name=known.name)
    if kinds.fits(known.kind, new.kind):
        return known
    raise BadInput(
        f"{new.name} is {known.kind} to {known.stage} and {new.kind} to {new.stage}, which no column can be"
    )


def ports(found: Sequence[Source], options: Options, sample: Rows | None) -> tuple[Port, ...]:
    """One input per source: typed by the user, else by the stages, else by the sample.

    Raises BadInput for names that aren't sources, a sample that contradicts the stages, and vectors
    whose length nothing tells, all of them at once.
    """
    _refuse_unknown(found, options)
    made = [_port(source, options, sample) for source in found]
    open_ones = [port.name for port in made if port.shape[1] is None]
    if open_ones:
        flags = " ".join(f"--input {name}=float64[N,WIDTH]" for name in open_ones)
        raise BadInput(
            f"nothing tells how long the vectors of {', '.join(open_ones)} are",
            remedy=f"Give a --sample, or put their lengths here: {flags}",
        )
    return tuple(made)


def vectors(found: Sequence[Source], made: Sequence[Port]) -> frozenset[str]:
    """The names of the inputs that hold vectors."""
    wide = {port.name for port in made if isinstance(port.shape[1], int) and port.shape[1] > 1}
    return frozenset(wide | {source.name for source in found if kinds.is_vector(source.kind)})


def _refuse_unknown(found: Sequence[Source], options: Options) -> None:
    unknown = sorted(set(options.inputs) - {source.name for source in found})
    if unknown:
        has = ", ".join(source.name for source in found)
        raise BadInput(f"no input {', '.join(unknown)}: the pipeline reads {has}")


def _port(source: Source, options: Options, sample: Rows | None) -> Port:
    seen = None if sample is None else sample.get(source.name)
    dtype, shape = options.inputs.get(source.name, ("", None))
    if not dtype:
        dtype = _dtype(source, seen)
    return Port(source.name, dtype, ("N", _second(source, shape, seen)))


def _second(source: Source, said: Sequence[int | None] | None, seen: Any) -> Dim:
    """The second axis: 1, a vector's length, ``L`` for arrays of any length; None where nothing tells."""
    if source.kind.endswith("*"):
        return "L"
    fitted = kinds.length(source.kind)
    given = [size for size in (said[1] if said and len(said) == 2 else None, _width(seen)) if size]
    if fitted is not None and any(size != fitted for size in given):
        raise BadInput(f"{source.name} has {given[0]} elements, but {source.stage} was fitted on {fitted}")
    if not kinds.is_vector(source.kind) and source.kind not in _MAYBE_VECTOR:
        if any(size != 1 for size in given):
            raise BadInput(f"{source.name} holds vectors, but {source.stage} reads single values")
        return 1
    known = fitted if fitted is not None else next(iter(given), None)
    return 1 if known is None and source.kind in _MAYBE_VECTOR else known


_MAYBE_VECTOR = (kinds.NUMBER_OR_VECTOR, kinds.ANYTHING)
_MAYBE_TEXT = (kinds.TEXT_OR_NUMBER, kinds.ANYTHING)


def _width(seen: Any) -> int | None:
    return None if seen is None else int(np.shape(seen)[1]) if np.ndim(seen) == 2 else 1


def _dtype(source: Source, seen: Any) -> str:
    """The dtype the stages say; what they leave open (whole numbers, text or number) the sample tells."""
    wanted = kinds.dtype(source.kind)
    if seen is None:
        return wanted
    found = dtype_name(seen.dtype)
    if (found == "string") != (wanted == "string") and source.kind not in _MAYBE_TEXT:
        raise BadInput(
            f"column {source.name} is {found} in the sample, but {source.stage} reads {wanted}",
            remedy=f"Correct the sample, or say which it is: --input {source.name}={wanted}",
        )
    return _CARRIED.get(found, "int64" if found.startswith(("int", "uint")) else "float64")


_CARRIED: Mapping[str, str] = {name: name for name in ("string", "bool", "float32")}


_WRAPPED = ("bestModel", "pipelineModel")
"""Fields that hold the one model which a stage passes rows on to."""


def leaves(stage: Stage) -> Iterator[Stage]:
    """The stages that rows pass through one after the other."""
    inner = [(name, stage.get(name)) for name in _WRAPPED if stage.get(name) is not None] or _numbered(stage)
    if not inner:
        yield stage
    for name, record in inner:
        yield from leaves(stage.child(name, record))


def _numbered(stage: Stage) -> list[tuple[str, Any]]:
    return [(step_name(i, each), each) for i, each in enumerate(stage.get("stages") or ())]


def step_name(i: int, record: Any) -> str:
    """The name of a pipeline's stage in paths: its place and its class."""
    return f"{i}_{record.kind.rpartition('.')[2]}"
