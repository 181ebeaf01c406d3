"""SentencePiece's ``.model`` files: what kind they are, and the numbers of their control pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onnxpipe.errors import BadManifest

# Field numbers of sentencepiece_model.proto.
_PIECES, _TRAINER = 1, 2
_MODEL_TYPE, _BOS, _EOS, _PAD = 3, 41, 42, 43
_UNIGRAM, _BPE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Pieces:
    """A model's bytes, whether it is a unigram model, and its control pieces' numbers, -1 for none."""

    data: bytes
    unigram: bool
    bos: int
    eos: int
    pad: int


def pieces_of(path: Path) -> Pieces:
    """The model of a file. Raises BadManifest where it can't be read, or is of words or characters."""
    try:
        data = path.read_bytes()
        parts = list(_fields(data))
        trainer = dict(_fields(next(value for number, value in parts if number == _TRAINER)))  # type: ignore[arg-type]
        kind, bos, eos, pad = (
            trainer.get(number, default)
            for number, default in ((_MODEL_TYPE, 1), (_BOS, 1), (_EOS, 2), (_PAD, -1))
        )
        if not any(number == _PIECES for number, _ in parts):
            raise ValueError("no pieces")
    except OSError as error:
        raise BadManifest(f"{path} can't be read: {error}") from None
    except (ValueError, IndexError, StopIteration, TypeError) as error:
        raise BadManifest(
            f"{path} is no model of SentencePiece: {error or 'it says nothing of its training'}"
        ) from None
    if kind not in (_UNIGRAM, _BPE):
        raise BadManifest(f"{path} is a model of words or characters, not of pieces")
    return Pieces(data, kind == _UNIGRAM, *map(_signed, (bos, eos, pad)))


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message in order. Raises ValueError or IndexError for what is none."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(data):
            raise ValueError("it is cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i in range(10):
        value |= (data[at + i] & 0x7F) << 7 * i
        if data[at + i] < 0x80:
            return value, at + i + 1
    raise ValueError("a number without end")


def _signed(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise TypeError("a number that is none")
    return value - 2**64 if value >= 2**63 else value
