"""What torch saved, recognised; what is in it only torch itself can tell."""

from __future__ import annotations

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.torch import archives, exported, pickled, scripted, trust
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
    """The names that loading it would import or call: the factory, those in pickles, operators of no kind.

    Raises Unreadable for what hides code elsewhere.
    """
    if artefact.factory:
        return frozenset({artefact.factory.replace(":", ".")}) | _beside_weights(artefact)
    kind = archives.kind_of(artefact)
    if not kind:
        return pickled.plain_names(artefact)
    with reading("file that torch wrote", str(artefact), "Save it again with torch."):
        members = archives.members(artefact)
        if kind == archives.PICKLE:
            return pickled.names_of(members["data.pkl"])
        return frozenset(exported.names(members) if kind == archives.EXPORTED else scripted.names(members))


def _beside_weights(artefact: Artefact) -> frozenset[str]:
    """The names in a checkpoint that torch wouldn't read as weights, such as hyperparameters of a class.

    None where it can't be read here: torch itself reads weights alone, and runs nothing that isn't named.
    """
    if archives.kind_of(artefact) != archives.PICKLE:
        return frozenset()
    try:
        return pickled.names_of(archives.members(artefact)["data.pkl"]) - trust.WEIGHTS
    except Exception:  # what damaged pickles raise has no common type
        return frozenset()


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The one stage that the whole network is."""
    return (Stage(_KINDS.get(archives.kind_of(artefact), "torch.nn.Module"), "network", {}),)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """Raises Unsupported: no network is read as data."""
    raise Unsupported([UnsupportedStage("network", framework, "is a program, which torch exports", ())])
