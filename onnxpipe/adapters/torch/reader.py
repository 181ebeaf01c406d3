"""What torch saved, recognised; what is in it only torch itself can tell."""

from __future__ import annotations

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.torch import archives, pickled
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.errors import Unsupported, UnsupportedStage

framework = "torch"
_KINDS = {archives.EXPORTED: "torch.export.ExportedProgram", archives.SCRIPT: "torch.jit.ScriptModule"}


def recognises(artefact: Artefact) -> bool:
    """Whether it is a factory, an archive that torch wrote, or a pickle of a module."""
    return bool(artefact.factory or archives.kind_of(artefact)) or pickled.is_module(artefact)


def program(artefact: Artefact) -> str:
    """Every network is a program, which torch exports."""
    return "torch"


def names(artefact: Artefact) -> frozenset[str]:
    """The names that loading it would import: the factory, those in a pickle, none of other kinds."""
    if artefact.factory:
        return frozenset({artefact.factory.replace(":", ".")})
    if archives.kind_of(artefact) == archives.PICKLE:
        return pickled.names(artefact)
    return frozenset() if archives.kind_of(artefact) else pickled.plain_names(artefact)


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The one stage that the whole network is."""
    return (Stage(_KINDS.get(archives.kind_of(artefact), "torch.nn.Module"), "network", {}),)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """Raises Unsupported: no network is read as data."""
    raise Unsupported([UnsupportedStage("network", framework, "is a program, which torch exports", ())])
