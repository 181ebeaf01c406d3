"""Defaults of the command line from ``[tool.onnxpipe]`` in pyproject.toml.

Keys are the long options without their hyphens in front; ``[tool.onnxpipe]`` is for every
command that has such an option, ``[tool.onnxpipe.convert]`` for one command. Paths are relative to
the file's folder, wherever the command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from onnxpipe.errors import Unreadable

Table = Mapping[str, Any]

OWN = "ONNXPIPE_TRUST_PROJECT"
"""The environment variable that lets a project file say what may be run."""
_TRUSTING = frozenset({"trust", "python"})


def defaults(group: click.Group, context: click.Context) -> dict[str, dict[str, Any]]:
    """Option values by command name and parameter name, empty where nothing is configured.

    Raises Unreadable for a file that isn't TOML, a key that no command has and a value of a wrong type.
    """
    path = find(Path.cwd())
    if path is None:
        return {}
    section = _section(path)
    if not section:
        return {}
    commands = {name: _options(group, context, name) for name in group.list_commands(context)}
    _refuse_unknown(section, commands, path)
    return {name: _values(section, name, known, path) for name, known in commands.items()}


def find(start: Path) -> Path | None:
    """The nearest pyproject.toml at or above a folder that speaks of onnxpipe, None without one."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return path if b"tool.onnxpipe" in path.read_bytes() else None
    return None


def _section(path: Path) -> Table:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"not TOML: {error}", where=str(path)) from None
    section = document.get("tool", {}).get("onnxpipe", {})
    return section if isinstance(section, dict) else {}


def _options(group: click.Group, context: click.Context, name: str) -> dict[str, click.Option]:
    """The options of a command by the key that sets them."""
    command = group.get_command(context, name)
    options = [p for p in (command.params if command else ()) if isinstance(p, click.Option)]
    return {flag.lstrip("-"): p for p in options for flag in p.opts if flag.startswith("--")}


def _refuse_unknown(section: Table, commands: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    known = {key for options in commands.values() for key in options}
    unknown = [
        key for key, value in section.items() if key not in known and not _is_command(key, value, commands)
    ]
    for name in commands.keys() & section.keys():
        if isinstance(section[name], dict):
            unknown += [f"{name}.{key}" for key in section[name] if key not in commands[name]]
    if unknown:
        raise Unreadable(
            f"[tool.onnxpipe] has no setting {', '.join(sorted(unknown))}",
            where=str(path),
            remedy="Settings are the long options of the commands: see onnxpipe COMMAND --help.",
        )


def _is_command(key: str, value: Any, commands: Mapping[str, Any]) -> bool:
    return key in commands and isinstance(value, dict)


def _values(section: Table, name: str, known: Mapping[str, click.Option], path: Path) -> dict[str, Any]:
    own = section.get(name)
    merged = {**section, **(own if isinstance(own, dict) else {})}
    found = {key: option for key, option in known.items() if key in merged}
    _refuse_trusting(found, path)
    return {option.name or "": _value(option, key, merged[key], path) for key, option in found.items()}


def _refuse_trusting(keys: Iterable[str], path: Path) -> None:
    """Raise Unreadable where a project file, which may have come with a model, says what may be run."""
    trusting = _TRUSTING.intersection(keys)
    if trusting and not os.environ.get(OWN):
        raise Unreadable(
            f"[tool.onnxpipe] says what may be run: {', '.join(sorted(trusting))}", where=str(path),
            remedy=f"Say it on the command line, or set {OWN}=1 where the project is your own.",
        )  # fmt: skip


def _value(option: click.Option, key: str, value: Any, path: Path) -> Any:
    """A setting as the command line would have it. Raises Unreadable for one of a wrong type."""
    given = value if isinstance(value, list) else [value]
    wanted, kind = _kind(option)
    several = option.multiple or "[," in (option.metavar or "")
    if (isinstance(value, list) and not several) or any(type(each) not in kind for each in given):
        raise Unreadable(f"[tool.onnxpipe] {key} must be {wanted}, not {value!r}", where=str(path))
    if _is_path(option):
        given = [each if each == "-" else str(path.parent / each) for each in given]
    if option.multiple:
        return given
    return ",".join(given) if isinstance(value, list) else given[0]


def _kind(option: click.Option) -> tuple[str, tuple[type, ...]]:
    """What an option's value is in TOML: in words, and as Python types."""
    if option.is_flag:
        return "true or false", (bool,)
    if isinstance(option.type, click.types.FloatParamType):
        return "a number", (float, int)
    if isinstance(option.type, click.types.IntParamType):
        return "a whole number", (int,)
    return "a text", (str,)


def _is_path(option: click.Option) -> bool:
    """Whether values are files beside the project file (a bare program name is looked for elsewhere)."""
    return isinstance(option.type, click.Path)
