"""From a plan to a graph: inputs declared, the root stage applied, outputs picked and typed."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

import numpy as np
import onnx
import spox
from onnx import helper

from onnxpipe.core.apply import parts, tensor
from onnxpipe.core.fragment import Fragment, Tally, Tap
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Tensor, Var, argument, before_widening, cast, const, dtype_of, is_string, op
from onnxpipe.core.options import IR_VERSION, ML_OPSET, OPSET, Options
from onnxpipe.core.passes import broadcasting, hoisting, opsets, passed_over, pruning, refusals
from onnxpipe.core.plan import Answered, Context, Plan
from onnxpipe.core.registry import Answers, find
from onnxpipe.core.running import side_by_side
from onnxpipe.core.signature import Port, numpy_dtype
from onnxpipe.core.table import Table
from onnxpipe.core.tallies import static_width, tally_of
from onnxpipe.errors import BadInput

_LISTED = ("predict_proba",)
"""Methods whose answer is a list where there are several targets: ``predict_proba_0`` and so on."""


def build(plan: Plan, options: Options, context: Context | None = None) -> Fragment:
    """The graph of a plan, with a tap per stage; ``context`` collects the stages for who wants them.

    Raises Unsupported, Inexact or BadInput with the stage concerned.
    """
    context = context or Context(options)
    arguments = _arguments(plan, options)
    plan = replace(plan, root=replace(plan.root, context=context))
    outputs = _outputs(context, _picked((plan.run or side_by_side)(plan, arguments), options))
    if clash := sorted(outputs.keys() & arguments.keys()):
        raise BadInput(f"{', '.join(clash)} names both an input and an output", remedy="Rename the column.")
    outputs = passed_over.enforced(context, outputs)
    broadcasting.align(outputs.values())
    outputs = refusals.sunk(outputs)
    broadcasting.align(outputs.values())  # the constants, too, that refuse now
    model = spox.build(arguments, outputs)
    hoisting.hoist(model.graph)
    if plan.frugal:
        pruning.drop_unread(model.graph)
    return pruning.finish(stamped(model, options), tuple(_taps(context, model)))


def _arguments(plan: Plan, options: Options) -> dict[str, Var]:
    ports = (_typed(port, options) for port in plan.inputs if port is not None)
    arguments = {p.name: argument(Tensor(numpy_dtype(p.dtype), p.shape)) for p in ports}
    for name, var in arguments.items():
        var._var_info._rename(name)
    return arguments


def _typed(port: Port, options: Options) -> Port:
    """The port in the precision that was asked for; integers, booleans and text stay."""
    if options.dtype == "native" or not port.dtype.startswith("float"):
        return port
    return replace(port, dtype=options.dtype)


def _picked(answered: Answered, options: Options) -> Answers:
    """The answers asked for, else the defaults. Raises BadInput for one that isn't there."""
    answers = answered.answers
    numbered = {name: tuple(a for a in answers if a.rpartition("_")[0] == name) for name in _LISTED}
    absent = [name for name in options.outputs if name not in answers and not numbered.get(name)]
    if absent:
        raise BadInput(
            f"no output {', '.join(absent)}: the pipeline answers {', '.join(sorted(answers))}",
            remedy=f"--outputs {','.join(sorted(answers))}",
        )
    wanted = options.outputs or answered.default
    wanted = tuple(each for name in wanted for each in (name, *numbered.get(name, ())))
    return {name: answers[name] for name in wanted if name in answers}


def _outputs(context: Context, answers: Answers) -> dict[str, Var]:
    """The graph's outputs: checks still owed are made here, refused rows marked or blanked."""
    tensors = {name: _checked(context, value) for name, value in answers.items()}
    if not context.refused:
        return tensors
    refused = functools.reduce(op.or_, context.refused)
    if context.options.on_invalid == "flag":
        return tensors | {"invalid": refused}
    return {name: _blanked(value, refused) for name, value in tensors.items()}


def _checked(context: Context, value: Var | Table) -> Var:
    """An answer as one tensor, with the checks its blocks still owe."""
    if isinstance(value, Var):
        return value
    blocks = (replace(b, var=b.var and guarded(context, b.var, b.owes)) for b in value.blocks)
    return tensor(Table(tuple(blocks)))


def _blanked(value: Var, refused: Var) -> Var:
    """``value`` with NaN or the empty string in refused rows; integer labels become float64."""
    rank = len(value.unwrap_tensor().shape or ())
    mask = refused if rank == 1 else op.unsqueeze(refused, const(list(range(1, rank))))
    if is_string(value):
        return op.where(mask, const(""), value)
    value = value if dtype_of(value).kind == "f" else cast(value, np.float64)
    return op.where(mask, const(np.nan, dtype_of(value)), value)


def stamped(model: onnx.ModelProto, options: Options) -> onnx.ModelProto:
    """The model under our pinned opsets.

    spox declares the highest since-version in use; every node class is the newest at or below
    opset 21, so declaring 21 changes no meaning.
    """
    domains = {entry.domain: entry.version for entry in model.opset_import}
    pinned = domains | {"": options.opset} | ({"ai.onnx.ml": ML_OPSET} if "ai.onnx.ml" in domains else {})
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(d, v) for d, v in sorted(pinned.items()))
    if options.opset < OPSET:
        opsets.lower(model.graph.node, options.opset)
    model.ir_version = IR_VERSION
    model.producer_name, model.graph.name = "onnxpipe", "pipeline"
    return model


def _taps(context: Context, model: onnx.ModelProto) -> Iterator[Tap]:
    computed = {name for node in model.graph.node for name in (*node.output, *node.input)}
    for stage, table, answers in context.taps:
        inputs = tuple((_value(b.var, computed), b.width) for b in table.blocks if b.var is not None)
        named = {m: tuple(_value(v, computed) for v in parts(value)) for m, value in answers.items()}
        held = (*parts(table), *(v for value in answers.values() for v in parts(value)))
        converter = find(stage.kind)
        single = converter is not None and converter.in_single(stage)
        yield Tap(stage.path, stage.kind, inputs, named, single, _tallies(held, computed))


def _tallies(held: Iterable[Var], computed: Container[str]) -> dict[str, Tally]:
    """What values that nothing reads as the matrices they are would be added up of."""
    absent = {name: v for v in held if (name := _value(v, computed)) not in computed}
    found = {name: (tally_of(v), static_width(v)) for name, v in absent.items()}
    return {
        name: Tally(_value(tally.places, computed), _value(tally.values, computed), width)
        for name, (tally, width) in found.items()
        if tally
    }


def _value(var: Var, computed: Container[str]) -> str:
    """The name of a value; where its reader skipped a widening cast, the name of what is widened."""
    name = var._var_info._name or ""
    return name if name in computed else before_widening(var, dtype_of(var))._var_info._name or ""
