"""What torch saved, recognised; what is in it only torch itself can tell."""

from __future__ import annotations

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.torch import archives
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.errors import Unsupported, UnsupportedStage

framework = "torch"
KINDS = {
    archives.EXPORTED: "torch.export.ExportedProgram",
    archives.SCRIPT: "torch.jit.ScriptModule",
    archives.PICKLE: "torch.nn.Module",
}


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes are an archive that torch wrote."""
    return bool(archives.kind_of(artefact))


def program(artefact: Artefact) -> str:
    """Every network is a program, which torch exports."""
    return "torch"


def names(artefact: Artefact) -> frozenset[str]:
    """The names that loading it would import: none of an exported program or TorchScript."""
    return frozenset()


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The one stage that the whole network is."""
    return (Stage(KINDS[archives.kind_of(artefact)], "network", {}),)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """Raises Unsupported: no network is read as data."""
    raise Unsupported([UnsupportedStage("", framework, "is a program, which torch exports", ())])
