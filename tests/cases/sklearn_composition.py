"""Rows for pipelines, unions and column-wise transformers."""

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.harness import Case

SCALE = StandardScaler()
NUMERIC = ["length", "count"]

CASES = [
    Case(make_pipeline(SCALE, LogisticRegression()), data="labels"),
    Case(make_pipeline("passthrough", SCALE)),
    Case(
        Pipeline([("outer", make_pipeline(SCALE, "passthrough")), ("model", LogisticRegression())]),
        data="labels",
    ),
    Case(ColumnTransformer([("a", SCALE, [2, 0]), ("b", "passthrough", [1]), ("c", "drop", [3])])),
    Case(ColumnTransformer([("a", SCALE, slice(1, 3))], remainder="passthrough")),
    Case(ColumnTransformer([("a", SCALE, np.array([True, False, True, False]))], remainder=StandardScaler())),
    Case(ColumnTransformer([("a", SCALE, [-1, -3])])),
    Case(ColumnTransformer([("a", SCALE, slice("length", "width")), ("n", "passthrough", [])]), data="frame"),
    Case(ColumnTransformer([("a", SCALE, NUMERIC), ("b", "passthrough", ["width"])]), data="frame"),
    Case(ColumnTransformer([("a", SCALE, make_column_selector(dtype_include=float))]), data="frame"),
    Case(
        ColumnTransformer(
            [("in", make_pipeline(ColumnTransformer([("a", SCALE, NUMERIC)]), SCALE), ["count", "length"])]
        ),
        data="frame",
    ),
    Case(
        ColumnTransformer([("a", SCALE, NUMERIC)], verbose_feature_names_out=False).set_output(
            transform="pandas"
        ),
        data="frame",
    ),
    Case(FeatureUnion([("a", SCALE), ("b", "passthrough"), ("c", "drop")])),
    Case(
        FeatureUnion([("a", SCALE), ("b", StandardScaler(with_mean=False))], transformer_weights={"b": 0.5})
    ),
    # The scaler's own check mustn't get lost on the way to what drops, weighs or bins its answer.
    Case(make_pipeline(StandardScaler(), ColumnTransformer([("a", "passthrough", [0])]))),
    Case(
        make_pipeline(
            StandardScaler(),
            FeatureUnion([("a", "passthrough"), ("b", SCALE)], transformer_weights={"a": 2.0, "b": 0.5}),
        )
    ),
    Case(
        ColumnTransformer([("a", "passthrough", ["int8", "uint8"]), ("b", SCALE, ["int32"])]),
        data="narrow_frame",
    ),
    Case(ColumnTransformer([("a", "passthrough", ["int8", "uint16"])]), data="narrow_frame"),
    Case(
        ColumnTransformer([("a", SCALE, NUMERIC)], remainder="passthrough"),
        data="frame",
        refused="text and numbers",
        reason="one tensor can't hold both",
    ),
]
