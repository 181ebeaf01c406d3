"""From a file that ``Booster.save_model`` or ``dump_model`` made to a plan."""

from __future__ import annotations

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.inputs import input_ports
from onnxpipe.adapters.lightgbm import dump, text
from onnxpipe.adapters.lightgbm.columns import names as fitted_names
from onnxpipe.adapters.reading import reading
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.registry import columns, discover
from onnxpipe.errors import BadInput

framework = "lightgbm"
KIND = "lightgbm.Booster"
_REMEDY = "Save it again: booster.save_model('model.txt')"


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes are a model text or a dump."""
    head = artefact.head(text.HEAD)
    return text.looks_like(head) or dump.looks_like(head)


def names(artefact: Artefact) -> frozenset[str]:
    """No name: loading a model imports nothing."""
    return frozenset()


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved model. Raises Unreadable, Unsupported and BadInput."""
    stage = root_of(artefact)
    known, fitted = columns(stage) or (), fitted_names(stage)
    if fitted is not None and len(fitted) != len(known):
        raise BadInput(f"{len(fitted)} column names, {len(known)} columns", where=str(artefact))
    return Plan(
        framework, str(stage.get("version", "")), stage, input_ports(known, fitted, options, sample), fitted
    )


def root_of(artefact: Artefact) -> Stage:
    """The booster in a file as a stage. Raises Unreadable."""
    discover(__package__ or "")
    with reading("LightGBM model", str(artefact), _REMEDY):
        data = artefact.read()
        dumped = dump.looks_like(data[: text.HEAD])
        return Stage(KIND, "Booster", dump.fields(data) if dumped else text.fields(data.decode("utf-8")))


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The booster, the only stage there is. Raises Unreadable."""
    return (root_of(artefact),)
