"""The fallback: stages without a converter of ours, exported by a peer in the framework's interpreter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx

from onnxpipe.adapters.base import Adapter, Artefact, exporter_of
from onnxpipe.core.foreign import Borrowed
from onnxpipe.core.guards import paid
from onnxpipe.core.ops import Var, dtype_of, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, missing
from onnxpipe.core.signature import dtype_name
from onnxpipe.core.table import Table
from onnxpipe.errors import ExportFailed, MissingExtra, NativeFailed, Unsupported, Untrusted
from onnxpipe.services.natives import programs
from onnxpipe.services.natives.guest import Guest, tried
from onnxpipe.services.natives.native import Columns, Native, Where
from onnxpipe.services.natives.process import Process


class Fallback:
    """One worker with one loaded artefact, whose stages it has exported; a context manager.

    ``core.apply`` calls it. ``parts`` are the graphs so far, by the name of what stands for them;
    ``stages`` tells of each. Raises Unsupported where the peer isn't installed, Untrusted before
    anything is loaded, and whatever ``Native`` raises.
    """

    def __init__(self, artefact: Artefact, adapter: Adapter, where: Where, refusal: Unsupported) -> None:
        self.parts: dict[str, onnx.ModelProto] = {}
        self.stages: list[Borrowed] = []
        lacking = {stage.path for stage in refusal.stages}
        stages = [stage for stage in adapter.outline(artefact) if stage.path in lacking]
        peers = {exporter_of(adapter, stage) for stage in stages} or {exporter_of(adapter)}
        self.exporter = " and ".join(sorted(peers))
        self._refused = refusal
        self._versions = {peer: _installed(peer, str(artefact), where, refusal) for peer in sorted(peers)}
        try:
            self._native = Native(artefact, adapter, where)
        except Untrusted as error:
            error.what = f"{_listed(refusal)} has no converter; to try {self.exporter}, {error.what}"
            raise

    def __enter__(self) -> Fallback:
        return self

    def __exit__(self, *_: object) -> None:
        self._native.close()

    def __call__(self, stage: Stage, table: Table | Mapping[str, Var]) -> Answers:
        """What the stage answers by its peer's graph, from a table or from columns by name.

        Raises Unsupported where the peer has none.
        """
        table = paid(stage.context, table) if isinstance(table, Table) else table
        given = matrices(table) if isinstance(table, Table) else table
        guest = self._exported(stage, _columns(table, given), given)
        name = stage.path if stage.path not in self.parts else f"{stage.path}#{len(self.parts)}"
        self.parts[name] = guest.model
        peer = self._peer(stage)
        told = Borrowed(stage.path, stage.kind, peer, self._version(peer), guest.precision)
        self.stages += [told] if told not in self.stages else []
        return guest.answers(name, guest.checked(stage.context, table, given))

    def _peer(self, stage: Stage) -> str:
        return exporter_of(self._native.adapter, stage)

    def _version(self, peer: str) -> str:
        if peer not in self._versions:  # of a stage that isn't listed, as inside an ensemble
            native = self._native
            self._versions[peer] = _installed(peer, str(native.artefact), native.where, self._refused)
        return self._versions[peer]

    def _exported(self, stage: Stage, columns: Columns, given: Mapping[str, Var]) -> Guest:
        """The peer's graph in the types that arrive, else, by the usual peer, in float32.

        Raises Unsupported with what the peer said first.
        """
        peer = self._peer(stage)
        usual = peer == exporter_of(self._native.adapter)
        native = {name: dtype_name(dtype_of(var)) for name, var in given.items()}
        single = {name: "float32" if _is_number(kind) else kind for name, kind in native.items()}
        reasons: list[str] = []
        for kinds in (native, single) if usual and single != native else (native,):
            try:
                export = self._native.export(stage, peer, kinds, native, columns)
                return tried(export if usual else programs.bare(export), kinds, native)
            except ExportFailed as error:
                reasons.append(error.what)
                if error.unknown:
                    break
        raise self._refusal(stage, peer, reasons[0])

    def _refusal(self, stage: Stage, peer: str, reason: str) -> Unsupported:
        why = f"has no converter of ours, and {peer} {self._version(peer)} can't help: {reason}"
        refusal = Unsupported([missing(stage)._replace(reason=why)])
        if peer == exporter_of(self._native.adapter):
            refusal.remedy += f"\nA module that registers one with {peer} is named by --trust MODULE."
        elif "dtype" in reason:
            refusal.remedy = "A net takes float32 alone unless its code converts: --dtype float32."
        return refusal


def matrices(table: Table) -> dict[str, Var]:
    """What arrives as ``X`` in one dtype; text beside numbers as one input per column."""
    text = [block.var is not None and dtype_of(block.var).kind == "U" for block in table.blocks]
    if len(set(text)) < 2:
        return {"X": table.matrix()}
    return {name: part.matrix() for name, part in zip(_names(table), table.columns(), strict=True)}


def _names(table: Table) -> list[str]:
    return list(table.names or (f"x{i}" for i in range(table.width)))


def _columns(table: Table | Mapping[str, Var], given: Mapping[str, Var]) -> Columns:
    """The names of the columns in each of the matrices; a vector's elements are all called as it is."""
    if not isinstance(table, Table):
        return {name: [name] * int(shape_of(var)[1]) for name, var in given.items()}
    names = _names(table)
    return {"X": names} if list(given) == ["X"] else {name: [name] for name in names}


def _is_number(kind: str) -> bool:
    return kind != "string" and np.dtype(kind).kind in "iuf"


def _installed(exporter: str, artefact: str, where: Where, refusal: Unsupported) -> str:
    """The peer's version in the framework's interpreter. Raises the refusal with a hint where it has none."""
    process = Process(where.python, where.timeout, artefact)
    try:
        return str(process.request({"command": "peer", "exporter": exporter})["version"])
    except (MissingExtra, NativeFailed) as error:
        place = f" in {where.python}" if where.python else ""
        refusal.remedy += f"\n{exporter} could be tried{place}, but {error.what} ({error.remedy})"
        raise refusal from None
    finally:
        process.close()


def _listed(refusal: Unsupported) -> str:
    return ", ".join(f"{stage.path} ({stage.kind})" for stage in refusal.stages)
