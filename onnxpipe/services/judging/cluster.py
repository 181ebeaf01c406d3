"""Verification of a whole table on Spark: every row there, the worst ones looked at here."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import onnx

from onnxpipe.adapters.base import Artefact
from onnxpipe.check.arrow import from_arrow
from onnxpipe.check.reports.report import Refusals, Report
from onnxpipe.errors import BadInput
from onnxpipe.scale import spark
from onnxpipe.scale.judging import Tally
from onnxpipe.services.convert import adapter_of
from onnxpipe.services.judging.matching import Names
from onnxpipe.services.judging.trial import Trial
from onnxpipe.services.natives.allowed import trusted_names
from onnxpipe.services.natives.native import Native, Where

if TYPE_CHECKING:
    from onnxpipe.services.verify import Judging


def judged(
    model: onnx.ModelProto, artefact: Artefact, data: Any, judging: Judging, where: Where
) -> tuple[Report, dict[str, str]]:
    """The report on every row of a table the cluster can read, and the versions that took part.

    Rows are compared where they lie. Where any differ, the worst of them are compared once more on
    this machine, which tells the stage at fault and the smallest row. Raises BadInput for a source
    that Spark can't run.
    """
    adapter = adapter_of(artefact)
    if adapter.framework != "spark" or artefact.path is None:
        raise BadInput("--engine spark runs Spark pipelines", where=str(artefact), remedy="--engine local")
    trusted_names(artefact, adapter, where.trust)
    session = spark.session(judging.master)
    ours = spark.scorer(model)
    outputs = [port.name for port in ours.signature.outputs if port.name != "invalid"]
    names = {name: judging.names.get(name, name) for name in outputs}
    native = spark.pipeline(session, artefact.origin or str(artefact.path)).transform
    tally, worst = spark.judge(spark.read(session, str(data)), native, ours, names, judging.tolerances)
    found = _report(tally)
    if not found and worst:
        found = _explained(found, model, artefact, worst, judging, where)
    return found, {"onnxruntime": version("onnxruntime"), "pyspark": str(session.version)}


def _report(tally: Tally) -> Report:
    examples = ((0, "the graph", tally.reason),) if tally.refused else ()
    refusals = Refusals(graph_only=tally.refused, examples=examples)
    return Report(tuple(tally.verdicts.values()), refusals, {"data": tally.rows})


def _explained(
    found: Report, model: onnx.ModelProto, artefact: Artefact, worst: list[Any],
    judging: Judging, where: Where,
) -> Report:  # fmt: skip
    """The report with what a closer look at the worst rows tells."""
    import pyarrow as pa

    rows = from_arrow(pa.Table.from_batches(worst))
    with Native(artefact, adapter_of(artefact), where) as native:
        trial = Trial(model, native, judging.tolerances, Names(outputs=judging.names))
        closer = trial.report(rows, budget=0, seed=judging.seed, model="model.onnx")
    return replace(found, stages=closer.stages, counterexample=closer.counterexample, batches=closer.batches)
