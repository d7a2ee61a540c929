#!/usr/bin/env python3
"""Writes what the reference says of texts: cases.jsonl and digests.json beside this file.

    python3 make_goldens.py [TOKENIZER_JSON]      (needs the package tokenizers 0.23.1)

cases.jsonl has texts with their ids and byte offsets, and inputs with their ids when truncated; for
people and for fast tests. digests.json has digests of the same over many more texts than fit here:
every scalar value, and random texts. TOKENIZER_JSON is bert-base-uncased's; its vocabulary does not
belong into this repository, so its digests are only checked where somebody has it.
"""

import hashlib
import json
import pathlib
import struct
import sys

from tokenizers import Tokenizer, normalizers

from random_text import Random, random_text

HERE = pathlib.Path(__file__).parent
SCALARS_PER_BLOCK = 4096
RANDOM_TEXTS = 100_000
TEXTS_PER_BLOCK = 1000
TRUNCATED_EVERY = 8

TEXTS = [
    "",
    " ",
    "Hello, world!",
    "The quick brown fox isn't lazy.",
    "tokenizer tokenizers TOKENIZER",
    "na\u00efve caf\u00e9 r\u00e9sum\u00e9",
    "nai\u0308ve cafe\u0301",
    "\u0130stanbul \u0131\u015f\u0131k",
    "\u00df \u1e9e stra\u00dfe STRASSE",
    "\u03a3\u0391\u03a3 \u03c3\u03b1\u03c2",
    "\u6f22\u5b57kana\u304b\u306a",
    "\u4e00\u4e01\u4e02",
    "\ud55c\uad6d\uc5b4 \uac00",
    "\u05e9\u05c1\u05dc\u05d5\u05dd",
    "\u0928\u092e\u0938\u094d\u0924\u0947",
    "a\u0000b\ufffdc",
    "a\u000bb\u000cc\u001cd\u0085e",
    "a\tb\nc\rd",
    "a\u2028b\u2029c\u3000d\u00a0e",
    "zero\u200bwidth soft\u00adhyphen \ufeffbom",
    "e\u0327\u0301 e\u0301\u0327 \u0344\u0316",
    "\u302e\u0300a\u302f\u0316",
    "a\U0001d165\u0301\U0001d16e\u0316b",
    "\U0001d15e\U0001d15f",
    "\u0f73\u0f71\u0f72 \u0f81",
    "\u1e8d0",
    "[CLS] [SEP] [MASK] [PAD] [UNK]",
    "a[SEP]b [sep] [ SEP ] [[SEP]]",
    "[ENT] x  [ENT]  [ENT][ENT] y",
    " \u3000[ENT]\u2003 z",
    "  @user hi@user  \u00dcn\u00efcode URL #tag  #tagged",
    "<s>a</s> <S>",
    "x" * 100,
    "x" * 101,
    "\u00e9" * 100,
    "\u00e9" * 101,
    "e\u0301" * 100,
    "e\u0301" * 101,
    "\u6f22" * 3,
    "a." * 10,
    "...",
    "don't can't won't",
    "3.14159 1,000,000",
    "user@example.com http://a.b/c?d=e#f",
    "\U0001f642\U0001f600 ok \u2764\ufe0f",
    "\U0002b81e\U0002b820\U0002b920\U0002f800",
    "\ufb01ne \ufb03",
    "\uff21\uff22\uff01",
    "\u00bfqu\u00e9? \u00a1s\u00ed!",
    "\u2018quoted\u2019 \u201ctext\u201d \u2014 dash\u2026",
    "\u0e33\u0e40\u0e01",
    "\ue000private\U000f0000",
    "\u0301leading mark",
    "\u0378unassigned\u0379",
    "word" * 26,
    "\u1112\u1161\u11ab",
]

INPUTS = [  # a text and perhaps its pair, cut to every limit that makes a difference
    ("every text is cut to the limit, from the left or from the right", None),
    ("one two three", "four five six seven eight nine ten"),
    ("one two three four five six seven eight", "nine ten"),
    ("one two three four", "five six seven eight"),
    ("", "only the pair has tokens"),
    ("only the text", ""),
    ("", ""),
    ("", None),
    ("a [SEP] b [SEP]", "[CLS] caf\u00e9 \u6f22\u5b57"),
]


