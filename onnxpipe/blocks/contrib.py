"""Operators that only onnxruntime has (com.microsoft), typed by hand: spox ships none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from spox._attributes import AttrInt64, AttrString, AttrStrings
from spox._fields import BaseAttributes, BaseInputs, BaseOutputs
from spox._node import Node, OpType
from spox._type_system import Tensor, Type
from spox._var import Var, _VarInfo

DOMAIN = "com.microsoft"


class _Tokenizer(Node):
    @dataclass
    class Attributes(BaseAttributes):
        mark: AttrInt64
        mincharnum: AttrInt64
        pad_value: AttrString
        separators: AttrStrings | None
        tokenexp: AttrString | None

    @dataclass
    class Inputs(BaseInputs):
        X: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        Y: _VarInfo

    op_type = OpType("Tokenizer", DOMAIN, 1)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        shape = self.inputs.get_var_infos()["X"].unwrap_tensor().shape or (None,)
        return {"Y": Tensor(np.str_, (*shape, None))}


class _MurmurHash3(Node):
    @dataclass
    class Attributes(BaseAttributes):
        positive: AttrInt64
        seed: AttrInt64

    @dataclass
    class Inputs(BaseInputs):
        X: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        Y: _VarInfo

    op_type = OpType("MurmurHash3", DOMAIN, 1)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        return {"Y": Tensor(np.int32, self.inputs.get_var_infos()["X"].unwrap_tensor().shape)}


def code_points(text: Var) -> Var:
    """The characters of ``text`` ``[N]``, ``[N, L]``, padded on the right with the empty text.

    No rows give rank 1: see ``text.padded`` for what to do about it.
    """
    return _tokenised(text, separators=AttrStrings(("",), "separators"), tokenexp=None)


def matches(text: Var, pattern: str) -> Var:
    """The leftmost-longest matches of an RE2 pattern in ``text`` ``[N]``, ``[N, T]``, padded likewise."""
    return _tokenised(text, separators=None, tokenexp=AttrString(pattern, "tokenexp"))


def _tokenised(text: Var, *, separators: AttrStrings | None, tokenexp: AttrString | None) -> Var:
    attributes = _Tokenizer.Attributes(
        mark=AttrInt64(0, "mark"),
        mincharnum=AttrInt64(1, "mincharnum"),
        pad_value=AttrString("", "pad_value"),
        separators=separators,
        tokenexp=tokenexp,
    )
    node = _Tokenizer(attributes, _Tokenizer.Inputs(X=text._var_info))
    result: Var = node.get_output_vars().Y  # type: ignore[assignment]
    return result


def murmur_hash(text: Var, seed: int = 0) -> Var:
    """MurmurHash3 (x86, 32 bits) of the UTF-8 bytes: int32, the shape of ``text``."""
    attributes = _MurmurHash3.Attributes(positive=AttrInt64(0, "positive"), seed=AttrInt64(seed, "seed"))
    node = _MurmurHash3(attributes, _MurmurHash3.Inputs(X=text._var_info))
    result: Var = node.get_output_vars().Y  # type: ignore[assignment]
    return result
