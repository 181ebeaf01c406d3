"""Rows for the imputers that fill in one value per column."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.harness import Case

NUMBERS = make_pipeline(SimpleImputer(), StandardScaler())
WORDS = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]

CASES = [
    Case(SimpleImputer(), data="missing"),
    Case(SimpleImputer()),
    Case(SimpleImputer(), data="single"),
    Case(SimpleImputer(), data="whole"),
    Case(SimpleImputer(), data="gaps"),
    Case(SimpleImputer(keep_empty_features=True), data="gaps"),
    Case(SimpleImputer(strategy="median"), data="gaps"),
    Case(SimpleImputer(strategy="most_frequent"), data="gaps"),
    Case(SimpleImputer(strategy="most_frequent", keep_empty_features=True), data="gaps"),
    Case(SimpleImputer(strategy="most_frequent"), data="whole"),
    Case(SimpleImputer(strategy="constant"), data="gaps"),
    Case(SimpleImputer(strategy="constant", fill_value=-7.25), data="gaps"),
    Case(SimpleImputer(strategy="constant", fill_value=0.1, keep_empty_features=True), data="gaps"),
    Case(SimpleImputer(add_indicator=True), data="gaps"),
    Case(SimpleImputer(add_indicator=True, keep_empty_features=True), data="gaps"),
    Case(SimpleImputer(missing_values=-1, add_indicator=True), data="marked"),
    Case(SimpleImputer(missing_values=-1), data="marked"),
    Case(SimpleImputer(missing_values=-1), data="marked_whole"),
    Case(SimpleImputer(missing_values=-1, strategy="most_frequent", add_indicator=True), data="marked_whole"),
    Case(SimpleImputer(missing_values=-1, strategy="constant", fill_value=9), data="marked_whole"),
    Case(SimpleImputer(missing_values=np.float64(-1), strategy="median"), data="marked"),
    Case(SimpleImputer(strategy="most_frequent"), data="words"),
    Case(SimpleImputer(strategy="most_frequent"), data="text_gaps"),
    Case(SimpleImputer(strategy="most_frequent"), data="text_empty"),
    Case(SimpleImputer(strategy="constant"), data="text_gaps"),
    Case(SimpleImputer(strategy="constant", fill_value="?"), data="words"),
    Case(SimpleImputer(strategy="most_frequent", missing_values=None), data="text_none"),
    Case(SimpleImputer(strategy="most_frequent", missing_values="M"), data="text"),
    Case(SimpleImputer(strategy="constant", fill_value="none", keep_empty_features=True), data="text_empty"),
    Case(
        SimpleImputer(strategy="most_frequent", keep_empty_features=True),
        data="text_empty",
        refused="text and numbers",
        reason="native puts the number 0 between words",
    ),
    Case(
        make_pipeline(SimpleImputer(strategy="most_frequent", add_indicator=True), OrdinalEncoder()),
        data="text_gaps",
    ),
    Case(make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder()), data="mixed_gaps"),
    Case(MissingIndicator(), data="gaps"),
    Case(MissingIndicator(), data="missing"),
    Case(MissingIndicator(error_on_new=False), data="gaps"),
    Case(MissingIndicator(features="all"), data="gaps"),
    Case(MissingIndicator(features="all", sparse=True), data="whole"),
    Case(MissingIndicator(missing_values=-1), data="marked"),
    Case(MissingIndicator(missing_values=-1), data="marked_whole"),
    Case(MissingIndicator(), data="words"),
    Case(MissingIndicator(features="all"), data="words"),
    Case(
        ColumnTransformer([("numbers", NUMBERS, MEASURES), ("words", WORDS, ["island", "sex"])]),
        data="penguins",
    ),
    Case(
        ColumnTransformer(
            [("words", WORDS, ["island", "sex"]), ("numbers", NUMBERS, MEASURES)], remainder="passthrough"
        ),
        data="penguins",
    ),
    Case(
        ColumnTransformer([("numbers", NUMBERS, ["length", "width"]), ("words", WORDS, ["city", "size"])]),
        data="frame",
    ),
]
