"""Rows for the encoder of categories by target."""

from sklearn.preprocessing import TargetEncoder

from tests.harness import Case

CASES = [
    Case(TargetEncoder(), data="full_words"),
    Case(TargetEncoder(), data="words"),
    Case(TargetEncoder(), data="text_none"),
    Case(TargetEncoder(smooth=2.0), data="text_gaps"),
    Case(TargetEncoder(categories=[["Oslo", "Bern", "東京"], ["L", "M"]]), data="text"),
    Case(TargetEncoder(), data="mixed"),
    Case(TargetEncoder(), data="whole_codes"),
    Case(TargetEncoder(), data="float_codes"),
    Case(TargetEncoder(), data="exact_codes"),
    Case(TargetEncoder(), data="coded_frame"),
    Case(TargetEncoder(), data="binary"),
    Case(TargetEncoder(), data="binary_labels"),
    Case(TargetEncoder(smooth=0.5), data="regression"),
    Case(TargetEncoder(target_type="continuous"), data="whole_codes"),
]
