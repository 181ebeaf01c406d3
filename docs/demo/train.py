"""Train penguin classifiers on real rows (text, numbers, gaps), a good and a quick one, and save them with
their rows as CSV.

Usage: python docs/demo/train.py FOLDER
"""

import sys
from pathlib import Path

import joblib
from palmerpenguins import load_penguins
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

rows = load_penguins()
species = rows.pop("species")
text = ["island", "sex"]
numbers = [column for column in rows.columns if column not in text]

pipeline = make_pipeline(
    ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (
                "text",
                make_pipeline(
                    SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
                ),
                text,
            ),
        ]
    ),
    RandomForestClassifier(n_estimators=100, random_state=0),
).fit(rows, species)

joblib.dump(pipeline, folder / "penguins.joblib")
quick = make_pipeline(pipeline[0], LogisticRegression(max_iter=1000)).fit(rows, species)
joblib.dump(quick, folder / "quick.joblib")
rows.to_csv(folder / "penguins.csv", index=False)
print(f"trained on {len(rows)} penguins, accuracy on them {pipeline.score(rows, species):.3f}")
