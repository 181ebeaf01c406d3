"""What TorchScript may do besides computing: its code is text, and files are all that it can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onnxpipe.adapters.torch.archives import Members

_FILES = re.compile(rb"\b(?:torch|aten|ops\.aten)\.(from_file|save)\b")
"""Operators that write to files or map them (torch 2.13)."""


def names(members: Members) -> Iterator[str]:
    """The names of operators that reach files. Raises Unreadable for a bomb."""
    for name in members:
        if name.startswith("code/") and name.endswith(".py"):
            yield from (f"torch.{found.decode()}" for found in _FILES.findall(members[name]))
