"""``tokenizer.json``, the file of Hugging Face's tokenizers, read as data, and what of it can be had."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onnxpipe.blocks.networks.sequences import Framing
from onnxpipe.components.unicode_forms import FORMS
from onnxpipe.errors import BadManifest

Json = Mapping[str, Any]

_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_KNOWN_SPLITS = (_WORDS % "{1,3}", _WORDS % "")
"""How Llama 3 and Qwen 2 split words: the patterns that the extension knows besides GPT-2's."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a file says: the kind of its model (``WordPiece`` or ``BPE``), the whole file, the texts of its
    special tokens, and how rows are framed."""

    kind: str
    file: Json
    special: tuple[str, ...]
    framing: Framing

    @property
    def form(self) -> str:
        """The normal form of Unicode that texts are brought to before all else, "" for none."""
        return _form(_steps(self.file.get("normalizer")))

    @property
    def normalizer(self) -> Json | None:
        """What is done to texts after that, None for nothing."""
        steps = _steps(self.file.get("normalizer"))[bool(self.form) :]
        return {"type": "Sequence", "normalizers": steps} if steps else None

    @property
    def blank_first(self) -> bool:
        """Whether byte-level BPE puts a blank before a text that doesn't begin with one."""
        step = self.file.get("pre_tokenizer") or {}
        return self.kind == "BPE" and bool((step.get("pretokenizers") or [step])[0].get("add_prefix_space"))

    @property
    def vocabulary(self) -> Mapping[str, int]:
        found: Mapping[str, int] = self.file["model"]["vocab"]
        return found


def read(path: Path, *, lower: bool = True) -> Model:
    """The tokenizer of a file. Raises BadManifest for one that can't be read, or be had exactly, with why.

    ``vocab.txt`` is BERT's, one piece a line; ``lower``: whether its letters are small and bare.
    """
    try:
        text = path.read_text("utf-8")
        file = (
            _of_pieces(text.removesuffix("\n").split("\n"), lower)
            if path.suffix == ".txt"
            else json.loads(text)
        )
        kind = str(file["model"].get("type"))
        if kind not in _CHECKS:
            raise Unavailable(f"its model {kind} is another than WordPiece and byte-level BPE")
        _CHECKS[kind](file)
        return Model(kind, file, _special(file.get("added_tokens") or []), _framing(file))
    except OSError as error:
        raise BadManifest(f"{path} can't be read: {error}") from None
    except Unavailable as error:
        raise BadManifest(
            f"{path} can't be had exactly: {error}",
            remedy="Tokenise before the graph, and feed it the numbers.",
        ) from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadManifest(f"{path} is no tokenizer: {type(error).__name__}: {error}") from None


def _of_pieces(lines: Sequence[str], lower: bool) -> Json:
    """What ``BertWordPieceTokenizer`` makes of pieces. Raises ValueError where a special token lacks."""
    numbers = {line.rstrip(): i for i, line in enumerate(lines)}
    if lacking := [name for name in ("[UNK]", "[SEP]", "[CLS]") if name not in numbers]:
        raise ValueError(f"there is no {lacking[0]}")
    specials = [name for name in ("[UNK]", "[SEP]", "[CLS]", "[PAD]", "[MASK]") if name in numbers]
    bert = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": lower}
    return {
        "normalizer": {"type": "BertNormalizer", **bert},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {
            "type": "WordPiece",
            "vocab": numbers,
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
        },
        "post_processor": {
            "type": "BertProcessing",
            "sep": ["[SEP]", numbers["[SEP]"]],
            "cls": ["[CLS]", numbers["[CLS]"]],
        },
        "padding": {"pad_id": numbers.get("[PAD]", 0)},
        "added_tokens": [{"content": name, "id": numbers[name], "special": True} for name in specials],
    }


class Unavailable(Exception):
    """What a graph can't do as the tokenizer does it; says which part."""


def _word_piece(file: Json) -> None:
    if (file.get("pre_tokenizer") or {}).get("type") != "BertPreTokenizer":
        raise Unavailable("its pre-tokenizer is another than BertPreTokenizer")
    steps = _steps(file.get("normalizer"))
    names = [str(step["type"]) for step in steps[bool(_form(steps)) :]]
    for name in names:
        if name not in ("BertNormalizer", "Lowercase", "StripAccents", "NFD"):
            raise Unavailable(f"its normalizer {name} looks at more than one character")
    if "NFD" in names and "StripAccents" not in names:
        raise Unavailable("its normalizer NFD puts accents in order, and none strips them")


