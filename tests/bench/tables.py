"""Tables and texts prepared inside the graph beside pandas and scikit-learn, one row at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from onnxpipe import stitch
from tests.bench.measure import Duel, Row, duel, session

TITLE = "Tables and texts in the graph"
LIMIT = 1 / 20
COLUMNS = (
    "nanvl(age, 40) AS age, ln(income + 1) AS income, income / age AS ratio,\n"
    "CASE WHEN age >= 65 THEN 2 WHEN age >= 18 THEN 1 ELSE 0 END AS stage,\n"
    "CAST(city = 'Oslo' AS DOUBLE) AS oslo, CAST(city = 'Bergen' AS DOUBLE) AS bergen"
)
TEXTS = ("the film was good", "a bad film, and far too long", "good actors in a bad story", "long but good")


def rows() -> Iterator[Row]:
    yield row("a table: 6 columns of 3", *table(), "pandas")
    yield row("a text: tf-idf, a model, its label", *text(), "scikit-learn")


def row(what: str, ours: Any, native: Any, peer: str) -> Row:
    found: Duel = duel(ours, native, 3.0)
    return Row(f"{what}, 1 row", found.ours * 1e6, found.peer * 1e6, "µs", peer, LIMIT, found.ratio)


def table() -> tuple[Any, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "columns.sql"
        file.write_text(COLUMNS)
        made = session(stitch([f"sql:file={file}", "assemble:dtype=float64"]).SerializeToString())
    frame = pd.DataFrame({"age": [31.0], "income": [420.0], "city": ["Bergen"]})
    names = {port.name: port.name.removesuffix("_in") for port in made.get_inputs()}
    feeds = {
        name: frame[[column]].to_numpy(object if column == "city" else float)
        for name, column in names.items()
    }

    def native() -> Any:
        age = frame.age.fillna(40)
        steps = np.select([frame.age >= 65, frame.age >= 18], [2.0, 1.0], 0.0)
        columns = {
            "age": age,
            "income": np.log(frame.income + 1),
            "ratio": frame.income / frame.age,
            "stage": steps,
        }
        cities = {city.lower(): (frame.city == city).astype(float) for city in ("Oslo", "Bergen")}
        return pd.DataFrame({**columns, **cities}).to_numpy()

    ours = lambda: made.run(None, feeds)[0]  # noqa: E731
    np.testing.assert_allclose(ours(), native(), rtol=1e-12)
    return ours, native


def text() -> tuple[Any, Any]:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS * 5, [1, 0, 0, 1] * 5)
    made = session(stitch([model, "reject:below=0.6,label=unsure"]).SerializeToString())
    one = np.array([["a long film with good actors"]], object)

    def native() -> Any:
        p = model.predict_proba(one[:, 0])
        return np.where(p.max(1) >= 0.6, model.classes_[p.argmax(1)].astype(str), "unsure")

    ours = lambda: made.run(None, {"X": one})[0]  # noqa: E731
    assert ours().tolist() == native().tolist()
    return ours, native
