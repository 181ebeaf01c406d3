"""Faults planted into Keras layers, Torch modules, Spark stages and joined parts are put down to them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

import onnxpipe
from onnxpipe.services.convert import adapter_of, artefact_of
from tests.faults import Fault, planted
from tests.faults.benching import Bench, Remembering
from tests.faults.networks import FAULTS, PIPELINES

pytestmark = pytest.mark.slow
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java isn't installed")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Bench]]:
    """The bench of a pipeline, made where a test asks for it."""
    made: dict[str, Bench] = {}

    def of(name: str) -> Bench:
        if name not in made:
            save, group, rows = PIPELINES[name]
            if group != "spark":
                pytest.importorskip({"keras": "tensorflow"}.get(group, group))
            path = save(tmp_path_factory.mktemp(name))
            artefact = artefact_of(path)
            models = {"native": onnxpipe.convert(path)}
            with _here(group):
                made[name] = Bench(Remembering(artefact, adapter_of(artefact)), models, budget=rows)
        return made[name]

    yield of
    for each in made.values():
        each.native.close()


def _here(group: str) -> AbstractContextManager[None]:
    """Where the pipeline is asked: Spark's by the one session of the run, all others by workers."""
    if group != "spark":
        return nullcontext()
    from tests.rigs.spark_here import asked_here

    return asked_here()


def marks(name: str) -> list[Any]:
    group = PIPELINES[name].group
    return [pytest.mark.xdist_group(group), *([needs_java] if group == "spark" else [])]


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in PIPELINES])
def test_a_correct_pair_passes(bench: Callable[[str], Bench], name: str) -> None:
    made = bench(name)
    report = made.judged(made.models["native"])
    assert report, str(report)


@pytest.mark.parametrize("fault", [pytest.param(f, marks=marks(f.pipeline), id=f.name) for f in FAULTS])
def test_a_fault_is_put_down_to_its_stage(bench: Callable[[str], Bench], fault: Fault) -> None:
    made = bench(fault.pipeline)
    report = made.judged(planted(fault, made.models["native"]))
    assert not report
    assert report.culprit is not None and report.culprit.path == fault.stage, str(report)
    assert report.culprit.status == "introduces"
    assert report.counterexample is not None
