"""What can't be asked of a saved program: another precision, or axes open that it was traced with fixed."""

from __future__ import annotations

import onnx

from onnxpipe.core.options import Options
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import BadInput, Inexact


def refuse_dtype(model: onnx.ModelProto, options: Options) -> None:
    """Raise Inexact where another precision is asked for than the program computes in."""
    if options.dtype == "native":
        return
    for port in Signature.of(model).inputs:
        if port.dtype.startswith("float") and port.dtype != options.dtype:
            raise Inexact(
                f"{port.name} is {port.dtype}: a program's precision is its own",
                remedy="Leave out --dtype, or change the network's and save it again.",
            )


def refuse_fixed(signature: Signature, options: Options) -> None:
    """Raise Inexact where the batch or an axis that was asked to be open has one size."""
    if unknown := options.dynamic.keys() - {port.name for port in signature.inputs}:
        known = ", ".join(port.name for port in signature.inputs)
        raise BadInput(
            f"no input {', '.join(sorted(unknown))} to open an axis of", remedy=f"There are: {known}"
        )
    for port in signature.inputs:
        for axis in (0, *(each.place for each in options.dynamic.get(port.name, ()))):
            _refuse_size(port, axis)
    for port in signature.outputs:
        if not port.shape or isinstance(port.shape[0], int):
            rest = ",".join(p.name for p in signature.outputs if p.shape and not isinstance(p.shape[0], int))
            raise Inexact(
                f"the output {port} hasn't one answer per row",
                remedy=f"Leave it out: --outputs {rest}" if rest else "Let it answer a row per row.",
            )


def _refuse_size(port: Port, axis: int) -> None:
    if not 0 <= axis < len(port.shape):
        what = f"input {port} has no axis {axis}"
    elif not isinstance(port.shape[axis], int):
        return
    elif axis:
        what = f"axis {axis} of input {port.name} was to be open, but is {port.shape[axis]} in the graph"
    else:
        what = f"the batch of input {port.name} is fixed at {port.shape[axis]}"
    raise Inexact(
        what,
        remedy="A saved program keeps the axes it was traced with: export it again with that axis dynamic.",
    )