def byte_offsets(text, encoding):
    starts = [0]
    for char in text:
        starts.append(starts[-1] + len(char.encode()))
    return [(starts[begin], starts[end]) for begin, end in encoding.offsets]


def packed(text, encoding):
    numbers = [len(encoding.ids), *encoding.ids]
    for offsets in byte_offsets(text, encoding):
        numbers += offsets
    return struct.pack(f"<{len(numbers)}I", *numbers)


def digest(parts):
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return sha.hexdigest()[:16]


def scalar_blocks():
    for first in range(0, 0x110000, SCALARS_PER_BLOCK):
        block = [
            chr(c) for c in range(first, first + SCALARS_PER_BLOCK) if not 0xD800 <= c <= 0xDFFF
        ]
        yield [text for char in block for text in (char, f"a{char}b")]


def truncated(tokenizer, text, pair, limit, side):
    tokenizer.enable_truncation(limit, direction=side)
    ids = tokenizer.encode(text, pair).ids
    tokenizer.no_truncation()
    return ids


def token_digests(tokenizer):
    """One digest a block: every scalar alone and between letters; random texts, some truncated."""
    words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    scalars = [
        digest(
            packed(text, encoding)
            for text, encoding in zip(
                texts, tokenizer.encode_batch(texts, add_special_tokens=False)
            )
        )
        for texts in scalar_blocks()
    ]
    random_blocks, truncated_blocks = [], []
    for first in range(0, RANDOM_TEXTS, TEXTS_PER_BLOCK):
        texts = [random_text(seed, words) for seed in range(first, first + TEXTS_PER_BLOCK)]
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        random_blocks.append(digest(map(packed, texts, encodings)))
        parts = []
        for i in range(0, TEXTS_PER_BLOCK, TRUNCATED_EVERY):
            random = Random(first + i)
            limit, side = 3 + random.below(40), random.pick(["right", "left"])
            pair = texts[i + 1] if random.below(2) else None
            ids = truncated(tokenizer, texts[i], pair, limit, side)
            parts.append(struct.pack(f"<{len(ids) + 1}I", len(ids), *ids))
        truncated_blocks.append(digest(parts))
    return {"scalars": scalars, "random": random_blocks, "truncated": truncated_blocks}


def normalizer_digests(**options):
    normalize = normalizers.BertNormalizer(**options).normalize_str
    return [
        digest(normalize(text).encode() + b"\xff" for text in texts) for texts in scalar_blocks()
    ]


def cases(name, tokenizer):
    for text in TEXTS:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        yield {
            "tokenizer": name,
            "text": text,
            "ids": encoding.ids,
            "offsets": [list(pair) for pair in byte_offsets(text, encoding)],
        }
    for text, pair in INPUTS:
        full = tokenizer.encode(text, pair)
        for side in ["right", "left"]:
            for limit in range(3 if pair is not None else 2, len(full.ids) + 2):
                yield {
                    "tokenizer": name,
                    "text": text,
                    "pair": pair,
                    "limit": limit,
                    "side": side,
                    "total": len(full.ids),
                    "ids": truncated(tokenizer, text, pair, limit, side),
                }


def main():
    files = {name: HERE / f"{name}.json" for name in ["uncased", "cased", "odd"]}
    tokenizers = {name: Tokenizer.from_file(str(path)) for name, path in files.items()}
    with open(HERE / "cases.jsonl", "w", encoding="utf-8") as file:
        for name, tokenizer in tokenizers.items():
            for case in cases(name, tokenizer):
                print(json.dumps(case, separators=(",", ":")), file=file)
    digests = {
        "normalizer": {
            "uncased": normalizer_digests(),
            "cased": normalizer_digests(lowercase=False),
            "lowercase only": normalizer_digests(
                clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=True
            ),
        }
    }
    if len(sys.argv) > 1:
        tokenizers["bert-base-uncased"] = Tokenizer.from_file(sys.argv[1])
    for name, tokenizer in tokenizers.items():
        digests[name] = token_digests(tokenizer)
    (HERE / "digests.json").write_text(json.dumps(digests, indent=0) + "\n")


if __name__ == "__main__":
    main()
