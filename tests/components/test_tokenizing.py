"""Tokenizers in the graph answer as ``tokenizers`` and ``sentencepiece`` do, on hard Unicode too."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import (
    AddedToken,
    BertWordPieceTokenizer,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

import onnxpipe
from onnxpipe.errors import BadManifest
from tests.graphs import run

ROOT = Path(__file__).parents[2]
HARD = [
    "Hello world",
    "İstanbul ISTANBUL ıi",
    "cafe\u0301 caf\xe9",
    "ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ",
    "日本語テキスト",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "",
    "   ",
    "a\tb\nc\r\nd",
    "\xa0nbsp\u2003em",
    "don't stop-it!",
    "x" * 150,
    "ﬁ ligature Ⅷ",
    "\u200bzero\u200cwidth\ufeff",
    "नमस्ते",
    "مرحبا بالعالم",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "ẞ ß ŉ",
    "$100.50 €5 ~^`",
    "\ud7ff\ue000 \ufffd",
    "กรุงเทพ",
    "e\u0301\u0323",
    "12345 6789",
    "hello  world  ",
    " lead",
    "한국어 각",
    "\u1100\u1161\u11a8",
    "Ǆ ǅ ǆ",
    ";;ΩΩ",
    "a<",
    "[",
    "\u302e\u1100",
]
CORPUS = HARD + ["the quick brown fox jumps over the lazy dog", "lower lowest newer newest wider"] * 5
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def drawn(count: int, seed: int) -> list[str]:
    """Texts of characters from the corpus and from anywhere in Unicode but NUL."""
    rng, known = random.Random(seed), "".join(CORPUS) + "'s 12\n\n  "

    def character() -> str:
        anywhere = [rng.randrange(1, 0x250), rng.randrange(1, 0xD800), rng.randrange(0xE000, 0x110000)]
        return chr(rng.choice(anywhere)) if rng.random() < 0.3 else rng.choice(known)

    return ["".join(character() for _ in range(rng.randint(1, 20))) for _ in range(count)]


TEXTS = HARD + drawn(300, 0)


def word_piece(normalizer: Any = None) -> Any:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIAL))
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


def byte_pairs(pre: Any = None, normalizer: Any = None) -> Any:
    made = Tokenizer(models.BPE())
    made.normalizer = normalizer
    made.pre_tokenizer = pre or pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = ["<unk>", "<s>", "</s>", "<pad>"]
    made.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, special_tokens=specials)
    )
    return made


def with_tool_calls(made: Any) -> Any:
    """With a token that is added and not special, as Qwen's."""
    made.add_tokens([AddedToken("<tool_call>", normalized=False)])
    return made


def split_as(pattern: str) -> Any:
    from tokenizers import Regex

    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MADE: Mapping[str, Callable[[], Any]] = {
    "uncased": lambda: word_piece(normalizers.BertNormalizer(lowercase=True)),
    "cased": lambda: word_piece(normalizers.BertNormalizer(lowercase=False)),
    "accented": lambda: word_piece(normalizers.BertNormalizer(strip_accents=False)),
    "sequence": lambda: word_piece(
        normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
    ),
    "composed": lambda: word_piece(normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])),
    "decomposed": lambda: word_piece(normalizers.NFD()),
    "stripped": lambda: word_piece(
        normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.BertNormalizer()])
    ),
    "gpt2": byte_pairs,
    "prefixed": lambda: byte_pairs(pre_tokenizers.ByteLevel(add_prefix_space=True), normalizers.NFKC()),
    "llama3": lambda: byte_pairs(split_as(LLAMA3)),
    "qwen2": lambda: with_tool_calls(byte_pairs(split_as(LLAMA3.replace("{1,3}", "")), normalizers.NFC())),
}


def saved(tokenizer: Any, folder: Path) -> str:
    tokenizer.save(str(folder / "tokenizer.json"))
    return str(folder / "tokenizer.json")


def graph(file: str, **given: Any) -> Any:
    settings = "".join(f",{name}={value}" for name, value in given.items())
    return onnxpipe.stitch([f"tokenize:file={file}{settings}"])


def rows(answers: Mapping[str, Any]) -> list[list[int]]:
    pairs = zip(answers["input_ids"], answers["attention_mask"], strict=True)
    return [ids[mask == 1].tolist() for ids, mask in pairs]


