"""Components: functions from Vars to named Vars, made into fragments for what comes before them."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import spox
from numpy.typing import NDArray

from onnxpipe.components.parameters import File, parsed
from onnxpipe.core import build
from onnxpipe.core.fragment import PREFIX, Fragment
from onnxpipe.core.ops import Tensor, Var, argument
from onnxpipe.core.options import Options
from onnxpipe.core.passes import pruning
from onnxpipe.core.signature import SEQUENCE, Port, numpy_dtype
from onnxpipe.errors import BadManifest

Outputs = Mapping[str, Var]
Opening = Callable[[Mapping[str, Any]], Mapping[str, Port]]
"""The graph's inputs that a component reads where it is the first part, by its own inputs' names."""
F = TypeVar("F", bound=Callable[..., Outputs])


@dataclass(frozen=True, slots=True)
class Upstream:
    """What a component is built on: the ports that feed it, by input name.

    ``classes`` are the class labels of the model before it, None where nobody knows them;
    relative paths in parameters start at ``folder``.
    """

    ports: Mapping[str, Port]
    classes: NDArray[Any] | None = None
    folder: Path = field(default_factory=Path)


class Noted(dict[str, Var]):
    """Outputs with ``notes`` for the model's metadata, by key."""

    def __init__(self, outputs: Outputs, **notes: str) -> None:
        super().__init__(outputs)
        self.notes = notes


@dataclass(frozen=True, slots=True)
class Component:
    """A registered component: its inputs in order with the outputs each is meant for, its parameters.

    ``open_ended`` components take every output of the part before them (as one mapping),
    ``free`` ones parameters under any name. ``bundle`` is a dataclass whose fields are the
    parameters; ``opens`` tells the inputs of one that can be the first part.
    """

    name: str
    function: Callable[..., Outputs]
    roles: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: Mapping[str, Any]
    required: tuple[str, ...]
    open_ended: bool
    free: bool
    bundle: Any = None
    opens: Opening | None = None

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def fragment(self, parameters: Mapping[str, Any], upstream: Upstream) -> Fragment:
        """The component on these inputs. Raises BadManifest for parameters or inputs that don't fit."""
        where = f"component {self.name}"
        given = self.parsed(parameters, upstream.folder)
        if lacking := [name for name in self.required if name not in given]:
            raise BadManifest(f"it needs {', '.join(lacking)}", where=where)
        if "classes" in self.parameters and given.get("classes") is None:
            given["classes"] = upstream.classes
        try:
            lists = any(p.is_sequence for p in upstream.ports.values()) and self._takes_lists(given)
            arguments = {name: _argument(port, lists) for name, port in upstream.ports.items()}
            fed = (arguments,) if self.open_ended else tuple(arguments.values())
            own = {self.bundle[0]: self.bundle[1](**given)} if self.bundle else given
            outputs = self.function(*fed, **own)
        except BadManifest as error:
            error.where = error.where or where
            raise
        return _fragment(arguments, outputs)

    def _takes_lists(self, given: Mapping[str, Any]) -> bool:
        """Whether it is made for sequences of tensors, with these parameters."""
        return self.opens is not None and any(p.is_sequence for p in self.opens(given).values())

    def parsed(self, parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """Parameters in their types. Raises BadManifest for one that isn't known or can't be read."""
        known = None if self.free else self.parameters
        return parsed(f"component {self.name}", known, parameters, folder)


_components: dict[str, Component] = {}


def component(*roles: str, name: str = "", opens: Opening | None = None) -> Callable[[F], F]:
    """Register a function under its own name, or under ``name``.

    Its leading ``Var`` parameters are inputs, or a ``Mapping`` of all there are; its keyword-only
    ones the parameters, or one dataclass of them; its docstring is the help. ``roles`` are the
    upstream outputs its first input is meant for, the best first.
    """

    def register(function: F) -> F:
        hints = get_type_hints(function)
        listed = inspect.signature(function).parameters.values()
        inputs = tuple(p.name for p in listed if p.kind is p.POSITIONAL_OR_KEYWORD)
        own = {p.name: hints[p.name] for p in listed if p.kind is p.KEYWORD_ONLY}
        required = tuple(p.name for p in listed if p.name in own and p.default is p.empty)
        bundle = next(((key, kind) for key, kind in own.items() if is_dataclass(kind)), None)
        if bundle:
            kinds = get_type_hints(bundle[1])
            own, required = {each.name: kinds[each.name] for each in fields(bundle[1])}, ()
        free = any(p.kind is p.VAR_KEYWORD for p in listed)
        open_ended = hints[inputs[0]] == Mapping[str, Var]
        taken = () if open_ended else inputs
        key = name or function.__name__
        _components[key] = Component(
            key, function, roles, taken, own, required, open_ended, free, bundle, opens
        )
        return function

    return register


def components() -> Mapping[str, Component]:
    """All components by name."""
    _discover()
    return _components


def find(name: str) -> Component:
    """The component of a name. Raises BadManifest with the nearest ones where there is none."""
    known = components()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=2)
    raise BadManifest(
        f"no component is called {name}",
        remedy=f"Is it {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(known))}",
    )


def files(found: Component, parameters: Mapping[str, Any], folder: Path) -> list[Path]:
    """The files that parameters of a component name."""
    return [
        folder / str(parameters[name])
        for name, kind in found.parameters.items()
        if kind == File and name in parameters
    ]


@cache
def _discover() -> None:
    home = importlib.import_module("onnxpipe.components")
    for module in pkgutil.iter_modules(home.__path__, "onnxpipe.components."):
        importlib.import_module(module.name)


def glue(ports: Mapping[str, Port], function: Callable[[Mapping[str, Var]], Outputs]) -> Fragment:
    """The graph of a function of all these ports by name. Raises BadManifest for what is no tensor."""
    arguments = {name: _argument(port) for name, port in ports.items()}
    return _fragment(arguments, function(arguments))


def _argument(port: Port, lists: bool = False) -> Var:
    if port.is_sequence and lists:
        return argument(spox.Sequence(Tensor(numpy_dtype(port.dtype.removeprefix(SEQUENCE)), port.shape)))
    try:
        return argument(Tensor(numpy_dtype(port.dtype), port.shape))
    except TypeError:
        raise BadManifest(
            f"it takes tensors, and {port.name} is a {port.dtype.removesuffix('_type')}",
            remedy="Export that part without it (skl2onnx: options={'zipmap': False}).",
        ) from None


def _fragment(arguments: Mapping[str, Var], outputs: Outputs) -> Fragment:
    """The graph of a component, its inputs in order; one that an output has the name of is ``name_in``."""
    inputs = {f"{name}_in" if name in outputs else name: var for name, var in arguments.items()}
    model = build.stamped(spox.build(inputs, dict(outputs)), Options())
    if isinstance(outputs, Noted):
        for key, text in sorted(outputs.notes.items()):
            model.metadata_props.add(key=PREFIX + key, value=text)
    return pruning.finish(model, ())
