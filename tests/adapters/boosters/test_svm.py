"""LIBSVM and LIBLINEAR: every row against the library, live where it is installed and as recorded."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from onnxpipe.check.compare import compare
from onnxpipe.core.options import Options
from onnxpipe.core.registry import discover, kinds
from onnxpipe.errors import BadInput, Unreadable, Unsupported
from onnxpipe.services.convert import conversion
from tests.harness import cases, open_session
from tests.shell import here, told
from tests.svm import Trained, native, recorded, rows_of, trained

ROWS: list[Any] = [*cases("libsvm"), *cases("liblinear")]
RECORDED = [case for case in ROWS if case.recorded]


def assert_equal(path: Path, rows: Any, expected: Any, dtype: str = "native") -> None:
    """The graph of a model answers to rows as it should, to none too, and is the same every time."""
    wide = {"X": ("float64", (None, rows.shape[1]))}
    options = Options(outputs=tuple(expected), inputs=wide, dtype=dtype)  # type: ignore[arg-type]
    model = conversion(path, options).model
    assert model.SerializeToString() == conversion(path, options).model.SerializeToString()
    onnx.checker.check_model(model, full_check=True)
    session = open_session(model)
    for count in (len(rows), 2, 1, 0):
        got = dict(zip(expected, session.run(tuple(expected), {"X": rows[:count]}), strict=True))
        for verdict in compare({name: value[:count] for name, value in expected.items()}, got):
            assert verdict.equal, verdict


@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_the_graph_answers_as_recorded(case: Trained, tmp_path: Path) -> None:
    text, rows, answers = recorded(case)
    (tmp_path / "model").write_text(text, "ascii")
    assert_equal(tmp_path / "model", rows, answers)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", ROWS, ids=str)
def test_the_graph_answers_as_the_library(case: Trained, dtype: str, tmp_path: Path) -> None:
    if not case.available:
        pytest.skip(f"{case.library} isn't installed: it comes as source and needs a compiler")
    trained(case, tmp_path / "model")
    rows = rows_of(case).astype(dtype)
    expected = native(case, tmp_path / "model", rows)
    assert_equal(tmp_path / "model", rows, expected, "native" if dtype == "float64" else dtype)


def test_every_converter_has_a_row() -> None:
    discover("onnxpipe.adapters.libsvm")
    discover("onnxpipe.adapters.liblinear")
    ours = {kind for kind in kinds() if kind.startswith(("libsvm.", "liblinear."))}
    assert ours == {case.kind for case in ROWS}


def test_a_column_that_no_support_vector_has_counts_in_the_distance(tmp_path: Path) -> None:
    (tmp_path / "model").write_text(SVC + "1 1:1\n-1 1:-1\n", "ascii")
    rows = np.array([[1.0, 0.0], [1.0, 2.0]])
    model = conversion(tmp_path / "model", Options(outputs=("decision_values",)), sample={"X": rows}).model
    (scores,) = open_session(model).run(None, {"X": rows})
    near, far = np.exp(-1.0 * np.array([0.0, 4.0])), np.exp(-1.0 * np.array([4.0, 8.0]))
    np.testing.assert_allclose(scores[:, 0], near - far, rtol=1e-12)


@pytest.mark.parametrize("case", RECORDED[:1] + RECORDED[-1:], ids=str)
def test_a_cut_file_is_refused(case: Trained, tmp_path: Path) -> None:
    text = recorded(case)[0]
    lines = text.splitlines(keepends=True)
    for kept in range(2, len(lines)):
        (tmp_path / "model").write_text("".join(lines[:kept]), "ascii")
        with pytest.raises(Unreadable):
            conversion(tmp_path / "model", Options())


SVC = "svm_type c_svc\nkernel_type rbf\ngamma 1\nnr_class 2\ntotal_sv 2\nrho 0\nlabel 0 1\nnr_sv 1 1\nSV\n"
LINEAR = "solver_type L2R_LR\nnr_class 2\nlabel 0 1\nnr_feature 2\nbias -1\nw\n"
HOSTILE = {
    "negative count": SVC.replace("total_sv 2", "total_sv -2"),
    "huge count": SVC.replace("total_sv 2", "total_sv 99999999999") + "1 1:1\n",
    "huge classes": SVC.replace("nr_class 2", "nr_class 2000000000") + "1 1:1\n-1 1:1\n",
    "index 0": SVC + "1 0:1\n-1 1:1\n",
    "index out of range": SVC + "1 99999999999:1\n-1 1:1\n",
    "falling indices": SVC + "1 2:1 1:1\n-1 1:1\n",
    "fraction as index": SVC + "1 1.5:1\n-1 1:1\n",
    "no number": SVC + "1 1:one\n-1 1:1\n",
    "no colon": SVC + "1 1 1\n-1 1:1\n",
    "other kernel": SVC.replace("rbf", "chi2") + "1 1:1\n-1 1:1\n",
    "other SVM": SVC.replace("c_svc", "d_svc") + "1 1:1\n-1 1:1\n",
    "uneven classes": SVC.replace("nr_sv 1 1", "nr_sv 3 -1") + "1 1:1\n-1 1:1\n",
    "no label": SVC.replace("label 0 1\n", "") + "1 1:1\n-1 1:1\n",
    "unknown entry": "svm_type c_svc\ngama 1\nSV\n",
    "no gamma": SVC.replace("gamma 1\n", "") + "1 1:1\n-1 1:1\n",
    "other solver": LINEAR.replace("L2R_LR", "L3R") + "1\n2\n",
    "too few weights": LINEAR + "1\n",
    "too many weights": LINEAR + "1\n2\n3\n",
    "negative features": LINEAR.replace("nr_feature 2", "nr_feature -2"),
    "huge features": LINEAR.replace("nr_feature 2", "nr_feature 99999999999999"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_makes_no_sense_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "model").write_text(HOSTILE[name], "ascii")
    with pytest.raises(Unreadable):
        conversion(tmp_path / "model", Options())


PRECOMPUTED = SVC.replace("rbf", "precomputed")
WIDE = {
    "dense": (SVC + "1 2000000000:1\n-1 1:1\n", None),
    "linear": (SVC.replace("rbf", "linear") + "1 2000000000:1\n-1 1:1\n", None),
    "precomputed": (PRECOMPUTED + "1 0:2000000000\n-1 0:1\n", None),
    "precomputed beyond whole numbers": (PRECOMPUTED + "1 0:1e300\n-1 0:1\n", None),
    "precomputed without end": (PRECOMPUTED + "1 0:inf\n-1 0:1\n", None),
    "precomputed at no place": (PRECOMPUTED + "1 0:nan\n-1 0:1\n", None),
    "dense as asked": (SVC + "1 1:1\n-1 1:1\n", 2_000_000_000),
    "linear as asked": (SVC.replace("rbf", "linear") + "1 1:1\n-1 1:1\n", 2_000_000_000),
}
MEGABYTES = 100


@pytest.mark.parametrize("name", WIDE)
def test_too_many_numbers_for_a_file_are_refused_by_name(name: str, tmp_path: Path) -> None:
    """Before anything of that size is made."""
    text, asked = WIDE[name]
    (tmp_path / "model").write_text(text, "ascii")
    options = Options(inputs={"X": ("float64", (None, asked))} if asked else {})
    tracemalloc.start()
    try:
        with pytest.raises(Unsupported, match="more than one ONNX file can hold"):
            conversion(tmp_path / "model", options)
        assert tracemalloc.get_traced_memory()[1] >> 20 < MEGABYTES
    finally:
        tracemalloc.stop()


def test_a_wide_model_of_few_numbers_makes_no_list_of_its_columns(tmp_path: Path) -> None:
    """What a precomputed kernel has in the graph is a number for each support vector."""
    (tmp_path / "model").write_text(PRECOMPUTED + "1 0:200000000\n-1 0:1\n", "ascii")
    tracemalloc.start()
    try:
        made = conversion(tmp_path / "model", Options()).model
        assert tracemalloc.get_traced_memory()[1] >> 20 < MEGABYTES
    finally:
        tracemalloc.stop()
    assert made.graph.input[0].type.tensor_type.shape.dim[1].dim_value == 200_000_000


def test_a_single_class_is_refused_by_name(tmp_path: Path) -> None:
    single = SVC.replace("nr_class 2", "nr_class 1").replace("rho 0", "rho").replace("label 0 1", "label 7")
    single = single.replace("total_sv 2", "total_sv 0").replace("nr_sv 1 1", "nr_sv 0")
    (tmp_path / "model").write_text(single, "ascii")
    with pytest.raises(Unsupported, match="one class only"):
        conversion(tmp_path / "model", Options(inputs={"X": ("float64", (None, 3))}))


def test_fewer_columns_than_the_model_has_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_text(SVC + "1 3:1\n-1 1:1\n", "ascii")
    with pytest.raises(BadInput, match="2 columns where the model has 3 or more"):
        conversion(tmp_path / "model", Options(), sample={"X": np.zeros((1, 2))})
    (tmp_path / "model").write_text(LINEAR + "1\n2\n", "ascii")
    with pytest.raises(BadInput, match="3 columns where the model has 2"):
        conversion(tmp_path / "model", Options(), sample={"X": np.zeros((1, 3))})


@pytest.mark.parametrize(
    ("old", "new"),
    [("L2_LR", "L2R_LR"), ("L2LOSS_SVM", "L2R_L2LOSS_SVC"), ("L1LOSS_SVM_DUAL", "L2R_L1LOSS_SVC_DUAL")],
)
def test_solvers_by_their_names_up_to_1_4(old: str, new: str, tmp_path: Path) -> None:
    """LIBLINEAR no longer reads them: converted, not verified."""
    graphs = []
    for name in (old, new):
        (tmp_path / "model").write_text(LINEAR.replace("L2R_LR", name) + "1\n2\n", "ascii")
        graphs.append(conversion(tmp_path / "model", Options()).model.graph.node)
    assert [node.op_type for node in graphs[0]] == [node.op_type for node in graphs[1]]
    done = here("convert", "model", "-o", "model.onnx", cwd=tmp_path)
    assert done.returncode == 0, told(done)


def test_damaged_text_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "model").write_text(SVC + "1 1:\x00\n", "ascii")
    done = here("convert", "model", "-o", "model.onnx", cwd=tmp_path)
    assert done.returncode == 2
    assert "LIBSVM model" in told(done)


@pytest.mark.parametrize("case", [RECORDED[2], RECORDED[-4]], ids=str)
def test_from_the_command_line_to_a_proven_model(case: Trained, tmp_path: Path) -> None:
    if not case.available:
        pytest.skip(f"{case.library} isn't installed")
    (tmp_path / "model.txt").write_text(recorded(case)[0], "ascii")
    done = here("convert", "model.txt", "-o", "model.onnx", cwd=tmp_path)
    assert done.returncode == 0, told(done)
    assert here("verify", "model.onnx", "model.txt", cwd=tmp_path).returncode == 0
    assert here("verify", "model.onnx", cwd=tmp_path).returncode == 0
    assert here("skew", "model.onnx.lock", cwd=tmp_path).returncode == 0
    with (tmp_path / "model.txt").open("a", encoding="ascii") as file:
        file.write("\n")
    assert here("skew", "model.onnx.lock", cwd=tmp_path).returncode == 1