@pytest.mark.parametrize("name", MADE)
def test_answers_as_tokenizers(name: str, tmp_path: Path) -> None:
    native = MADE[name]()
    model = graph(saved(native, tmp_path))
    got = rows(run(model, {"text": np.array(TEXTS, object)}))
    for text, ours in zip(TEXTS, got, strict=True):
        assert ours == native.encode(text).ids, ascii(text)
    for few in ([], [""], ["", " "], ["hello world"]):
        again = rows(run(model, {"text": np.array(few, object)}))
        assert again == [native.encode(text).ids for text in few]


FRAMES: Mapping[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "length": ({"length": 8, "padding": "length"}, {"max_length": 8}, {"length": 8}),
    "longest": ({"length": 8}, {"max_length": 8}, {}),
    "left": (
        {"length": 8, "padding": "length", "side": "left", "keep": "end"},
        {"max_length": 8, "direction": "left"},
        {"length": 8, "direction": "left"},
    ),
    "only padded": ({}, {}, {}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_cut_and_padded(name: str, tmp_path: Path) -> None:
    given, cut, pad = FRAMES[name]
    native = MADE["cased"]()
    model = graph(saved(native, tmp_path), **given)
    if cut:
        native.enable_truncation(**cut)
    native.enable_padding(**pad)
    expected = native.encode_batch(HARD)
    for stored in (model, graph(saved(native, tmp_path))):
        got = run(stored, {"text": np.array(HARD, object)})
        np.testing.assert_array_equal(got["input_ids"], [each.ids for each in expected])
        np.testing.assert_array_equal(got["attention_mask"], [each.attention_mask for each in expected])
        np.testing.assert_array_equal(got["token_type_ids"], [each.type_ids for each in expected])
        assert run(stored, {"text": np.array([], object)})["input_ids"].shape[0] == 0


def test_special_tokens_in_texts(tmp_path: Path) -> None:
    native = with_tool_calls(MADE["uncased"]())
    texts = ["a [MASK] b", "[MASK][SEP]x", "[mask]", "[[MASK]]", "a<tool_call>É <TOOL_CALL>"]
    got = rows(run(graph(saved(native, tmp_path)), {"text": np.array(texts, object)}))
    assert got == [native.encode(text).ids for text in texts]
    bare = rows(run(graph(saved(native, tmp_path), special="no"), {"text": np.array(texts, object)}))
    assert bare == [native.encode(text, add_special_tokens=False).ids for text in texts]


@pytest.mark.parametrize("lower", [True, False])
def test_a_vocabulary_of_bert(lower: bool, tmp_path: Path) -> None:
    numbers = MADE["cased"]().get_vocab()
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(sorted(numbers, key=numbers.__getitem__)) + "\n", encoding="utf-8")
    native = BertWordPieceTokenizer(str(file), lowercase=lower)
    texts = [*HARD, "a [MASK] b"]
    got = rows(run(graph(str(file), lower="yes" if lower else "no"), {"text": np.array(texts, object)}))
    for text, ours in zip(texts, got, strict=True):
        assert ours == native.encode(text).ids, ascii(text)


SENTENCES = """
import io, json, sys
import sentencepiece
asked, told = json.load(sys.stdin), {}
for name, settings in asked["kinds"].items():
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(asked["corpus"]), model_writer=made, hard_vocab_limit=False, pad_id=3,
        minloglevel=2, **settings)
    path = f"{asked['folder']}/{name}.model"
    open(path, "wb").write(made.getvalue())
    native = sentencepiece.SentencePieceProcessor(model_file=path)
    ids = [native.encode(text, add_bos=True, add_eos=True) for text in asked["texts"]]
    scores = [native.get_score(i) for i in range(native.get_piece_size())]
    told[name] = {"ids": ids, "pad": native.pad_id(), "scores": scores}
print(json.dumps(told))
"""
KINDS: Mapping[str, Mapping[str, Any]] = {
    "bpe": {"model_type": "bpe", "vocab_size": 200},
    "llama2": {
        "model_type": "bpe",
        "vocab_size": 600,
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "split_digits": True,
        "remove_extra_whitespaces": False,
        "allow_whitespace_only_pieces": True,
    },
    "unigram": {"model_type": "unigram", "vocab_size": 200},
}
RUNS = """
import pickle, sys
import numpy as np, onnx
from tests.graphs import run
models, texts = pickle.load(sys.stdin.buffer)
fed = {"text": np.array(texts, object)}
answers = {name: run(onnx.load_from_string(model), fed) for name, model in models.items()}
pickle.dump(answers, sys.stdout.buffer)
"""


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """The folder of a model of each kind, what sentencepiece answers to TEXTS by it, and what our graph does.

    In two processes of their own: what runs the graphs ends one that had loaded TensorFlow.
    """
    pytest.importorskip("sentencepiece")
    folder = tmp_path_factory.mktemp("pieces")
    asked = {"kinds": KINDS, "folder": str(folder), "corpus": CORPUS, "texts": TEXTS}
    done = subprocess.run(
        [sys.executable, "-c", SENTENCES], input=json.dumps(asked), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = {"bos": "yes", "eos": "yes"}
    ties = {name: {"ties": "yes"} if name == "unigram" else {} for name in KINDS}
    made = {name: graph(str(folder / f"{name}.model"), **told, **ties[name]) for name in KINDS}
    given = pickle.dumps(({name: model.SerializeToString() for name, model in made.items()}, TEXTS))
    ran = subprocess.run([sys.executable, "-c", RUNS], input=given, capture_output=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return folder, json.loads(done.stdout), pickle.loads(ran.stdout)


@pytest.mark.xdist_group("pieces")
@pytest.mark.parametrize("kind", ["bpe", "llama2"])
def test_answers_as_sentencepiece(pieces: Any, kind: str) -> None:
    _, native, got = pieces
    for text, ours, theirs in zip(TEXTS, rows(got[kind]), native[kind]["ids"], strict=True):
        assert ours == theirs, ascii(text)
    assert got[kind]["input_ids"][6, -1] == native[kind]["pad"]


@pytest.mark.xdist_group("pieces")
def test_unigram_models_split_as_likely_as_sentencepiece(pieces: Any) -> None:
    """The same pieces, or others of the same sum of logarithms: which of them is the tie."""
    folder, natives, got = pieces
    with pytest.raises(BadManifest, match="unigram"):
        graph(str(folder / "unigram.model"))
    scores, ties = natives["unigram"]["scores"], 0
    for text, ours, theirs in zip(TEXTS, rows(got["unigram"]), natives["unigram"]["ids"], strict=True):
        if ours != theirs:
            ties += 1
            sums = [sum(scores[i] for i in ids) for ids in (ours, theirs)]
            assert sums[0] == pytest.approx(sums[1], abs=1e-4), ascii(text)
    assert ties < len(TEXTS) / 20, ties


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gpt2", "a\0b"),
        ("gpt2", "a <s> b"),
        ("qwen2", "<tool_call>"),
        ("composed", "[MASK]"),
        ("cased", "\u302e\U0001d16d"),
    ],
)
def test_texts_that_are_refused(name: str, text: str, tmp_path: Path) -> None:
    model = graph(saved(MADE[name](), tmp_path))
    assert rows(run(model, {"text": np.array(["a b"], object)}))[0]
    with pytest.raises(Exception, match="out of data bounds"):
        run(model, {"text": np.array(["a b", text], object)})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"normalizer": {"type": "Nmt"}}, "normalizer Nmt"),
        (
            {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFC"}]}},
            "NFC",
        ),
        (
            {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFD"}]}},
            "puts accents in order",
        ),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "BertPreTokenizer"),
        ({"model": {"type": "WordLevel", "vocab": {}, "unk_token": "a"}}, "its model WordLevel"),
        ({"post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3]}}, "is no tokenizer"),
        ({"truncation": {"max_length": 1, "direction": "Right", "stride": 0}}, "too short"),
        ({"added_tokens": [{"content": "new", "special": False, "id": 9}]}, "added token new"),
        ({}, ""),
    ],
)
def test_files_that_are_refused(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    file = Path(saved(MADE["cased"](), tmp_path))
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **change}))
    if not change:
        file.write_text("[PAD]\n[UNK]")
        says = "no tokenizer"
    with pytest.raises(BadManifest, match=says):
        graph(str(file))


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": {"type": "Lowercase"}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFKC"}]}},
        {"pre_tokenizer": {"type": "Metaspace"}},
    ],
)
def test_byte_pairs_that_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    file = Path(saved(byte_pairs(), tmp_path))
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **change}))
    with pytest.raises(BadManifest, match="can't be had exactly"):
        graph(str(file))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "it needs file"),
        ("file=nowhere.json", "can't be read"),
        ("file=nowhere.model", "can't be read"),
        ("fiel=a", "Is it file"),
    ],
)
def test_what_is_refused(given: str, says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        onnxpipe.stitch([f"tokenize:{given}"])
    assert says in str(caught.value)
