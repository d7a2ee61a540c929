#!/usr/bin/env python3
"""Writes byte_level.json beside this file: a small byte-level BPE, and what the reference makes of
texts with it, with variants of it, and with published tokenizers.

    python3 make_byte_level.py [TEXT…] [NAME=TOKENIZER_JSON…]    (needs tokenizers 0.23.1)

The merges are learned from TEXT, for which any English of ours will do; without, they are those of
before. So are the digests of published tokenizers that are not named. A variant is the small
tokenizer with a JSON merge patch (RFC 7386) applied. Of published tokenizers, whose vocabularies do
not belong into this repository, there are digests only, which are checked where somebody has them.
"""

import json
import pathlib
import struct
import sys

from make_goldens import digest, packed, scalar_blocks
from random_text import Random, random_text
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
FIRST_SEED = 2_000_000
BLOCKS, TEXTS_PER_BLOCK = 12, 50
PUBLISHED_BLOCKS, PUBLISHED_TEXTS_PER_BLOCK = 100, 1000

# Pieces of texts beside the vocabulary's: what the regular expression and the flags turn on.
EXTRAS = [
    "<mask>",
    " <mask> ",
    "\u3000<mask>",
    "<pad>",
    "</s>\n",
    "'s",
    " 'll",
    "'S",
    "'",
    "  ",
    "   \n",
    "\t",
    "\u00a0",
    "\n\n",
    "\r\n",
    "12",
    "\u0669\u00b2",
    "!?",
    "\u0120",
    "@user",
]


