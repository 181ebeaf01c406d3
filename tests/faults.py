"""Faults planted into correct models: each must be found, put down to its stage, and shrunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from onnxpipe.core.fragment import PREFIX
from tests import datasets

Model = onnx.ModelProto
Plant = Callable[[Model], None]
NUMERIC, TEXT = ["length", "width", "count"], ["city", "size"]


def _mixed() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [("num", numbers, NUMERIC), ("cat", OneHotEncoder(handle_unknown="ignore"), TEXT)]
    )
    return make_pipeline(columns, LogisticRegression())


PIPELINES: dict[str, tuple[Callable[[], Any], str]] = {
    "mixed": (_mixed, "frame"),
    "tree": (lambda: make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4)), "missing"),
    "bins": (
        lambda: make_pipeline(
            KBinsDiscretizer(4, encode="ordinal", quantile_method="linear"), LogisticRegression()
        ),
        "classes",
    ),
    "linear": (lambda: make_pipeline(StandardScaler(), LogisticRegression()), "labels"),
}
"""Pipelines by name, and the dataset each is fitted on."""


def fitted(name: str) -> tuple[Any, Any]:
    """A fitted pipeline and its rows."""
    make, data = PIPELINES[name]
    rows, target = datasets.load(data)
    return make().fit(rows, target), rows


@dataclass(frozen=True)
class Fault:
    """One fault: which pipeline it is planted in, how, and the stage that has to be blamed.

    ``cells`` is how many cells of the plainest row may differ from the usual row; None where
    every row fails, so that there is nothing to take away.
    """

    name: str
    pipeline: str
    stage: str
    plant: Plant
    cells: int | None = 1
    dtype: str = "native"


def nodes(model: Model, stage: str, kind: str) -> list[onnx.NodeProto]:
    """The nodes of an operator that a stage wrote."""
    found = (node for node in model.graph.node if node.op_type == kind)
    return [n for n in found if any((p.key, p.value) == (PREFIX + "stage", stage) for p in n.metadata_props)]


def held(model: Model, name: str) -> str:
    """The constant behind a value: narrow tables spread theirs over the rows first."""
    spread = (n.input[0] for n in model.graph.node if n.op_type == "Expand" and name in n.output)
    return str(next(spread, name))


def constant(stage: str, kind: str, slot: int, edit: Callable[[Any], Any]) -> Plant:
    """Edit the constant that a ``kind`` node of a stage reads at a place."""

    def plant(model: Model) -> None:
        names = [held(model, node.input[slot]) for node in nodes(model, stage, kind)]
        tensor = next(t for t in model.graph.initializer if t.name in names)
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(edit(numpy_helper.to_array(tensor).copy()), name))

    return plant


def attribute(stage: str, kind: str, name: str, edit: Callable[[Any], Any]) -> Plant:
    """Edit an attribute of a stage's node."""

    def plant(model: Model) -> None:
        node = nodes(model, stage, kind)[0]
        old = next(a for a in node.attribute if a.name == name)
        value = helper.get_attribute_value(old)
        tensor = isinstance(value, onnx.TensorProto)
        new = edit(numpy_helper.to_array(value).copy() if tensor else value)
        old.CopyFrom(helper.make_attribute(name, numpy_helper.from_array(new) if tensor else new))

    return plant


def after(output: str, *made: tuple[str, dict[str, Any]], dtype: int | None = None) -> Plant:
    """Put operators between whatever computes an output and the output."""

    def plant(model: Model) -> None:
        value = f"{output}_before"
        for node in model.graph.node:
            for values in (node.input, node.output):
                values[:] = [value if v == output else v for v in values]
        for i, (kind, extra) in enumerate(made):
            constants = extra.pop("constants", []) if "constants" in (extra := dict(extra)) else []
            names = [f"{output}_{i}_{j}" for j in range(len(constants))]
            model.graph.initializer.extend(
                numpy_helper.from_array(np.asarray(c), n) for c, n in zip(constants, names, strict=True)
            )
            to = output if i == len(made) - 1 else f"{output}_{i}"
            model.graph.node.append(helper.make_node(kind, [value, *names], [to], **extra))
            value = to
        if dtype:
            next(o for o in model.graph.output if o.name == output).type.tensor_type.elem_type = dtype

    return plant


