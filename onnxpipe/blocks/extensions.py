"""Operators that onnxruntime-extensions has, typed by hand: they need its library in the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from spox._attributes import AttrInt64, AttrString
from spox._fields import BaseAttributes, BaseInputs, BaseOutputs
from spox._node import Node, OpType
from spox._type_system import Tensor, Type
from spox._var import Var, _VarInfo

from onnxpipe.core.ops import const, op

DOMAIN = "com.microsoft.extensions"


class Pieces(NamedTuple):
    """Tokens one after another, text or numbers ``[T]``, and where each row's begin: int64 ``[N + 1]``."""

    tokens: Var
    splits: Var


class _WordpieceTokenizer(Node):
    @dataclass
    class Attributes(BaseAttributes):
        vocab: AttrString
        suffix_indicator: AttrString
        unknown_token: AttrString
        max_input_chars_per_word: AttrInt64

    @dataclass
    class Inputs(BaseInputs):
        texts: _VarInfo
        rows: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        tokens: _VarInfo
        splits: _VarInfo
        begins: _VarInfo
        ends: _VarInfo

    op_type = OpType("WordpieceTokenizer", DOMAIN, 1)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        places = {name: Tensor(np.int64, (None,)) for name in ("splits", "begins", "ends")}
        return {"tokens": Tensor(np.str_, (None,)), **places}


class _HfJsonTokenizer(Node):
    @dataclass
    class Attributes(BaseAttributes):
        tokenizer_config: AttrString
        tokenizer_vocab: AttrString

    @dataclass
    class Inputs(BaseInputs):
        texts: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        ids: _VarInfo
        mask: _VarInfo

    op_type = OpType("HfJsonTokenizer", DOMAIN, 1)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        return {name: Tensor(np.int64, (None, None)) for name in ("ids", "mask")}


class _SentencepieceTokenizer(Node):
    @dataclass
    class Attributes(BaseAttributes):
        model: AttrString

    @dataclass
    class Inputs(BaseInputs):
        texts: _VarInfo
        nbest_size: _VarInfo
        alpha: _VarInfo
        add_bos: _VarInfo
        add_eos: _VarInfo
        reverse: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        ids: _VarInfo
        splits: _VarInfo

    op_type = OpType("SentencepieceTokenizer", DOMAIN, 1)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        return {"ids": Tensor(np.int32, (None,)), "splits": Tensor(np.int64, (None,))}


class _DecodeImage(Node):
    @dataclass
    class Attributes(BaseAttributes):
        color_space: AttrString

    @dataclass
    class Inputs(BaseInputs):
        data: _VarInfo

    @dataclass
    class Outputs(BaseOutputs):
        pixels: _VarInfo

    op_type = OpType("DecodeImage", DOMAIN, 1)

    def infer_output_types(self, input_prop_values: Any) -> dict[str, Type]:
        return {"pixels": Tensor(np.uint8, (None, None, 3))}


def word_pieces(texts: Var, vocabulary: str, *, prefix: str, unknown: str, longest: int) -> Pieces:
    """The longest pieces of a vocabulary (JSON: piece to number) in the words of ``texts`` ``[N]``, as text.

    Words are parted by blanks; a piece that doesn't begin a word stands in the vocabulary with
    ``prefix``; ``unknown`` stands for a word that has no such pieces or more than ``longest``
    characters.
    """
    attributes = _WordpieceTokenizer.Attributes(
        vocab=AttrString(vocabulary, "vocab"),
        suffix_indicator=AttrString(prefix, "suffix_indicator"),
        unknown_token=AttrString(unknown, "unknown_token"),
        max_input_chars_per_word=AttrInt64(longest, "max_input_chars_per_word"),
    )
    rows = const(np.zeros(0, np.int64))
    inputs = _WordpieceTokenizer.Inputs(texts=texts._var_info, rows=rows._var_info)
    made: Any = _WordpieceTokenizer(attributes, inputs).get_output_vars()
    # A cast tells the type: LabelEncoder's inference in onnx 1.23 takes the process down for an unknown one.
    return Pieces(op.cast(made.tokens, to=np.str_), made.splits)


def byte_pairs(texts: Var, tokenizer: str) -> tuple[Var, Var]:
    """Numbers of ``texts`` ``[N]`` by a byte-level ``tokenizer.json``: int64 ``[N, L]``, and which count."""
    attributes = _HfJsonTokenizer.Attributes(
        tokenizer_config=AttrString('{"tokenizer_class": "GPT2Tokenizer"}', "tokenizer_config"),
        tokenizer_vocab=AttrString(tokenizer, "tokenizer_vocab"),
    )
    made: Any = _HfJsonTokenizer(attributes, _HfJsonTokenizer.Inputs(texts=texts._var_info)).get_output_vars()
    return made.ids, made.mask


def sentence_pieces(texts: Var, model: str) -> Pieces:
    """The numbers (int32) of ``texts`` ``[N]`` by a SentencePiece model, given in base64."""
    given = {"nbest_size": const([0]), "alpha": const([0.0], np.float32)}
    given |= {name: const([False]) for name in ("add_bos", "add_eos", "reverse")}
    inputs = _SentencepieceTokenizer.Inputs(
        texts=texts._var_info, **{name: var._var_info for name, var in given.items()}
    )
    attributes = _SentencepieceTokenizer.Attributes(model=AttrString(model, "model"))
    made: Any = _SentencepieceTokenizer(attributes, inputs).get_output_vars()
    return Pieces(made.ids, made.splits)


def decoded(data: Var) -> Var:
    """uint8 ``[H, W, 3]``, red, green, blue, of the bytes ``[n]`` of a JPEG or PNG file.

    Anything else takes the process down, and a JPEG cut short hangs it: see ``encoded_images``.
    """
    attributes = _DecodeImage.Attributes(color_space=AttrString("rgb", "color_space"))
    made: Any = _DecodeImage(attributes, _DecodeImage.Inputs(data=data._var_info)).get_output_vars()
    result: Var = made.pixels
    return result
