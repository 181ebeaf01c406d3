"""From parts to committed files: join, load, then write the model and its lock, or nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onnxpipe import __version__, lock
from onnxpipe.components import parameters, registry
from onnxpipe.core.portability import portability
from onnxpipe.core.signature import Signature
from onnxpipe.errors import BadManifest, Refusal
from onnxpipe.lock import File, Lock
from onnxpipe.services.joining import builds, combining, stitch_proof
from onnxpipe.services.joining.builds import Builds
from onnxpipe.services.joining.stitch_proof import Proof, proved
from onnxpipe.services.judging import goldens
from onnxpipe.services.keeping import files, model_files
from onnxpipe.services.natives import reference
from onnxpipe.services.natives.native import Where
from onnxpipe.services.selftest import open_session
from onnxpipe.services.stitch import Stitched, stitched
from onnxpipe.stitching import manifest as manifests
from onnxpipe.stitching.manifest import is_manifest


@dataclass(frozen=True, slots=True)
class Order:
    """What to join, as the command line names it, and where to; ``output`` None writes nothing.

    ``builds`` is the folder of what earlier builds made (default: beside the output, for a
    manifest), which ``rebuild`` doesn't look at.
    """

    parts: tuple[str, ...]
    output: Path | None
    wires: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    where: Where = field(default_factory=Where)
    verify: bool = True
    golden: bool = True
    builds: Path | None = None
    rebuild: bool = False

    @property
    def manifest(self) -> Path | None:
        """The manifest's path, if that is what is to be joined."""
        alone = len(self.parts) == 1 and is_manifest(self.parts[0])
        return Path(self.parts[0]) if alone else None

    @property
    def kept(self) -> Builds:
        """What earlier builds of the output made."""
        beside = builds.folder_of(self.output) if self.output and self.manifest else None
        return Builds(self.builds or beside, fresh=self.rebuild)


@dataclass(frozen=True, slots=True)
class Release:
    """A joined graph, how it was proved, the files written, and why it wasn't loaded where it wasn't.

    Truthy unless something differs; then nothing was written.
    """

    stitched: Stitched
    proof: Proof = field(default_factory=Proof)
    written: tuple[Path, ...] = ()
    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.proof)


def release(order: Order) -> Release:
    """Join, load in onnxruntime, compare, and write the model, its golden rows and its lock together.

    Raises a Refusal where the parts don't go together or the output would replace one of them.
    """
    if order.output is not None:
        files.refuse_unwritable(order.output)
    if order.manifest and order.verify:
        stitch_proof.refuse_untrusted(manifests.read(order.manifest), order.where)
    kept, parts = order.kept, order.manifest or list(order.parts)
    made = stitched(parts, wires=order.wires, outputs=order.outputs, where=order.where, kept=kept)
    if order.output and any(path.resolve() == order.output.resolve() for path in made.files):
        raise BadManifest("the output would replace a file that goes in", where=str(order.output))
    reason = _loaded(made)
    went_in = _went_in(order, made)
    proof = Proof(reason="--no-verify")
    if order.verify and not reason:
        proof = proved(made, where=order.where, kept=kept)
    if order.output is None or not proof:
        return Release(made, proof, reason=reason)
    if _went_in(order, made) != went_in:
        raise Refusal("what goes in changed meanwhile", where=str(order.output), remedy="Join it again.")
    written = _written(order, order.output, made, proof, went_in)
    kept.tidy()
    return Release(made, proof, written, reason)


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


def _went_in(order: Order, made: Stitched) -> tuple[File, ...]:
    """The lock's entries of what is read, a manifest first; none where no lock is written."""
    if order.output is None:
        return ()
    held = reference.files(made.manifest) if made.manifest else []
    return tuple(File.of("input", path, order.output.parent) for path in (*made.files, *held))


def _written(
    order: Order, output: Path, made: Stitched, proof: Proof, went_in: tuple[File, ...]
) -> tuple[Path, ...]:
    """The model, its golden rows and its lock, put in place together."""
    folder, golden = output.parent, goldens.folder_of(output)
    source, inputs = (went_in[0], went_in[1:]) if made.manifest else (None, went_in)
    rows = goldens.of(made.model, proof.whole) if order.golden else {}
    with files.Staging() as staging:
        entry, data = model_files.staged(staging, output, made.model)
        recorded = _recorded(staging.folder(golden, rows), golden, folder) if rows else None
        if not rows and goldens.are_ours(golden, output):
            staging.gone(golden)
        command = shlex.join(_command(order, output))
        locked = Lock(entry, source, tuple(sorted(set(inputs))), recorded, command, _facts(made, proof), data)
        place = Path(lock.path_of(output))
        staging.file(place, locked.to_json().encode())
        staging.commit()
    beside = (model_files.data_of(output),) if data else ()
    return (output, *beside, *((golden,) if rows else ()), place)


def _recorded(staged: Path, golden: Path, folder: Path) -> File:
    return File("golden", lock.relative(golden, folder), lock.digest(staged))


def _facts(made: Stitched, proof: Proof) -> dict[str, Any]:
    signature = Signature.of(made.model)
    unverified = {"status": "stitched, not verified", "reason": proof.reason}
    return {
        "onnxpipe": __version__,
        "signature": {
            "inputs": [str(port) for port in signature.inputs],
            "outputs": [str(port) for port in signature.outputs],
        },
        "opset": {entry.domain or "ai.onnx": int(entry.version) for entry in made.model.opset_import},
        "verdict": proof.whole.verdict() if proof.whole is not None else unverified,
        **({"parts": dict(proof.parts)} if proof.parts else {}),
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
    for name in order.where.trust:
        yield from ("--trust", name)
    yield from (() if order.verify else ("--no-verify",))
    yield from (() if order.golden else ("--no-golden",))


def _moved(part: str, folder: Path) -> str:
    """A part as it is called from another folder."""
    if Path(part).exists():
        return lock.relative(part, folder)
    name, colon, rest = part.partition(":")
    if name in combining.NAMES:
        return part
    known, given = registry.find(name).parameters, parameters.parse(rest)
    moved: Sequence[str] = [
        f"{key}={lock.relative(value, folder) if known.get(key) == parameters.File else value}"
        for key, value in given.items()
    ]
    return name + colon + ",".join(moved)