def at(index: Any, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An edit of one element."""

    def edit(array: Any) -> Any:
        array[index] = change(array[index])
        return array

    return edit


def up(value: Any) -> Any:
    return np.nextafter(value, value.dtype.type(np.inf))


def swap_columns(model: Model) -> None:
    concat = nodes(model, IMPUTER, "Concat")[0]
    concat.input[0], concat.input[1] = concat.input[1], concat.input[0]


def narrowed(model: Model) -> None:
    """A detour through float32 in a graph that computes in float64."""
    div = nodes(model, "Pipeline/standardscaler", "Div")[0]
    place = list(model.graph.node).index(div)
    source, div.input[0] = div.input[0], "narrow_back"
    for i, (name, to, read) in enumerate((("narrow", 1, source), ("narrow_back", 11, "narrow"))):
        model.graph.node.insert(place + i, helper.make_node("Cast", [read], [name], to=to))


def unguarded(model: Model) -> None:
    """The check that refuses NaN, taken out."""
    guard = nodes(model, LOGISTIC, "Gather")[0]
    fed = next(n for n in model.graph.node if n.op_type == "Reshape" and guard.output[0] in n.input)
    for node in (guard, fed):  # onnxruntime runs them even where nothing reads them
        model.graph.node.remove(node)
    for node in model.graph.node:
        node.input[:] = [fed.input[0] if v == fed.output[0] else v for v in node.input]


def overguarded(model: Model) -> None:
    """A check that refuses rows that are fine: an index out of range wherever one mean is exceeded."""
    div = nodes(model, "Pipeline/standardscaler", "Div")[0]
    place = list(model.graph.node).index(div) + 1
    out, div.output[0] = div.output[0], "scaled"
    model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "first"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(3.0), "limit"))
    steps = (
        helper.make_node("ReduceMax", ["scaled"], ["top"], keepdims=0),
        helper.make_node("Greater", ["top", "limit"], ["above"]),
        helper.make_node("Cast", ["above"], ["index"], to=7),
        helper.make_node("Unsqueeze", ["scaled", "first"], ["stacked"]),
        helper.make_node("Gather", ["stacked", "index"], [out], axis=0),
    )
    for i, node in enumerate(steps):
        model.graph.node.insert(place + i, node)


def by_batch(model: Model) -> None:
    """A value that depends on the other rows of the batch."""
    sub = nodes(model, "Pipeline/standardscaler", "Sub")[0]
    place = list(model.graph.node).index(sub)
    model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "rows"))
    steps = (
        helper.make_node("ReduceMin", [sub.input[0], "rows"], ["least"], keepdims=1),
        helper.make_node("Min", ["least", sub.input[1]], ["centre"]),
    )
    sub.input[1] = "centre"
    for i, node in enumerate(steps):
        model.graph.node.insert(place + i, node)


IMPUTER = "Pipeline/columntransformer/num/simpleimputer"
SCALER = "Pipeline/columntransformer/num/standardscaler"
ENCODER = "Pipeline/columntransformer/cat"
LOGISTIC, PLAIN_SCALER = "Pipeline/logisticregression", "Pipeline/standardscaler"
TREE, BINS = "Pipeline/decisiontreeclassifier", "Pipeline/kbinsdiscretizer"
LAST = np.array([0]), np.array([-1])

FAULTS = [
    Fault(
        "tree threshold 1 ulp up", "tree", TREE, attribute(TREE, "TreeEnsemble", "nodes_splits", at(0, up))
    ),
    Fault(
        "tree leaf of another class",
        "tree",
        TREE,
        constant(TREE, "Gather", 0, lambda a: np.roll(a, 1, axis=1)),
        None,
    ),
    Fault(
        "tree sends NaN the other way",
        "tree",
        TREE,
        attribute(TREE, "TreeEnsemble", "nodes_missing_value_tracks_true", lambda a: [1 - v for v in a]),
    ),
    Fault(
        "tree compares < instead of <=",
        "tree",
        TREE,
        attribute(TREE, "TreeEnsemble", "nodes_modes", lambda a: np.ones_like(a)),
        cells=3,  # a node below the root is reached by the cells that its ancestors compare, too
    ),
    Fault(
        "tree reads another column",
        "tree",
        TREE,
        attribute(TREE, "TreeEnsemble", "nodes_featureids", lambda a: [(v + 1) % 4 for v in a]),
        4,
    ),
    Fault("bin edge 1 ulp up", "bins", BINS, constant(BINS, "GreaterOrEqual", 1, at((1, 1), up))),
    Fault("bin edge doubled", "bins", BINS, constant(BINS, "GreaterOrEqual", 1, at((0, 2), lambda v: 2 * v))),
    Fault(
        "mean off by 1e-6", "mixed", SCALER, constant(SCALER, "Sub", 1, at(1, lambda v: v * (1 + 1e-6))), None
    ),
    Fault(
        "mean off by 1e-4, float32",
        "mixed",
        SCALER,
        constant(SCALER, "Sub", 1, at(1, lambda v: v * np.float32(1 + 1e-4))),
        None,
        "float32",
    ),
    Fault(
        "spread doubled",
        "linear",
        PLAIN_SCALER,
        constant(PLAIN_SCALER, "Div", 1, at(2, lambda v: 2 * v)),
        None,
    ),
    Fault("detour through float32", "linear", PLAIN_SCALER, narrowed, 4),
    Fault(
        "imputed value off by 1e-6",
        "mixed",
        IMPUTER,
        constant(IMPUTER, "Where", 1, at((..., 1), lambda v: v * (1 + 1e-6))),
    ),
    Fault("swapped columns", "mixed", IMPUTER, swap_columns, None),
    Fault(
        "dropped category",
        "mixed",
        ENCODER,
        attribute(ENCODER, "LabelEncoder", "keys_strings", lambda a: [b"-" if v == b"M" else v for v in a]),
    ),
    Fault(
        "unseen text taken for a category",
        "mixed",
        ENCODER,
        attribute(ENCODER, "LabelEncoder", "default_int64", lambda _: 2),
    ),
    Fault(
        "coefficient off by 1e-6",
        "mixed",
        LOGISTIC,
        constant(LOGISTIC, "Gemm", 1, at((0, 0), lambda v: v * (1 + 1e-6))),
        None,
    ),
    Fault(
        "intercepts of other classes",
        "linear",
        LOGISTIC,
        constant(LOGISTIC, "Gemm", 2, lambda a: a[::-1].copy()),
        None,
    ),
    Fault(
        "class off by one",
        "linear",
        LOGISTIC,
        after("predict_proba", ("Gather", {"constants": [np.array([1, 2, 0])], "axis": 1})),
        None,
    ),
    Fault("label cut short", "linear", LOGISTIC, lambda m: _labels(m)),
    Fault("wrong dtype", "linear", LOGISTIC, after("predict_proba", ("Cast", {"to": 1}), dtype=1), None),
    Fault("missing row", "linear", LOGISTIC, after("predict_proba", ("Slice", {"constants": LAST})), None),
    Fault("NaN let through", "linear", LOGISTIC, unguarded),
    Fault("rows refused that are fine", "linear", PLAIN_SCALER, overguarded),
    Fault("answers depend on the batch", "linear", PLAIN_SCALER, by_batch, None),
]


def _labels(model: Model) -> None:
    """The texts of the labels, each without its last letter."""
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.STRING:
            tensor.string_data[:] = [text[:-1] if text == b"high" else text for text in tensor.string_data]


def planted(fault: Fault, model: Model) -> Model:
    """A copy of a model with the fault in it."""
    broken = Model()
    broken.CopyFrom(model)
    fault.plant(broken)
    return broken
