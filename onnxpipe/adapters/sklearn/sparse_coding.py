"""Rows as sparse sums of atoms. Formulas: sklearn/decomposition/_dict_learning.py and _sparse_pca.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import linear
from onnxpipe.blocks.factors import active_sets, lasso, least_angle, pursuit
from onnxpipe.blocks.factors.equal_angles import Path
from onnxpipe.core.ops import Var, cast, concat, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, converts

Array = NDArray[Any]


@converts("sklearn.decomposition.SparsePCA", "sklearn.decomposition.MiniBatchSparsePCA", carries=True)
def sparse_pca(stage: Stage, x: Var) -> Var:
    """The ridge regression of the centred row on the components."""
    return linear.projected(x, stage.mean_, _ridge_map(stage.components_, stage.ridge_alpha).T)


def _ridge_map(parts: Array, alpha: float) -> Array:
    """``[k, d]``: what makes ridge coefficients of a row. Formula: the Cholesky solvers of _ridge.py.

    Where that can't factor the matrix, which has no inverse then, ``_solve_svd``.
    """
    wide = len(parts) > parts.shape[1]
    gram = parts.T @ parts if wide else parts @ parts.T
    gram.flat[:: len(gram) + 1] += alpha
    try:
        np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        left, sizes, right = np.linalg.svd(parts, full_matrices=False)
        used = sizes > 1e-15
        scale = np.where(used, sizes / np.where(used, sizes**2 + alpha, 1), 0)
        return np.asarray((left * scale) @ right)
    return np.asarray(np.linalg.solve(gram, parts.T).T if wide else np.linalg.solve(gram, parts))


@converts(
    "sklearn.decomposition.SparseCoder",
    columns=lambda stage: [ANY] * np.asarray(stage.dictionary).shape[1],
)
def sparse_coder(stage: Stage, x: Var) -> Var:
    """The code of each row for the dictionary given."""
    return _split(stage, _coded(stage, x, np.asarray(stage.dictionary)))


@converts("sklearn.decomposition.DictionaryLearning", "sklearn.decomposition.MiniBatchDictionaryLearning")
def dictionary_learning(stage: Stage, x: Var) -> Var:
    """The code of each row for the dictionary learnt."""
    return _split(stage, _coded(stage, x, stage.components_))


def _split(stage: Stage, code: Var) -> Var:
    """The code, or what is above 0 in it beside what is below, in float64."""
    if not stage.split_sign:
        return code
    zero = const(0.0)
    wide = cast(code, np.float64)
    return concat([op.max([wide, zero]), op.neg(op.min([wide, zero]))], 1)


def _coded(stage: Stage, x: Var, atoms: Array) -> Var:
    """The code ``[N, k]``. Raises Unsupported where native refuses every row."""
    made = {"threshold": _threshold, "lasso_cd": _descended, "omp": _pursued}
    return made.get(stage.transform_algorithm, _followed)(stage, x, atoms)


def _alpha(stage: Stage) -> float:
    alpha = stage.get("alpha") if stage.transform_alpha is None else stage.transform_alpha
    return 1.0 if alpha is None else float(alpha)


def _atom_count(stage: Stage, atoms: Array) -> int:
    """How many atoms a code may use."""
    wanted = stage.transform_n_nonzero_coefs
    return int(min(max(atoms.shape[1] / 10, 1), len(atoms)) if wanted is None else wanted)


def _rows(stage: Stage, x: Var, atoms: Array) -> Var:
    """The rows in the dtype that codes are computed in: before 1.8 the atoms', whatever rows come in."""
    return x if saved_since(stage, 1, 8) else cast(x, atoms.dtype)


def _gram(x: Var, atoms: Array) -> Array:
    return np.ascontiguousarray((atoms @ atoms.T).astype(dtype_of(x)))


def _threshold(stage: Stage, x: Var, atoms: Array) -> Var:
    """The products with all atoms, brought nearer to 0 by alpha."""
    product = linear.affine(x, atoms)
    zero = const(0, dtype_of(product))
    code = op.sign(product) * op.max([op.abs(product) - const(_alpha(stage), dtype_of(product)), zero])
    return op.max([code, zero]) if stage.positive_code else code


def _descended(stage: Stage, x: Var, atoms: Array) -> Var:
    if not saved_since(stage, 1, 8):
        raise stage.inexact(
            "was saved before scikit-learn 1.8, which stops lasso_cd at another place",
            "Save it again with scikit-learn 1.8 or later, or use transform_algorithm='lasso_lars'.",
        )
    if dtype_of(x) != atoms.dtype:
        raise stage.inexact(
            f"has atoms in {atoms.dtype}, and scikit-learn's lasso_cd takes no {dtype_of(x)} rows with them",
            f"Convert it with --dtype {atoms.dtype}.",
        )
    # Divided and multiplied by the number of features, as native does.
    penalty = _alpha(stage) / atoms.shape[1] * 1.0 * atoms.shape[1]
    problem = lasso.Problem(
        _gram(x, atoms), penalty, bool(stage.positive_code), int(stage.transform_max_iter)
    )
    return lasso.descended(linear.affine(x, atoms), op.reduce_sum_square(x, const([1])), problem)


def _pursued(stage: Stage, x: Var, atoms: Array) -> Var:
    limit = _atom_count(stage, atoms)
    if limit > len(atoms) or stage.positive_code:
        raise stage.unsupported("asks for more atoms than there are, or for positive ones of omp")
    x = _rows(stage, x, atoms)
    gram = _gram(x, atoms)
    target = linear.affine(x, atoms)
    return active_sets.in_chunks(target, limit, lambda part: pursuit.pursued(part, gram, limit))


def _followed(stage: Stage, x: Var, atoms: Array) -> Var:
    is_lasso = stage.transform_algorithm == "lasso_lars"
    if stage.positive_code and not is_lasso:
        raise stage.unsupported("asks for positive codes of lars, which scikit-learn has only for the lasso")
    limit = int(stage.transform_max_iter) if is_lasso else _atom_count(stage, atoms)
    least = _alpha(stage) / atoms.shape[1] if is_lasso else 0.0
    x = _rows(stage, x, atoms)
    path = Path(_gram(x, atoms), atoms.shape[1], limit, least, is_lasso, bool(stage.positive_code))
    target = linear.affine(x, atoms)
    code = active_sets.in_chunks(target, path.size, lambda part: least_angle.followed(part, path))
    return cast(code, atoms.dtype)
