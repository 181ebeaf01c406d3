"""Operations between layers that multiply and add up."""

from __future__ import annotations

import string
from collections.abc import Sequence

from onnxpipe.adapters.keras.calls import Call
from onnxpipe.adapters.keras.operands import operands
from onnxpipe.core.ops import Var, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.ops.Matmul", "keras.ops.Dot")
def matmul(stage: Stage, call: Call) -> Var:
    a, b = operands(stage, call.get(0, "x1"), call.get(1, "x2"))
    if stage.kind.endswith("Dot") and len(shape_of(b)) > 2:
        raise stage.unsupported("multiplies each row with all others")
    return op.matmul(a, b)


@converts("keras.ops.Einsum")
def einsum(stage: Stage, call: Call) -> Var:
    """Two tensors, as one product of matrices: onnxruntime's Einsum fails on no rows."""
    if len(call.args) != 2:
        raise stage.unsupported("multiplies other than two tensors")
    a, b = operands(stage, *call.args)
    left, right, wanted = _letters(stage, str(stage.subscripts), (len(shape_of(a)), len(shape_of(b))))
    both = [c for c in left if c in right and c in wanted]
    summed = [c for c in left if c in right and c not in wanted]
    kept, made = ([c for c in part if c not in both and c not in summed] for part in (left, right))
    if max(len(kept) * bool(both), len(made), len(summed)) > 1 or set(kept + made) - set(wanted):
        raise stage.unsupported(f"has the equation {stage.subscripts!s:.60}, which is no product of matrices")
    one, two = _matrix(a, left, both, kept, summed), _matrix(b, right, both, summed, made)
    product, held = op.matmul(one, two), [*both, *kept, *made]
    ends = [len(both), len(both) + max(1, len(kept))]
    empty = [end for end, part in zip(ends, (kept, made), strict=True) if not part]
    product = op.squeeze(product, const(empty)) if empty else product
    return op.transpose(product, perm=[held.index(c) for c in wanted])


def _matrix(x: Var, letters: Sequence[str], both: list[str], rows: list[str], columns: list[str]) -> Var:
    """``x`` with the axes of both first, then one of rows and one of columns, of length 1 for none."""
    order = [*both, *rows, *columns]
    turned = op.transpose(x, perm=[letters.index(c) for c in order])
    ends = [len(both), len(both) + max(1, len(rows))]
    empty = [end for end, part in zip(ends, (rows, columns), strict=True) if not part]
    return op.unsqueeze(turned, const(empty)) if empty else turned


def _letters(stage: Stage, equation: str, ranks: tuple[int, int]) -> tuple[list[str], ...]:
    """The letters of both tensors and of the answer, those of ``...`` spelled out."""
    spare = [c for c in string.ascii_letters if c not in equation]
    terms, _, wanted = equation.replace(" ", "").partition("->")
    parts = terms.split(",")
    free = [rank - len(part.replace("...", "")) for part, rank in zip(parts, ranks, strict=True)]
    told = [
        list(_spelled(part, spare, n)) for part, n in zip([*parts, wanted], [*free, max(free)], strict=True)
    ]
    if not wanted or any(len(set(part)) < len(part) for part in told):
        raise stage.unsupported(f"has the equation {equation!s:.60}, which is no product of matrices")
    return tuple(told)


def _spelled(part: str, spare: Sequence[str], count: int) -> str:
    return part.replace("...", "".join(spare[:count][::-1]))
