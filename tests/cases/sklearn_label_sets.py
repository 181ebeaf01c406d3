"""Rows for sets of labels."""

from sklearn.preprocessing import MultiLabelBinarizer

from tests.harness import Case

CASES = [
    Case(MultiLabelBinarizer(), data="label_sets"),
    Case(MultiLabelBinarizer(classes=["sun", "rain", "hail"], sparse_output=True), data="padded_sets"),
    Case(MultiLabelBinarizer(), data="padded_sets", options={"missing_string": "none"}),
    Case(MultiLabelBinarizer(classes=[7, 3, 5]), data="number_sets"),
    Case(
        MultiLabelBinarizer(),
        data="padded_sets",
        refused="stands for a missing text",
        reason="a row's padding would be one of its labels",
    ),
]
