"""Ensembles and cascades of parts, against numpy and scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import LabelEncoder, StandardScaler

import onnxpipe
from onnxpipe import lock
from onnxpipe.cli import main
from onnxpipe.errors import BadManifest
from tests import datasets
from tests.graphs import graph, run

X, TEXTS = datasets.load("labels")
QUICK = LogisticRegression().fit(X, TEXTS)
SLOW = RandomForestClassifier(5, random_state=0).fit(X, TEXTS)
BAYES = GaussianNB().fit(X, TEXTS)
OTHERS = GaussianNB().fit(X, np.char.upper(TEXTS.astype(str)))
MEMBERS = {"quick": QUICK, "slow": SLOW, "bayes": BAYES}
UNSURE = ~(QUICK.predict_proba(X).max(axis=1) >= 0.9)


def voting(how: str, weights: list[float] | None) -> VotingClassifier:
    """scikit-learn's own vote of the fitted members."""
    made = VotingClassifier(list(MEMBERS.items()), voting=how, weights=weights)
    coded = LabelEncoder().fit(TEXTS)
    made.estimators_ = [type(m)(**m.get_params()).fit(X, coded.transform(TEXTS)) for m in MEMBERS.values()]
    made.le_, made.classes_ = coded, coded.classes_
    return made


