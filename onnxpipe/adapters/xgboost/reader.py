"""From a file that ``Booster.save_model`` wrote to a plan."""

from __future__ import annotations

from dataclasses import replace

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.inputs import input_ports
from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.xgboost import document, trees
from onnxpipe.adapters.xgboost.columns import MARGIN
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.registry import columns, discover
from onnxpipe.core.signature import Port
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
    if MARGIN not in options.inputs or MARGIN in (fitted or ()):
        return Plan(framework, str(stage.version), stage, input_ports(known, fitted, options, sample), fitted)
    margin, others = _margin(stage, options)
    ports = (*input_ports(known, fitted, others, sample), margin)
    stage = replace(stage, state={**stage.state, MARGIN: True})
    names = None if fitted is None else (*fitted, *[MARGIN] * trees.groups(stage))
    return Plan(framework, str(stage.version), stage, ports, names)


def _margin(stage: Stage, options: Options) -> tuple[Port, Options]:
    """The input ``[N, scores]`` of margins to start from, and what the user said of the others.

    Raises BadInput for margins that are no such numbers.
    """
    inputs = dict(options.inputs)
    dtype, shape = inputs.pop(MARGIN)
    width = trees.groups(stage)
    if not dtype.startswith("float") or (shape and shape[-1] != width):
        raise BadInput(
            f"{MARGIN} is a number for each of {width} scores here", remedy=f"--input {MARGIN}=float32"
        )
    return Port(MARGIN, dtype, ("N", width)), replace(options, inputs=inputs)


def root_of(artefact: Artefact) -> Stage:
    """The booster in a file as a stage. Raises Unreadable."""
    discover(__package__ or "")
    with reading("XGBoost model", str(artefact), _REMEDY):
        return Stage(KIND, "Booster", document.learner(artefact.read()))


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The booster, the only stage there is. Raises Unreadable."""
    return (root_of(artefact),)