def byte_alphabet():
    """{character: byte} of byte-level vocabularies."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    return alphabet | {chr(0x100 + i): byte for i, byte in enumerate(others)}


ALPHABET = byte_alphabet()


def spoken(token):
    """The text that `token` spells; itself if that is none."""
    if not all(c in ALPHABET for c in token):
        return token
    try:
        return bytes(ALPHABET[c] for c in token).decode()
    except UnicodeDecodeError:
        return token


def words_of(vocabulary):
    words = [spoken(token) for token in sorted(vocabulary, key=vocabulary.get)]
    return words + EXTRAS * (1 + len(words) // 100)


def learn(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train(texts, trainer)
    tokenizer.add_special_tokens(
        [AddedToken(name, lstrip=name == "<mask>", normalized=False) for name in SPECIAL]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    document = json.loads(tokenizer.to_str())
    document["post_processor"] = {
        "type": "RobertaProcessing",
        "sep": ["</s>", 2],
        "cls": ["<s>", 0],
        "trim_offsets": True,
        "add_prefix_space": False,
    }
    return document


def patched(document, patch):
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = patched(merged.get(name), value)
    return merged


def byte_level(**fields):
    return {"type": "ByteLevel", "trim_offsets": True, "use_regex": True, **fields}


def added(first, **flags):
    """Added tokens of all kinds, with ids from `first`."""
    none = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    flagged = [
        ("@user", dict(lstrip=True)),
        ("#tag", dict(rstrip=True, normalized=True)),
        ("[ENT]", dict(lstrip=True, rstrip=True)),
        ("'s", dict(single_word=True, special=False)),
        ("\u0120x", dict(normalized=True)),
        ("12", dict(single_word=True, lstrip=True, normalized=True)),
    ]
    return [
        {"id": first + i, "content": content, **none, **own, **flags}
        for i, (content, own) in enumerate(flagged)
    ]


def variants(document):
    special = document["added_tokens"]
    model = document["model"]
    template = json.loads(json.dumps(TEMPLATE))
    yield "roberta", {}
    yield "template", {"post_processor": ROBERTA_GONE | template}
    yield "prefix_space", {
        "pre_tokenizer": {"add_prefix_space": True},
        "post_processor": {"add_prefix_space": True},
    }
    yield "untrimmed", {
        "pre_tokenizer": {"add_prefix_space": True},
        "post_processor": {"trim_offsets": False},
    }
    yield "sequence", {
        "post_processor": ROBERTA_GONE
        | {"type": "Sequence", "processors": [byte_level(add_prefix_space=True), template]}
    }
    yield "trimmed_twice", {
        "post_processor": ROBERTA_GONE
        | {
            "type": "Sequence",
            "processors": [byte_level(add_prefix_space=False), document["post_processor"]],
        }
    }
    yield "bert", {
        "post_processor": ROBERTA_GONE
        | {"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]}
    }
    yield "split", {
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": PATTERN},
                    "behavior": "Isolated",
                    "invert": False,
                },
                byte_level(add_prefix_space=False, use_regex=False),
            ],
        }
    }
    yield "ignore_merges", {"model": {"ignore_merges": True, "merges": model["merges"][:100]}}
    size = len(model["vocab"])
    yield "added", {"added_tokens": special + added(size)}
    yield "added_lowercase", {
        "added_tokens": special + added(size),
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"add_prefix_space": True},
    }
    yield "strip_and_replace", {
        "added_tokens": special + added(size),
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFD"},
                {"type": "Strip", "strip_left": True, "strip_right": True},
                {"type": "Replace", "pattern": {"String": "a"}, "content": " b"},
            ],
        },
    }
    # Without the bytes of some letters and of the space, and what is merged of them.
    gone = {"e", "\u0120", "\u00c3", "\u00a9", "\u00e6"}
    merges = [pair for pair in model["merges"] if not gone & set("".join(pair))]
    removed = {
        token: None for token in model["vocab"] if token not in SPECIAL and gone & set(token)
    }
    lacking = {"vocab": removed, "merges": merges}
    yield "dropped_bytes", {"model": lacking}
    yield "dropped_bytes_prefix_space", {
        "model": lacking,
        "pre_tokenizer": {"add_prefix_space": True},
        "post_processor": {"add_prefix_space": True},
    }
    yield "unknown_bytes", {"model": lacking | {"unk_token": "<unk>"}}
    yield "fused_unknown_bytes", {"model": lacking | {"unk_token": "<unk>", "fuse_unk": True}}
    yield "merges_as_strings", {
        "model": {"merges": ["#version: 0.2"] + [" ".join(pair) for pair in model["merges"]]}
    }
    yield "merges_twice", {"model": {"merges": model["merges"] + model["merges"][50:80]}}


PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
ROBERTA_GONE = dict.fromkeys(["sep", "cls", "trim_offsets", "add_prefix_space"])
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": "<s>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
    ],
    "pair": [
        {"SpecialToken": {"id": "<s>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
    ],
    "special_tokens": {
        "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
        "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
    },
}


def truncated(tokenizer, seed, text, pair):
    """The ids of `text`, perhaps with `pair`, cut to a limit, all three as `seed` says."""
    random = Random(seed)
    limit, side = 4 + random.below(40), random.pick(["right", "left"])
    has_pair = random.below(2) == 1
    tokenizer.enable_truncation(limit, direction=side)
    ids = tokenizer.encode(text, pair if has_pair else None).ids
    tokenizer.no_truncation()
    return struct.pack(f"<{len(ids) + 1}I", len(ids), *ids)


def block_digest(tokenizer, words, first, count):
    """Of random texts: each alone with offsets, and cut to a limit with the next as its pair."""
    texts = [random_text(seed, words) for seed in range(first, first + count)]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    whole = map(packed, texts, encodings)
    cut = [
        truncated(tokenizer, first + i, text, texts[(i + 1) % count])
        for i, text in enumerate(texts)
    ]
    return digest([*whole, *cut])


def loaded(document):
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def published_digests(path):
    document = json.loads(pathlib.Path(path).read_text())
    tokenizer = loaded(document)
    words = words_of(document["model"]["vocab"])
    size = PUBLISHED_TEXTS_PER_BLOCK
    return {
        "scalars": [
            digest(map(packed, texts, tokenizer.encode_batch(texts, add_special_tokens=False)))
            for texts in scalar_blocks()
        ],
        "random": [
            block_digest(tokenizer, words, FIRST_SEED + block * size, size)
            for block in range(PUBLISHED_BLOCKS)
        ],
    }


def main():
    files = [argument for argument in sys.argv[1:] if "=" not in argument]
    published = dict(argument.split("=") for argument in sys.argv[1:] if "=" in argument)
    path = HERE / "byte_level.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    document = learn(files) if files else before["tokenizer"]
    words = words_of(document["model"]["vocab"])
    result = {"tokenizer": document, "variants": [], "published": before.get("published", {})}
    for i, (name, patch) in enumerate(variants(document)):
        tokenizer = loaded(patched(document, patch))
        first = FIRST_SEED + i * BLOCKS * TEXTS_PER_BLOCK
        digests = [
            block_digest(tokenizer, words, first + block * TEXTS_PER_BLOCK, TEXTS_PER_BLOCK)
            for block in range(BLOCKS)
        ]
        result["variants"].append({"name": name, "patch": patch, "digests": digests})
    for name, tokenizer_json in published.items():
        result["published"][name] = published_digests(tokenizer_json)
    path.write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