@pytest.mark.parametrize("weights", [None, [0.1, 0.2, 0.3]])
def test_the_mean_and_the_vote_of_classifiers_are_sklearns(weights: list[float] | None) -> None:
    told = f",weights={'|'.join(map(str, weights))}" if weights else ""
    soft, hard = voting("soft", weights), voting("hard", weights)
    got = run(onnxpipe.stitch({**MEMBERS, "all": f"ensemble:how=mean{told}"}), {"X": X})
    np.testing.assert_allclose(got["predict_proba"], soft.predict_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(got["predict"], soft.predict(X))
    got = run(onnxpipe.stitch({**MEMBERS, "all": f"ensemble:how=vote{told}"}), {"X": X})
    np.testing.assert_array_equal(got["predict"], hard.predict(X))
    mixed = f"ensemble:how=vote,of=quick|slow.predict_proba|bayes{told}"
    np.testing.assert_array_equal(
        run(onnxpipe.stitch({**MEMBERS, "all": mixed}), {"X": X})["predict"], got["predict"]
    )


def test_the_mean_of_regressors_behind_one_scaler() -> None:
    rows, target = datasets.load("regression")
    scaler = StandardScaler().fit(rows)
    members = [LinearRegression(), RandomForestRegressor(3, random_state=0)]
    fitted = [m.fit(scaler.transform(rows), target) for m in members]
    model = onnxpipe.stitch(
        {"scale": scaler, "a": fitted[0], "b": fitted[1], "mean": "ensemble:of=a|b,weights=3|1"}
    )
    want = np.average([m.predict(scaler.transform(rows)) for m in fitted], axis=0, weights=[3, 1])
    np.testing.assert_allclose(run(model, {"X": rows})["predict"], want, rtol=1e-9)


@pytest.mark.parametrize(
    "rows",
    [slice(None), slice(0, 0), slice(0, 1), UNSURE, ~UNSURE],
    ids=["all", "none", "one", "unsure", "sure"],
)
def test_a_cascade_answers_by_row(rows: Any) -> None:
    model = onnxpipe.stitch({"quick": QUICK, "slow": SLOW, "answer": "cascade:at=0.9"})
    want = np.where(UNSURE[:, None], SLOW.predict_proba(X), QUICK.predict_proba(X))
    got = run(model, {"X": X[rows]})
    np.testing.assert_allclose(got["predict_proba"], want[rows], rtol=1e-9)
    np.testing.assert_array_equal(got["predict"], np.where(UNSURE, SLOW.predict(X), QUICK.predict(X))[rows])
    assert json.loads(next(p.value for p in model.metadata_props if p.key == "io.onnxpipe.classes"))


def test_three_models_after_another() -> None:
    model = onnxpipe.stitch({**MEMBERS, "answer": "cascade:at=0.9,of=quick|bayes|slow"})
    later = np.where(BAYES.predict_proba(X).max(axis=1) >= 0.9, BAYES.predict(X), SLOW.predict(X))
    np.testing.assert_array_equal(run(model, {"X": X})["predict"], np.where(UNSURE, later, QUICK.predict(X)))


def test_the_command_joins_members_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, model in MEMBERS.items():
        onnx.save(onnxpipe.convert(model), f"{name}.onnx")
    command = ["stitch", "quick.onnx", "slow.onnx", "ensemble:how=mean,weights=1|2", "-o", "m.onnx"]
    assert main(command) == 0
    assert lock.read("m.onnx.lock").command.endswith("'ensemble:how=mean,weights=1|2' -o m.onnx")


SHARES = """g (float[N,2] x) => (float[N,2] p) <float[1] w = {1}, int64[1] i = {%d}> {
  s = Gather <axis = 0> (w, i)
  p = Mul(x, s)
}"""


def test_the_costly_model_is_not_run_where_nobody_is_unsure() -> None:
    """It would fail on any row: its index is out of range."""
    model = onnxpipe.stitch({"a": graph(SHARES % 0), "b": graph(SHARES % 7), "c": "cascade:of=a.p|b,at=0.5"})
    sure = np.array([[0.9, 0.1], [0.5, 0.5]], "f4")
    np.testing.assert_array_equal(run(model, {"x": sure})["p"], sure)
    for bad in (0.4, np.nan):
        with pytest.raises(Exception, match="out of"):
            run(model, {"x": np.array([[0.9, 0.1], [bad, 0.1]], "f4")})


def test_a_cascade_of_a_manifest_is_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scaler = StandardScaler().fit(X)
    joblib.dump(scaler, "scale.joblib")
    for name, model in MEMBERS.items():
        joblib.dump(type(model)(**model.get_params()).fit(scaler.transform(X), TEXTS), f"{name}.joblib")
    Path("m.yaml").write_text(
        "parts:\n- {name: scale, source: scale.joblib}\n- {name: quick, source: quick.joblib}\n"
        "- {name: slow, source: slow.joblib}\n- {name: bayes, source: bayes.joblib}\n"
        "- {name: both, component: ensemble, parameters: {of: [slow, bayes], weights: [2, 1]}}\n"
        "- {name: answer, component: cascade, parameters: {of: [quick, both], at: 0.9}}\n"
        "- {name: best, component: sorted_probabilities, parameters: {top: 1}}\n"
    )
    assert main(["stitch", "m.yaml", "-o", "m.onnx", "--no-verify", "-q"]) == 0
    got = run(onnx.load("m.onnx"), {"X": X})
    quick, slow, bayes = (
        joblib.load(f"{name}.joblib").predict_proba(scaler.transform(X)) for name in MEMBERS
    )
    unsure = ~(quick.max(axis=1) >= 0.9)
    want = np.where(unsure[:, None], np.average([slow, bayes], axis=0, weights=[2, 1]), quick)
    np.testing.assert_array_equal(got["labels"][:, 0], QUICK.classes_[want.argmax(axis=1)])
    assert len(lock.read("m.onnx.lock").inputs) == 4


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"a": QUICK, "b": SLOW, "c": "cascade"}, "it needs at"),
        ({"a": QUICK, "c": "cascade:at=1"}, "two parts at least"),
        ({"a": QUICK, "b": SLOW, "c": "cascade:at=1,of=a|z"}, "of names z"),
        ({"a": QUICK, "b": SLOW, "c": "ensemble:hwo=mean"}, "Is it how?"),
        ({"a": QUICK, "b": SLOW, "c": "ensemble:how=median"}, "mean or vote"),
        ({"a": QUICK, "b": SLOW, "c": "ensemble:weights=1|2|3"}, "3 weights are for 2 members"),
        ({"a": QUICK, "b": SLOW, "c": "ensemble:of=a.predict|b.predict"}, "labels have no mean"),
        ({"a": QUICK, "b": RidgeClassifier().fit(X, TEXTS), "c": "ensemble"}, "aren't alike"),
        ({"a": QUICK, "b": OTHERS, "c": "ensemble"}, "classes"),
        ({"a": QUICK, "b": GaussianNB().fit(X[:, :2], TEXTS), "c": "ensemble"}, "into"),
        ({"a": StandardScaler().fit(X), "b": QUICK, "c": "cascade:at=1"}, "no output of the same name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest) as refused:
        onnxpipe.stitch(parts)
    assert says in str(refused.value)
