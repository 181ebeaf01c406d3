"""An artefact's objects as data: what was saved, never what it would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Record:
    """One saved object: the public name of its class, constructor arguments and state.

    ``kind`` is the dotted name cut at the first private module segment
    (``sklearn.preprocessing._data.StandardScaler`` is ``sklearn.preprocessing.StandardScaler``);
    ``origin`` keeps the name as it was saved. Records are filled while a file is read (objects
    may refer to each other in cycles) and not changed afterwards.
    """

    kind: str
    origin: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    state: Any = None
    items: list[Any] = field(default_factory=list)
    """What was appended to or set on the object: elements, or (key, value) pairs."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The instance attributes, empty where the state is no dictionary."""
        return self.state if isinstance(self.state, dict) else {}

    def get(self, name: str, default: Any = None) -> Any:
        """One instance attribute."""
        return self.fields.get(name, default)

    def __repr__(self) -> str:
        return f"<Record {self.kind}>"


def public_name(module: str, name: str) -> str:
    """The public dotted name: the module path cut at its first private segment."""
    parts = module.split(".")
    private = (i for i, part in enumerate(parts) if part.startswith("_") and i > 0)
    return ".".join([*parts[: next(private, len(parts))], name])


def walk(root: Any) -> Iterator[Record]:
    """Every record reachable from a value, each once, depth first."""
    seen: set[int] = set()
    todo: list[Any] = [root]
    while todo:
        value = todo.pop()
        if id(value) in seen or not isinstance(value, _HOLDERS):
            continue
        seen.add(id(value))
        if isinstance(value, Record):
            yield value
            todo += [value.items, value.state, value.kwargs, value.args]
        else:
            inner = [*value.values(), *value.keys()] if isinstance(value, dict) else value
            todo += [part for part in inner if isinstance(part, _HOLDERS)]


_HOLDERS = (Record, dict, list, tuple, set, frozenset)
