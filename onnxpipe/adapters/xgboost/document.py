"""What XGBoost saves: a document in JSON or UBJSON, read as data.

Format: doc/model.schema and src/learner.cc of XGBoost, 1.0 to 3.4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from onnxpipe.adapters import ubjson
from onnxpipe.errors import Unreadable

HEAD = 256
"""Bytes that tell what a file is."""

_LEARNER = re.compile(rb'\s*\{\s*"(learner|version|Config|Model)"\s*:')
_LEARNER_BINARY = re.compile(rb"\{(i|U|I\x00|l\x00{3}|L\x00{7}).(learner|version|Config|Model)[\[{]", re.S)
# The parameters as 136 bytes, then the objective's name behind its length: LearnerModelParamLegacy.
_OLD = re.compile(rb"(binf)?.{136}[\x05-\x30]\x00{7}[a-z]+:[a-z_]+", re.S)
_RESAVE = (
    "Save it again with a version of XGBoost up to 3.0, which still reads it: "
    "python -c \"import xgboost; xgboost.Booster(model_file='MODEL').save_model('MODEL.ubj')\""
)


def looks_like(head: bytes) -> bool:
    """Whether a file's first bytes are those of a saved booster, in any of its formats."""
    return bool(_LEARNER.match(head) or _LEARNER_BINARY.match(head)) or is_old(head)


def is_old(head: bytes) -> bool:
    """Whether they are those of the binary format that XGBoost 3.1 no longer reads."""
    return bool(head.startswith((b"binf", b"bs64\t", b"CONFIG-offset:")) or _OLD.match(head))


def learner(data: bytes) -> dict[str, Any]:
    """The fields of the learner that a saved or pickled booster holds, with its ``version``.

    Raises Unreadable for the old format, and any error of the parsers for what isn't a document.
    """
    if is_old(data[:HEAD]):
        raise Unreadable("it is in XGBoost's old binary format", remedy=_RESAVE)
    binary = _LEARNER_BINARY.match(data[:HEAD]) is not None
    document = ubjson.loads(data) if binary else json.loads(data)
    model = document.get("Model", document)
    found = model["learner"]
    if not isinstance(found, Mapping):
        raise Unreadable("its learner isn't an object")
    for name in ("learner_model_param", "gradient_booster", "objective"):
        if not isinstance(found.get(name), Mapping):
            raise Unreadable(f"its learner has no {name}")
    version = [int(part) for part in model.get("version", ())]
    return {**found, "version": ".".join(map(str, version))}
