"""From a file that ``Booster.save_model`` wrote to a plan."""

from __future__ import annotations

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.inputs import input_ports
from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.xgboost import document, trees
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.registry import columns, discover
from onnxpipe.errors import BadInput

framework = "xgboost"
KIND = "xgboost.Booster"
_REMEDY = "Save it again: booster.save_model('model.ubj')"


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes are a booster in JSON, in UBJSON or in the old binary format."""
    return document.looks_like(artefact.head(document.HEAD))


def names(artefact: Artefact) -> frozenset[str]:
    """No name: loading a booster imports nothing."""
    return frozenset()


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved booster. Raises Unreadable, Unsupported and BadInput."""
    stage = root_of(artefact)
    known, fitted = columns(stage) or (), trees.names(stage)
    if fitted is not None and len(fitted) != len(known):
        raise BadInput(f"{len(fitted)} column names, {len(known)} columns", where=str(artefact))
    ports = input_ports(known, fitted, options, sample)
    return Plan(framework, str(stage.version), stage, ports, fitted)


def root_of(artefact: Artefact) -> Stage:
    """The booster in a file as a stage. Raises Unreadable."""
    discover(__package__ or "")
    with reading("XGBoost model", str(artefact), _REMEDY):
        return Stage(KIND, "Booster", document.learner(artefact.read()))


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The booster, the only stage there is. Raises Unreadable."""
    return (root_of(artefact),)
