"""From parts to committed files: join, load, then write the model and its lock, or nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onnxpipe import __version__, lock
from onnxpipe.components import parameters, registry
from onnxpipe.core.portability import portability
from onnxpipe.core.signature import Signature
from onnxpipe.errors import BadManifest
from onnxpipe.lock import File, Lock
from onnxpipe.services import files
from onnxpipe.services.selftest import open_session
from onnxpipe.services.stitch import Stitched, is_manifest, stitched


@dataclass(frozen=True, slots=True)
class Order:
    """What to join, as the command line names it, and where to; ``output`` None writes nothing."""

    parts: tuple[str, ...]
    output: Path | None
    wires: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A joined graph, the files written, and why it wasn't loaded where it wasn't."""

    stitched: Stitched
    written: tuple[Path, ...] = ()
    reason: str = ""


def release(order: Order) -> Release:
    """Join, load in onnxruntime, and write the model and its lock together.

    Raises a Refusal where the parts don't go together or the output would replace one of them.
    """
    if order.output is not None:
        files.refuse_unwritable(order.output)
    alone = len(order.parts) == 1 and is_manifest(order.parts[0])
    made = stitched(
        order.parts[0] if alone else list(order.parts), wires=order.wires, outputs=order.outputs
    )  # fmt: skip
    reason = _loaded(made)
    if order.output is None:
        return Release(made, reason=reason)
    if any(path.resolve() == order.output.resolve() for path in made.files):
        raise BadManifest("the output would replace a file that goes in", where=str(order.output))
    return Release(made, _written(order, order.output, made), reason)


def _loaded(made: Stitched) -> str:
    """Why the graph can't be loaded here, empty where it can. Raises BadManifest where it should be."""
    try:
        open_session(made.model)
    except Exception as error:
        if portability(made.model) == "extensions":
            return f"it needs operators that stock onnxruntime lacks ({str(error).splitlines()[0]})"
        raise BadManifest(
            f"onnxruntime doesn't load the joined graph: {error}",
            remedy="See whether it loads each part on its own; a newer onnxruntime may be needed.",
        ) from error
    return ""


def _written(order: Order, output: Path, made: Stitched) -> tuple[Path, ...]:
    folder = output.parent
    inputs = [File.of("input", path, folder) for path in made.files]
    source = inputs.pop(0) if order.parts and is_manifest(order.parts[0]) else None
    with files.Staging() as staging:
        model = staging.file(output, made.model.SerializeToString(deterministic=True))
        entry = File("model", output.name, lock.digest(model))
        command = shlex.join(_command(order, output))
        locked = Lock(entry, source, tuple(sorted(inputs)), None, command, _facts(made))
        place = Path(lock.path_of(output))
        staging.file(place, locked.to_json().encode())
        staging.commit()
    return output, place


def _facts(made: Stitched) -> dict[str, Any]:
    signature = Signature.of(made.model)
    return {
        "onnxpipe": __version__,
        "signature": {
            "inputs": [str(port) for port in signature.inputs],
            "outputs": [str(port) for port in signature.outputs],
        },
        "opset": {entry.domain or "ai.onnx": int(entry.version) for entry in made.model.opset_import},
        "verdict": {"status": "stitched, not verified", "reason": "stitch compares nothing"},
    }


def _command(order: Order, output: Path) -> Iterator[str]:
    """The command line that makes the model again, run from the lock's folder."""
    yield from (
        "onnxpipe",
        "stitch",
        *(_moved(part, output.parent) for part in order.parts),
        "-o",
        output.name,
    )
    for wire in order.wires:
        yield from ("--wire", wire)
    if order.outputs:
        yield from ("--outputs", ",".join(order.outputs))


def _moved(part: str, folder: Path) -> str:
    """A part as it is called from another folder."""
    if Path(part).exists():
        return lock.relative(part, folder)
    name, colon, rest = part.partition(":")
    known, given = registry.find(name).parameters, parameters.parse(rest)
    moved: Sequence[str] = [
        f"{key}={lock.relative(value, folder) if known.get(key) == parameters.File else value}"
        for key, value in given.items()
    ]
    return name + colon + ",".join(moved)
