"""Pickled modules: the names that loading them would import, read with nothing run."""

from __future__ import annotations

import pickle

from onnxpipe.adapters import pickles
from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.pickle_machine import Machine
from onnxpipe.adapters.pickle_opcodes import OPCODES
from onnxpipe.adapters.torch import archives
from onnxpipe.core.record import Record
from onnxpipe.errors import Unreadable

_STATE = {"_modules", "_parameters", "_buffers"}
"""What every torch.nn.Module keeps."""


def _outside(machine: Machine) -> None:
    """What a persistent id stands for: a tensor's numbers, in another member of the archive."""
    machine.stack[-1] = Record("torch.storage", "torch.storage")


def _build(machine: Machine) -> None:
    """As any state is set, but for notes that weights keep beside their names."""
    if len(machine.stack) > 1 and isinstance(machine.stack[-2], dict):
        machine.stack.pop()
    else:
        OPCODES[pickle.BUILD[0]](machine)


_OPCODES = list(OPCODES)
_OPCODES[pickle.BUILD[0]] = _build
_OPCODES[pickle.BINPERSID[0]] = _outside


def names_of(data: bytes) -> frozenset[str]:
    """Every dotted name in what torch.save or pickle wrote. Raises Unreadable, or what the readers do."""
    if data.startswith(b"PK"):
        inner = archives.within(data)
        if "constants.pkl" in inner:
            raise Unreadable("TorchScript in it")
        data = inner["data.pkl"]
    machine = Machine(data, _OPCODES)
    machine.run()
    return frozenset(machine.names)


def plain_names(artefact: Artefact) -> frozenset[str]:
    """Every dotted name in a plain pickle. Raises Unreadable."""
    return pickles.read(artefact.read(), where=str(artefact)).globals


def is_module(artefact: Artefact) -> bool:
    """Whether a plain pickle, as of a live object, holds a module."""
    if not pickles.looks_like(artefact.head()):
        return False
    data = artefact.read()
    if not all(name.encode() in data for name in _STATE):
        return False
    try:
        root = pickles.read(data).value
    except Exception:  # what can't be read is no module; others may tell why
        return False
    return isinstance(root, Record) and root.fields.keys() >= _STATE
