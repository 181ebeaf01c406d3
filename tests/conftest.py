"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest

# Two test processes and their workers share the cores: threads of OpenMP that wait for one another,
# as those of scikit-learn's histogram boosting do, make a row take half a minute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# As in our workers: oneDNN answers rows with NaN otherwise than TensorFlow itself.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let pytest-xdist see which tests belong together, so that one process has the one session of Spark.

    It reads a group off the end of a test's name. Since pytest 9.2 what version 3.8 writes there is lost.
    """
    for item in items if getattr(config.option, "loadgroup", False) else []:
        mark = item.get_closest_marker("xdist_group")
        if mark and hasattr(item, "_id") and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = type(item._id).parse(f"{item.nodeid}@{mark.args[0]}")


@pytest.fixture(scope="module")
def inhouse() -> Iterator[None]:
    """Originals are asked in this very process, two seconds sooner than in a worker of their own.

    For modules about answers, as ``pytest.mark.usefixtures("inhouse")``; workers have tests of their own.
    """
    from onnxpipe.services.natives import fallback, native
    from tests.inhouse import Inhouse

    with pytest.MonkeyPatch.context() as patch:
        for module in (native, fallback):
            patch.setattr(module, "Process", Inhouse)
        yield


@pytest.fixture
def own_process(inhouse: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker with a process of its own after all, in a module that asks in this one."""
    from onnxpipe.services.natives import fallback, native, process

    for module in (native, fallback):
        monkeypatch.setattr(module, "Process", process.Process)
