"""Ensembles and cascades: several parts that read the same inputs become one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.components import combining as glue
from onnxpipe.components import parameters, registry
from onnxpipe.components.parameters import Classes, Floats
from onnxpipe.components.post import PROBABILITIES
from onnxpipe.core.fragment import Fragment
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from onnxpipe.services.joining.cascades import cascade
from onnxpipe.services.joining.members import Combined, Member, answer, fed, free, put_in, refuse_unlike
from onnxpipe.stitching.merge import merge
from onnxpipe.stitching.parts import End, Part

LABELS = ("predict", "label", "labels", "output_label", "prediction")
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "ensemble": {"of": str, "how": str, "weights": Floats, "classes": Classes},
    "cascade": {"of": str, "at": float},
}
NAMES = tuple(_KNOWN)


def members_of(settings: Mapping[str, Any], parts: Sequence[Part]) -> list[tuple[str, str]]:
    """(part, output or "") of each part to be combined: those of ``of``, else all there are.

    Raises BadManifest for one that isn't there, and for fewer than two.
    """
    given = settings.get("of", [part.name for part in parts])
    texts = [str(item) for item in (given if isinstance(given, (list, tuple)) else str(given).split("|"))]
    found = []
    for text in texts:
        name, _, output = text.partition(".")
        part = next((part for part in parts if part.name == name), None)
        if part is None or (output and output not in part.outputs):
            there = [part.name for part in parts] if part is None else list(part.outputs)
            raise BadManifest(
                f"of names {text}, which no earlier part is or gives", remedy=f"There are: {', '.join(there)}"
            )
        found.append((name, output))
    if len(found) < 2:
        raise BadManifest(
            f"it takes two parts at least, here are {len(found)}", remedy="Name them: of=first|second"
        )
    return found


def combined(kind: str, members: Sequence[Member], settings: Mapping[str, Any]) -> Combined:
    """The members as one part. Raises BadManifest for parameters and for members that don't fit."""
    where = f"component {kind}"
    given = {name: value for name, value in settings.items() if name != "of"}
    told = parameters.parsed(where, _KNOWN[kind], given, Path())
    try:
        classes = _classes(members, told.pop("classes", None))
        if kind == "ensemble":
            return _ensemble(members, classes, **told)
        if "at" not in told:
            raise BadManifest("it needs at, the confidence that is enough", remedy="Write at=0.9")
        return cascade(members, classes, **told)
    except BadManifest as error:
        error.where = error.where or where
        raise


def _classes(members: Sequence[Member], given: NDArray[Any] | None) -> NDArray[Any] | None:
    """The class labels that all members' columns stand for. Raises BadManifest where they differ."""
    known = [(m.name, m.classes) for m in members if m.classes is not None]
    for name, labels in known[1:] if given is None else known:
        first, of = (known[0][1], known[0][0]) if given is None else (given, "classes")
        if first is None or not np.array_equal(first, labels):
            raise BadManifest(
                f"{name} has the classes {', '.join(map(str, labels.tolist()))}, {of} has other ones",
                remedy="Train all members on the same labels, or bring their columns into one order.",
            )
    return given if given is not None else next((labels for _, labels in known), None)


def _ensemble(
    members: Sequence[Member], classes: NDArray[Any] | None, how: str = "mean", weights: Floats = ()
) -> Combined:
    if how not in ("mean", "vote"):
        raise BadManifest(f"how can't be {how!r}", remedy="Write mean or vote.")
    if weights and len(weights) != len(members):
        raise BadManifest(f"{len(weights)} weights are for {len(members)} members", remedy="One for each.")
    asked = PROBABILITIES + LABELS if how == "mean" else LABELS + PROBABILITIES
    ports = [answer(member, asked) for member in members]
    if how == "mean":
        refuse_unlike(members, ports)
    call = _average if how == "mean" else _vote
    made = call(ports, weights or None, classes)
    parts = [*(m.part for m in members), Part(free("combined", members), made)]
    wires = [*fed(members), *_into(parts[-1], members, ports)]
    outputs = [f"{name}={parts[-1].name}.{name}" for name in parts[-1].outputs]
    joined = merge(parts, wires, outputs)
    return Combined(joined.fragment, classes, put_in(joined.notes))


def _average(ports: Sequence[Port], weights: glue.Weights, classes: NDArray[Any] | None) -> Fragment:
    if any(port.is_string or not port.dtype.startswith("float") for port in ports):
        raise BadManifest(
            "labels have no mean", remedy="Count them: how=vote. Or name scores: of=part.output|..."
        )
    return registry.glue(_named(ports), lambda given: glue.averaged(list(given.values()), weights, classes))


def _vote(ports: Sequence[Port], weights: glue.Weights, classes: NDArray[Any] | None) -> Fragment:
    if classes is None:
        raise BadManifest("nobody says which classes there are", remedy="Say so: classes=no|yes")
    scores = [port.shape[1:] == (len(classes),) and port.dtype.startswith("float") for port in ports]
    for port, score in zip(ports, scores, strict=True):
        if not score and port.shape[1:] not in ((), (1,)):
            raise BadManifest(f"{port} is neither a label per row nor a score per class")

    def count(given: Mapping[str, Any]) -> Mapping[str, Any]:
        said = [glue.said(v, classes, s) for v, s in zip(given.values(), scores, strict=True)]
        return glue.voted(said, weights, classes)

    return registry.glue(_named(ports), count)


def _into(part: Part, members: Sequence[Member], ports: Sequence[Port]) -> list[tuple[End, End]]:
    return [
        (End(m.name, port.name), End(part.name, name))
        for m, port, name in zip(members, ports, part.inputs, strict=True)
    ]


def _named(ports: Sequence[Port]) -> dict[str, Port]:
    return {f"answer_{i}": replace(port, name=f"answer_{i}") for i, port in enumerate(ports)}
