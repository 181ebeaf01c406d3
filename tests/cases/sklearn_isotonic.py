"""Rows for isotonic regression."""

from sklearn.isotonic import IsotonicRegression

from tests.harness import Case

ROUNDED = "native refuses rows at the ends of those it was fitted on, once they are rounded"

CASES = [
    Case(IsotonicRegression(), data="one_column"),
    Case(IsotonicRegression(out_of_bounds="clip", y_min=-1, y_max=2), data="one_column"),
    Case(IsotonicRegression(out_of_bounds="raise"), data="one_column", skip=("float32",), reason=ROUNDED),
    Case(IsotonicRegression(out_of_bounds="raise"), data="one_column_single"),
    Case(IsotonicRegression(out_of_bounds="clip", increasing=False), data="one_column"),
    Case(IsotonicRegression(increasing="auto"), data="one_column_single"),
    Case(IsotonicRegression(), data="one_value"),
]
