"""YAML as plain data that knows its line numbers. Aliases are refused, so it can't unfold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from onnxpipe.errors import BadManifest

Path = tuple[str | int, ...]
"""Where a value stands: keys and positions from the top."""

_LARGEST = 1_000_000
"""Bytes of a manifest at most: one is written by hand."""
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a YAML file, and the line each value (or the key that names it) stands on."""

    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(path: os.PathLike[str]) -> Document:
    """The document in a file, of which no more is read than a manifest may have. Raises as ``parse``."""
    with open(path, "rb") as file:  # noqa: PTH123
        return parse(file.read(_LARGEST + 1), where=os.fspath(path))


def parse(text: bytes, *, where: str = "") -> Document:
    """The document in these bytes: maps, lists, text, numbers, booleans and nulls.

    Raises BadManifest with the line for what isn't YAML, for aliases, tags and keys given twice.
    """
    if len(text) > _LARGEST:
        raise BadManifest(f"it is larger than {_LARGEST} bytes, which no manifest is", where=where)
    lines: dict[Path, int] = {}
    try:
        loader = yaml.SafeLoader(text.decode("utf-8-sig"))
        _refuse_aliases(text.decode("utf-8-sig"), where)
        node = loader.get_single_node()
        data = None if node is None else _value(loader, node, (), lines, where)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{where}:{mark.line + 1}" if mark else where
        raise BadManifest(f"it isn't YAML: {error.problem or error.context}", where=at) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise BadManifest(f"it isn't YAML: {error}", where=where) from None
    return Document(data, lines)


def _refuse_aliases(text: str, where: str) -> None:
    """Aliases can make a small file unfold to gigabytes; nesting without end breaks readers."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = f"{where}:{event.start_mark.line + 1}" if event.start_mark else where
        if isinstance(event, yaml.AliasEvent):
            raise BadManifest(f"the alias *{event.anchor} isn't allowed", where=line, remedy="Write it out.")
        if depth > _DEEPEST:
            raise BadManifest(f"it is nested more than {_DEEPEST} levels deep", where=line)


def _value(loader: Any, node: Any, path: Path, lines: dict[Path, int], where: str) -> Any:
    """The plain value of a node, its line and those of all below noted in ``lines``."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, i), lines, where) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    made: dict[str, Any] = {}
    for key_node, item in node.value:
        line = key_node.start_mark.line + 1
        key = str(loader.construct_object(key_node))
        if key in made:
            raise BadManifest(f"{key} is given twice", where=f"{where}:{line}")
        lines[(*path, key)] = line
        made[key] = _value(loader, item, (*path, key), lines, where)
    return made
