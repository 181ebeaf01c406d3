"""What loading an exported program would run: pickles in it, operators by name, sizes and guards as code.

torch.export.load (2.13) unpickles with ``weights_only=False``, gives sizes to ``sympify``, which evaluates
them, and writes guards and names of arguments into source that it executes. All of it is read here first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from onnxpipe.adapters.torch.archives import Members
from onnxpipe.adapters.torch.pickled import names_of
from onnxpipe.errors import Unreadable

_CONFIGS = re.compile(r"data/(weights|constants)/\w+_config\.json")
_OTHER = re.compile(
    r"(version|byteorder|archive_\w+|\.data/\w+|extra(_files)?/.*|\.format_version|\.storage_alignment)"
)
_OPERATOR = re.compile(
    r"torch\.ops\.[a-z]\w*\.(?!_*(from_file|save)\b)([a-z]\w*|_[a-z]\w*|__[a-z]+__(?=\.(Tensor|Scalar)$))(\.[a-z]\w*)?"
    r"|torch\.(_sym_sqrt|sym_\w+)|math\.[a-z]\w*"
    r"|_operator\.(add|sub|mul|truediv|floordiv|mod|pow|neg|pos|abs|and_|or_|xor|not_|lt|le|eq|ne|ge|gt|getitem|index"
    r"|lshift|rshift|invert)",
    re.IGNORECASE,
)
"""What a node may call: an operator's overload, or arithmetic on sizes."""
_SYMBOL = re.compile(r"Symbol\('\w+'")
_INPUT = re.compile(
    r"L(\['[^'\"\\\n(){}]+'\]|\[\d+\]|\.(?!_)\w+\b(?!\s*\())+|\.(size|stride|storage_offset|numel|dim)\(\)|\[\d+\]"
    r"|\b(math\.[a-z]\w*|torch\.sym_\w+)(?=\()"
)
"""In a guard: an input or a part of it, what is asked of it, and what is done with numbers."""
_CALLS = r"(?:[A-Z]\w*|x|or|and|not|in|max|min|abs|int|float|bool|round|floor|ceiling|log|exp|sqrt)"
_EXPRESSION = re.compile(
    rf"(?!.*(__|\.\s*[A-Za-z_]|\b(?!{_CALLS}\s*\()[A-Za-z_]\w*\s*\())[\w\s+\-*/%(),<>=&|~!.]*"
)
"""Arithmetic without attributes and texts, in which no function is called but numeric ones."""
_LONGEST = 10_000
_CODE = re.compile(r"[()=\[\]{}'\"\\\r\n;@`]")
_FREE = {"metadata", "as_string", "as_strings", "doc_string", "stack_trace"}
"""Whose texts are only shown, or written into source by ``repr``."""


def names(members: Members) -> Iterator[str]:
    """Every dotted name that loading would import or call, but for plain operators. Raises Unreadable."""
    plain = {name for name in members if _CONFIGS.fullmatch(name) or _OTHER.fullmatch(name)}
    programs = {
        name for name in members if re.fullmatch(r"models/.*|serialized_exported_program\.json", name)
    }
    raw = set(_raw(members, [name for name in plain if _CONFIGS.fullmatch(name)]))
    for name in members:
        if name.startswith("data/aotinductor/"):
            yield "torch._C._aoti.AOTIModelPackageLoader"
        elif name in programs:
            yield from _called(json.loads(members[name]))
        elif name not in plain | raw:
            yield from names_of(members[name])


def _raw(members: Members, configs: Iterable[str]) -> Iterator[str]:
    """The members that hold plain numbers, whatever any configuration says of them."""
    entries = [
        (config.rpartition("/")[0], entry)
        for config in configs
        for entry in json.loads(members[config])["config"].values()
    ]
    pickled = {f"{home}/{entry['path_name']}" for home, entry in entries if entry["use_pickle"]}
    for home, entry in entries:
        name = str(entry["path_name"])
        if not re.fullmatch(r"\w+", name):
            raise Unreadable(f"it keeps a tensor in {name!r:.60}")
        if not name.startswith(("custom_obj_", "opaque_obj_")) and f"{home}/{name}" not in pickled:
            yield f"{home}/{name}"


def _called(held: Any, key: str = "") -> Iterator[str]:
    """The names that a program, or a part of it under a key, calls. Raises Unreadable for code in it."""
    if isinstance(held, dict):
        if {"default_factory_module", "default_factory_name"} <= held.keys():
            yield f"{held['default_factory_module']}.{held['default_factory_name']}"
        if "__enum__" in held:
            yield str(held.get("fqn", "")).replace(":", ".")
        for name, value in held.items():
            _refuse_code(name)
            if name not in _FREE:
                yield from _called(value, name)
    elif isinstance(held, list):
        for value in held:
            yield from _called(value, key)
    elif isinstance(held, str):
        yield from _text(held, key)


def _text(text: str, key: str) -> Iterator[str]:
    if key == "target":
        if not _OPERATOR.fullmatch(text):
            yield text
    elif key == "expr_str":
        _refuse_calls("size", _SYMBOL.sub("Symbol(x", text))
    elif key == "guards_code":
        _refuse_calls("guard", _INPUT.sub(" x ", text))
    elif key in ("in_spec", "out_spec", "context") and text[:1] in ("[", "{"):
        yield from _called(json.loads(text), key)
    else:
        _refuse_code(text)


def _refuse_calls(what: str, text: str) -> None:
    """Raise Unreadable for what isn't plain arithmetic: torch evaluates it."""
    if len(text) > _LONGEST or not _EXPRESSION.fullmatch(text):
        raise Unreadable(f"a {what} in it is code: {text!r:.60}")


def _refuse_code(text: str) -> None:
    """Raise Unreadable for what a name can't be: it may come to stand in source that torch executes."""
    if _CODE.search(text):
        raise Unreadable(f"a name in it is code: {text!r:.60}")