def _form(steps: Sequence[Json]) -> str:
    """The normal form that comes first; NFD before StripAccents needs none: each character by itself does."""
    names = [str(step["type"]) for step in steps]
    bare = names[:1] == ["NFD"] and "StripAccents" in names
    return names[0] if names and names[0] in FORMS and not bare else ""


def _steps(normalizer: Json | None) -> list[Json]:
    """The normalizers in the order they run."""
    if not normalizer:
        return []
    if normalizer["type"] == "Sequence":
        return [step for each in normalizer["normalizers"] for step in _steps(each)]
    return [normalizer]


def _byte_pairs(file: Json) -> None:
    model = file["model"]
    names = [str(step["type"]) for step in _steps(file.get("normalizer"))]
    if names and (len(names) > 1 or names[0] not in FORMS):
        raise Unavailable(f"its normalizer {', '.join(names)}, which the extension leaves out")
    for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback"):
        if model.get(name):
            raise Unavailable(f"its model's {name}")
    parts = file.get("pre_tokenizer") or {}
    steps: Sequence[Json] = parts.get("pretokenizers") or [parts]
    if [step.get("type") for step in steps] not in (["ByteLevel"], ["Split", "ByteLevel"]):
        raise Unavailable("its pre-tokenizer is another than ByteLevel")
    if steps[-1].get("add_prefix_space") and len(steps) > 1:
        raise Unavailable("its add_prefix_space, which puts a blank before every piece that it is given")
    pattern = steps[0].get("pattern", {}).get("Regex") if len(steps) == 2 else None
    own = pattern is None and steps[-1].get("use_regex", True)
    if not own and (pattern not in _KNOWN_SPLITS or steps[-1].get("use_regex", True)):
        raise Unavailable("its pattern of words, which is none that the extension knows")


_CHECKS: Mapping[str, Callable[[Json], None]] = {"WordPiece": _word_piece, "BPE": _byte_pairs}


def _special(added: Sequence[Json]) -> tuple[str, ...]:
    """The texts of added tokens, which are found in a text before anything else is done to it."""
    for each in added:
        if each.get("normalized", not each["special"]) or each.get("single_word"):
            raise Unavailable(
                f"its added token {each['content']}, which isn't found in the text as it stands"
            )
        if each["content"][:1].isalnum():
            raise Unavailable(f"its special token {each['content']}, which begins as a word does")
    return tuple(each["content"] for each in added)


def _framing(file: Json) -> Framing:
    """How rows are cut, framed and padded, as far as the file says."""
    before, after = _around(file.get("post_processor"))
    cut, pad = file.get("truncation") or {}, file.get("padding") or {}
    if pad.get("pad_to_multiple_of") or cut.get("stride"):
        raise Unavailable("its padding to a multiple, or its stride")
    strategy = pad.get("strategy")
    length = cut.get("max_length", 0)
    full = isinstance(strategy, Mapping)
    if isinstance(strategy, Mapping) and length not in (0, strategy["Fixed"]):
        raise Unavailable("its padding to another length than it cuts to")
    if isinstance(strategy, Mapping) and not length:
        raise Unavailable("its padding to a length that it doesn't cut to")
    left, tail = (each.get("direction") == "Left" for each in (pad, cut))
    return Framing(length, full, pad.get("pad_id", 0), before, after, left, tail)


def _around(processor: Json | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers that stand before and after every row."""
    kind = (processor or {"type": None})["type"]
    if processor is None or kind == "ByteLevel":
        return (), ()
    if kind == "Sequence":
        made = [_around(each) for each in processor["processors"]]
        return max((each for each in made if each != ((), ())), default=((), ()))
    if kind in ("BertProcessing", "RobertaProcessing"):
        return (processor["cls"][1],), (processor["sep"][1],)
    if kind != "TemplateProcessing":
        raise Unavailable(f"its post-processor {kind}")
    numbers: list[Any] = []
    for item in processor["single"]:
        ((what, given),) = item.items()
        if given["type_id"]:
            raise Unavailable("its type_id, which isn't 0 throughout")
        numbers += [None] if what == "Sequence" else processor["special_tokens"][given["id"]]["ids"]
    place = numbers.index(None)
    return tuple(numbers[:place]), tuple(numbers[place + 1 :])
