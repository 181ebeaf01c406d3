"""Networks loaded from what torch and its users save."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pickle
import sys
import zipfile
from typing import Any, Dict, Mapping, Sequence, Set

keras = sys.modules["_onnxpipe_main"].sibling("keras_factories")


def members(path: str) -> Set[str]:
    """The names in a file's archive, below its one folder; none where it is no archive."""
    with open(path, "rb") as file:
        if file.read(2) != b"PK":  # an archive behind something else isn't what was asked about trust
            return set()
    if not zipfile.is_zipfile(path):
        return set()
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2] or name for name in archive.namelist()}


def is_exported(path: str) -> bool:
    """Whether a file is an exported program."""
    return bool(members(path) & {"models/model.json", "serialized_exported_program.json"})


def is_script(path: str) -> bool:
    """Whether a file is TorchScript."""
    return "constants.pkl" in members(path)


def unpickled(path: str) -> Any:
    """The module in a file of torch.save, or in a plain pickle. Raises ValueError for weights alone."""
    import torch

    if members(path):
        found = torch.load(path, weights_only=False, map_location="cpu")
    else:
        with open(path, "rb") as file:
            found = pickle.load(file)
    if not isinstance(found, torch.nn.Module):
        raise ValueError(
            "it holds weights and no network: name what makes the network as well, module:function@%s"
            % os.path.basename(path)
        )
    return found


def made(factory: str, path: str, names: Sequence[str] = ()) -> Any:
    """The network that a factory makes, torch's or Keras's, with the weights in a file, if there are any; or
    the Keras model of that name.

    ``names`` were judged: those of what stands beside the weights. A factory that takes an argument gets
    the checkpoint's hyperparameters, or ``config.json`` beside the weights. Raises ValueError for weights
    of the other's.
    """
    module, _, name = factory.partition(":")
    keras.prepare("%s.%s" % (module, name))
    call = getattr(importlib.import_module(module), name)
    keras.seed()
    known, is_keras = [each for each in names if each != "%s.%s" % (module, name)], keras.wrote(path)
    held = checkpoint(path, known) if os.path.getsize(path) and not is_keras else {}
    asks = [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]
    network = call if keras.is_model(call) else call(settings(held, path)) if asks else call()
    if keras.is_model(network) and not held:
        return keras.weighed(network, path)
    if keras.is_model(network) or is_keras:
        raise ValueError("the weights are Keras's, and the network is torch's, or the other way round")
    state = held.get("state_dict", held)
    if state:
        network.load_state_dict(matching(state, set(network.state_dict())))
    return network


def checkpoint(path: str, names: Sequence[str]) -> Dict[str, Any]:
    """What a file of weights holds; of what is in it nothing is run but these names."""
    import torch

    with open(path, "rb") as file:
        pickled = file.read(1) == b"\x80"
    if pickled or members(path):
        with torch.serialization.safe_globals(list(filter(None, map(resolved, names)))):
            return dict(torch.load(path, weights_only=True, map_location="cpu"))
    from safetensors.torch import load_file

    return dict(load_file(path))


def resolved(name: str) -> Any:
    """What a dotted name stands for, None for what isn't there."""
    module, _, last = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError, ValueError):
        return None


def settings(held: Mapping[str, Any], path: str) -> Any:
    """The settings that a network was made with. Raises ValueError where there are none."""
    if "hyper_parameters" in held:
        return held["hyper_parameters"]
    beside = os.path.join(os.path.dirname(path), "config.json")
    if not os.path.isfile(beside):
        raise ValueError("the factory takes an argument, but there is no config.json beside the weights")
    with open(beside, encoding="utf-8") as file:
        return json.load(file)


def matching(state: Mapping[str, Any], wanted: Set[str]) -> Dict[str, Any]:
    """The weights under the network's own names: without what a trainer put before all of them."""
    first = next(iter(state), "")
    prefixes = [first[: i + 1] for i, letter in enumerate(first) if letter == "."]
    for prefix in prefixes if set(state) != wanted else []:
        cut = {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
        if set(cut) == wanted:
            return cut
    return dict(state)
