"""Which output column each category of a OneHotEncoder has: grouped if infrequent, none if dropped.

Formulas: sklearn/preprocessing/_encoders.py, 1.1 to 1.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import categories
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks.categorical import Codes, Coding
from onnxpipe.core.plan import Stage

Array = NDArray[Any]

_NONE = -1
"""The slot of a category without output column."""


@dataclass(frozen=True, slots=True)
class Slots:
    """One feature's categories ``[c]``, the output column of each and of unknown ones, and how many
    output columns there are: also one for a category that no value is equal to.
    """

    known: Array
    slot: Codes
    unknown: int
    width: int

    @property
    def is_plain(self) -> bool:
        """Whether every output column is one category's, in order."""
        return np.array_equal(self.slot[self.slot != _NONE], np.arange(self.width)) and self.unknown == _NONE

    @property
    def categories(self) -> Array:
        """The category of each output column, of a plain feature."""
        return np.asarray(self.known[self.slot != _NONE])

    def coding(self, dropped: int) -> Coding:
        """Code 0 is the unknown's, 1 + slot a category's, ``dropped`` one's without column."""
        codes = np.where(self.slot == _NONE, dropped, self.slot + 1)
        apart = self.slot != self.unknown if self.unknown != _NONE else np.ones(len(codes), bool)
        return Coding(self.known[apart], codes[apart])

    @property
    def wanted(self) -> Codes:
        """The code that each output column shows."""
        slots = np.arange(self.width)
        return np.where(slots == self.unknown, 0, slots + 1)


def slots(stage: Stage) -> list[Slots]:
    """The slots of every feature of a fitted OneHotEncoder."""
    grouped = bool(stage.get("_infrequent_enabled", False))
    dropped = stage.get("_drop_idx_after_grouping", stage.get("drop_idx_"))
    found = []
    for i, values in enumerate(stage.categories_):
        mapping = stage._default_to_infrequent_mappings[i] if grouped else None
        slot = np.arange(len(values)) if mapping is None else np.asarray(mapping, np.int64)
        drop = None if dropped is None else dropped[i]
        if drop is not None:
            slot = np.where(slot == drop, _NONE, slot - (slot > drop))
        unknown = _NONE
        if mapping is not None and _groups_unknown(stage):
            unknown = int(slot[stage._infrequent_indices[i][0]])
        met, width = categories.met(stage, values), int(max(slot.max(initial=_NONE), unknown)) + 1
        found.append(Slots(categories.keys(stage, values)[met], slot[met], unknown, width))
    return found


def _groups_unknown(stage: Stage) -> bool:
    """Whether what is unknown counts as infrequent; before 1.8 "warn" didn't mean it, whatever it said."""
    how = stage.handle_unknown
    return bool(how == "infrequent_if_exist" or (how == "warn" and saved_since(stage, 1, 8)))
