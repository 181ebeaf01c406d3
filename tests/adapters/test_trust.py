"""Nothing is loaded natively unless every name in it is allowed, one by one."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from onnxpipe.adapters.sklearn import names
from onnxpipe.adapters.sklearn.trust import HELPERS, untrusted
from onnxpipe.errors import Untrusted
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.natives.native import Native, Where
from tests import datasets


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.target}",)


def test_a_hostile_pickle_is_refused_before_it_runs(tmp_path: Path) -> None:
    path, mark = tmp_path / "bomb.pkl", tmp_path / "mark"
    path.write_bytes(pickle.dumps([StandardScaler(), Bomb(mark)]))
    artefact = artefact_of(path)
    with pytest.raises(Untrusted) as caught:
        Native(artefact, adapter_of(artefact))
    assert caught.value.names == ("posix.system",)
    assert "--trust posix.system" in caught.value.remedy
    assert not mark.exists()


def test_an_archive_behind_a_pickle_vouches_for_nothing(tmp_path: Path) -> None:
    """The pickle is what would be loaded, so the pickle is asked about trust."""
    path, mark = tmp_path / "bomb.pkl", tmp_path / "mark"
    saved = Path(__file__).parents[2] / "fixtures/scaled_logistic/pipeline.skops"
    path.write_bytes(pickle.dumps(Bomb(mark)))
    with ZipFile(saved) as old, ZipFile(path, "a") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    artefact = artefact_of(path)
    with pytest.raises(Untrusted) as caught:
        Native(artefact, adapter_of(artefact))
    assert caught.value.names == ("posix.system",) and not mark.exists()


def test_what_the_user_allows_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "trusted.pkl"
    scaler = FunctionTransformer(np.cumprod).fit(np.ones((2, 2)))
    path.write_bytes(pickle.dumps(scaler))
    artefact = artefact_of(path)
    with pytest.raises(Untrusted, match=r"numpy\.cumprod"):
        Native(artefact, adapter_of(artefact))
    with Native(artefact, adapter_of(artefact), Where(trust=("numpy.cumprod",))) as native:
        assert native.versions["sklearn"]


@pytest.mark.parametrize(
    "name",
    [
        "numpy.testing._private.utils.runstring",
        "numpy.f2py.compile",
        "sklearn.utils._testing.StandardScaler.x",
        "sklearn.preprocessing.os.system",
        "sklearn._evil.StandardScaler",
        "evil.StandardScaler",
        "builtins.eval",
        "builtins.getattr",
        "builtins.__import__",
        "joblib.load",
        "joblib.numpy_pickle.NDArrayWrapper",
        "operator.attrgetter",
    ],
)
def test_no_prefix_is_enough(name: str) -> None:
    assert untrusted([name]) == (name,)


def test_functions_of_numpy_are_known_wherever_pickle_found_them() -> None:
    found = "numpy.core._multiarray_umath"
    names = [f"{found}.log1p", "numpy.core.umath.exp", f"{found}.evil"]
    assert untrusted(names) == (f"{found}.evil",)


def test_helpers_are_exact_names() -> None:
    assert all(all(part.isidentifier() for part in name.split(".")) for name in HELPERS)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(3),
        HistGradientBoostingClassifier(max_iter=3),
        KNeighborsClassifier(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_usual_pipelines_need_no_flag(estimator: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump(estimator.fit(*datasets.load("classes")), path)
    assert untrusted(names(artefact_of(path))) == ()


def test_columns_given_as_a_pandas_index_need_no_flag(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    columns = ColumnTransformer([("n", StandardScaler(), frame.columns[:1]), ("t", OneHotEncoder(), ["b"])])
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(columns.fit(frame)))
    assert untrusted(names(artefact_of(path))) == ()
