"""Rows for the operations that models record between layers: those of keras.ops, and of Python."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.harness import Case
from tests.rigs.keras import net

MIXES, UNKNOWN = "rows are answered one by one", "no operator finds medians"
ANYWHERE = (
    *("abs", "arctan", "arcsinh", "ceil", "cos", "cosh", "erf", "exp", "exp2", "expm1", "floor"),
    *("log_sigmoid", "hard_sigmoid", "hard_silu", "hard_tanh", "isfinite", "isinf", "isnan", "relu6"),
    *("selu", "sign", "silu", "sin", "sinh", "softplus", "softsign", "sparse_plus", "sparse_sigmoid"),
    *("tan", "tanh_shrink", "trunc", "cbrt", "reciprocal", "copy", "stop_gradient", "absolute"),
    *("negative", "square", "tanh", "sigmoid", "relu"),
)
WITHIN = ("arccos", "arcsin", "arctanh")
ABOVE = ("log", "log10", "log1p", "log2", "rsqrt", "sqrt")
TOLD = (
    *(("celu", 0.5), ("elu", 0.5), ("gelu", True), ("glu", -1), ("hard_shrink", 0.3)),
    *(("leaky_relu", 0.1), ("round", 1), ("soft_shrink", 0.3), ("squareplus", 2)),
    *(("threshold", 0.1, 0.5), ("softmax", 1), ("log_softmax", -1)),
)
PAIRS = (
    *("add", "subtract", "multiply", "divide", "true_divide", "divide_no_nan", "floor_divide", "mod"),
    *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum"),
    *("logaddexp", "hypot"),
)
LOGICAL = ("logical_and", "logical_or", "logical_xor", "logical_not", "where", "any", "all")
REDUCED = ("sum", "prod", "max", "min", "amax", "amin", "mean", "std", "var", "logsumexp", "norm")
PLACES = ("argmax", "argmin", "count_nonzero", "cumsum", "normalize")
REARRANGED = (
    *("reshape", "transpose", "swapaxes", "moveaxis", "expand_dims", "squeeze", "concatenate"),
    *("append", "stack", "split", "array_split", "unstack", "flip", "roll", "repeat", "tile", "pad"),
)
CUT = ("take", "take_along_axis", "one_hot", "ones_like", "zeros_like", "full_like", "tril", "triu", "cast")


def tried(function: Callable[..., Any], *names: str, refused: str = "", reason: str = "") -> Case:
    """A row about operations by name: a function of keras.ops and three tensors that answers several."""

    def build(keras: Any) -> Any:
        x, y = (keras.Input((3, 4), name=each) for each in "xy")
        whole = keras.Input((4,), name="whole", dtype="int32")
        return keras.Model([x, y, whole], function(keras.ops, x, y, whole))

    build.__name__ = f"operations, {function.__name__}"
    kinds = ("".join(part[:1].upper() + part[1:] for part in name.split("_")) for name in names)
    model = net(build, *(f"keras.ops.{kind}" for kind in kinds))
    return Case(model, refused=refused, reason=reason, options={"fallback": not refused})


def singles(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    found = [getattr(ops, name)(x) for name in ANYWHERE]
    found += [getattr(ops, name)(ops.tanh(x)) for name in WITHIN]
    found += [getattr(ops, name)(ops.abs(x) + 0.1) for name in ABOVE]
    return [*found, ops.arccosh(ops.abs(x) + 1.0), ops.exp(whole)]


def told(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    found = [getattr(ops, name)(x, *more) for name, *more in TOLD]
    return [*found, ops.clip(x, -0.5, 1), ops.clip(whole, 1, 2)]


def pairs(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    found = [getattr(ops, name)(x, y) for name in PAIRS]
    found += [x + whole[:, None], whole + 1, whole / 2, whole * 0.5, 2 - x, x % 0.7, whole // 2, whole % 2]
    found += [ops.maximum(whole, 1), x + np.arange(4, dtype="float32"), ops.power(ops.abs(x), y), whole**2]
    return found


def logic(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    a, b = x > 0, ops.less(y, 0.2)
    found = [a & b, a | b, a ^ b, ~a, ops.logical_not(whole), ops.where(a, x, y), ops.where(b, x, 0.0)]
    found += [ops.where(whole > 1, whole, -1), ops.any(a, axis=1), ops.all(a, axis=-1), ops.equal(a, b)]
    return [*found, ops.cast(a, "float32"), ops.count_nonzero(whole, axis=1)]


def reduced(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    found = [getattr(ops, name)(x, axis=1) for name in REDUCED]
    found += [getattr(ops, name)(x, axis=-1, keepdims=True) for name in REDUCED]
    found += [ops.sum(x, axis=(1, 2)), ops.mean(whole, axis=1), ops.sum(x > 0, axis=1)]
    found += [ops.sum(whole, axis=-1), ops.argmax(x, axis=-1), ops.argmin(x, axis=1)]
    found += [ops.cumsum(x, axis=1), ops.normalize(x, axis=-1), ops.norm(x, ord=1, axis=-1)]
    return [*found, *ops.top_k(x, 2), ops.count_nonzero(whole, axis=1)]


def moved(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    found = [ops.reshape(x, (-1, 12)), ops.reshape(x, (-1, 2, 6)), ops.reshape(whole, (-1, 2, 2))]
    found += [ops.transpose(x, (0, 2, 1)), ops.swapaxes(x, 1, -1), ops.moveaxis(x, 1, 2)]
    found += [ops.expand_dims(x, 1), ops.squeeze(x[:, :1], 1), ops.concatenate([x, y], axis=1)]
    found += [ops.append(x, y, axis=2), ops.stack([x, y], axis=1), ops.stack([x, y], axis=-1)]
    found += [*ops.split(x, 2, axis=-1), *ops.split(x, [1, 3], axis=2), *ops.unstack(x, axis=1)]
    found += [*ops.array_split(x, 3, axis=2)]
    found += [ops.flip(x, axis=1), ops.roll(x, 1, axis=1), ops.repeat(x, 2, axis=1), ops.tile(x, (1, 2, 1))]
    return [*found, ops.pad(x, ((0, 0), (1, 2), (0, 1)))]


def cut(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    found = [x[:, 0], x[:, -1], x[:, 1:3, ::2], x[..., None], x[..., 1], x[:, None, ::-1], x[:, :, 2:]]
    found += [ops.pad(x, ((0, 0), (1, 1), (2, 1)), mode="reflect")]
    found += [ops.pad(x, ((0, 0), (1, 1), (0, 0)), constant_values=7)]
    found += [ops.take(x, [0, 2], axis=1), ops.take(x, -1, axis=2), ops.take(whole, [[0, 1]], axis=1)]
    found += [ops.take_along_axis(x, ops.argmax(x, axis=1, keepdims=True), axis=1)]
    found += [ops.one_hot(whole, 3), ops.one_hot(whole, 5, dtype="int32"), ops.ones_like(x)]
    found += [ops.zeros_like(whole), ops.full_like(x, 2.5), ops.tril(x), ops.triu(x, k=1)]
    return [*found, ops.cast(x * 3, "int64")]


def multiplied(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    turned, weights = ops.transpose(y, (0, 2, 1)), np.arange(8, dtype="float32").reshape(4, 2)
    found = [ops.matmul(x, turned), x @ turned, ops.dot(x, weights), whole @ weights]
    found += [ops.einsum("bqd,bkd->bqk", x, y), ops.einsum("bqd,bkd->bkq", x, y)]
    found += [ops.einsum("bqd,bqd->bq", x, y), ops.einsum("bqd,bqd->bqd", x, y)]
    found += [ops.einsum("...d,de->...e", x, weights), ops.einsum("bqd,de->bqe", x, weights)]
    return [*found, ops.einsum("bi,bj->bij", ops.sum(x, axis=1), ops.sum(y, axis=1))]


def all_rows(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    return ops.sum(x, axis=0)


def median(ops: Any, x: Any, y: Any, whole: Any) -> Any:
    return ops.median(x, axis=1)


def odd(keras: Any) -> Any:
    """What makes one number of a row, of which the rows tried hold NaN and infinities as well."""
    x, ops = keras.Input((6,), name="x"), keras.ops
    y = ops.concatenate([x[:, 1:], x[:, :1]], axis=1)
    places = [ops.argmax(y, axis=-1), ops.argmin(y, axis=-1), ops.argmax(x, axis=1, keepdims=True)]
    return keras.Model(x, [*places, ops.max(y, axis=1), ops.amin(y, axis=-1, keepdims=True)])


CASES = [
    Case(net(odd, *(f"keras.ops.{name}" for name in ("Argmax", "Argmin", "Max", "Amin")))),
    tried(singles, *ANYWHERE, *WITHIN, *ABOVE, "arccosh"),
    tried(told, *(name for name, *_ in TOLD), "clip"),
    tried(pairs, *PAIRS, "power"),
    tried(logic, *LOGICAL),
    tried(reduced, *REDUCED, *PLACES, "TopK"),
    tried(moved, *REARRANGED),
    tried(cut, *CUT, "GetItem"),
    tried(multiplied, "matmul", "dot", "einsum"),
    tried(all_rows, "Sum", refused="mixes rows", reason=MIXES),
    tried(median, "Median", refused="Median", reason=UNKNOWN),
]
