#!/usr/bin/env python3
"""Writes three small tokenizers beside this file: uncased.json, cased.json and odd.json.

    python3 make_tokenizers.py TEXT…      (needs the package tokenizers 0.23.1)

Their words are learned from TEXT, for which any English of ours will do: they were made from the
comments of this repository's headers. Learning again gives other words, so make_goldens.py must
follow. odd.json sets every option to what BERT does not.
"""

import json
import pathlib
import sys

from tokenizers import (
    AddedToken,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = pathlib.Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

# Scripts whose letters get a token each: more of a text is then told apart than [UNK] from [UNK].
SCRIPTS = [
    (0x21, 0x7E),
    (0xA1, 0x17F),
    (0x250, 0x2AF),
    (0x370, 0x52F),
    (0x5D0, 0x5F4),
    (0x620, 0x64A),
    (0x904, 0x939),
    (0xE01, 0xE2E),
    (0x1100, 0x1112),
    (0x1161, 0x1175),
    (0x11A8, 0x11C2),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x302A, 0x302F),
    (0x3041, 0x30FF),
    (0x4E00, 0x4E3F),
    (0xAC00, 0xAC20),
    (0xFF01, 0xFF5E),
    (0x1D165, 0x1D172),
]
ODD_SCRIPTS = [(0x21, 0x7E), (0xC0, 0xFF), (0x300, 0x308), (0x4E00, 0x4E0F)]


def words(normalizer, scripts, texts, size):
    """A vocabulary: special tokens, letters, then what is learned from `texts`."""
    letters = set()
    for first, last in scripts:
        for c in range(first, last + 1):
            letters.update(normalizer.normalize_str(chr(c)).replace(" ", ""))
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train(
        texts,
        trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False),
    )
    learned = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    singles = sorted(letters) + [f"##{letter}" for letter in sorted(letters)]
    known = set(SPECIAL + singles)
    return SPECIAL + singles + [word for word in learned if word not in known]


def build(vocabulary, normalizer, prefix="##", unk="[UNK]", longest=100):
    tokenizer = Tokenizer(
        models.WordPiece(
            vocab={word: i for i, word in enumerate(vocabulary)},
            unk_token=unk,
            continuing_subword_prefix=prefix,
            max_input_chars_per_word=longest,
        )
    )
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def bert(vocabulary, normalizer):
    tokenizer = build(vocabulary, normalizer)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary.index("[CLS]")), ("[SEP]", vocabulary.index("[SEP]"))],
    )
    return tokenizer


def odd(vocabulary, normalizer):
    rename = {"[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>"}
    vocabulary = [
        rename.get(word, "~" + word[2:] if word.startswith("##") else word) for word in vocabulary
    ]
    tokenizer = build(vocabulary, normalizer, prefix="~", unk="<unk>", longest=12)
    tokenizer.post_processor = processors.BertProcessing(
        ("</s>", vocabulary.index("</s>")), ("<s>", vocabulary.index("<s>"))
    )
    tokenizer.add_special_tokens(
        [
            AddedToken("<s>", normalized=False),
            AddedToken("</s>", normalized=False),
            AddedToken("[ENT]", normalized=False, lstrip=True, rstrip=True),
            AddedToken("[ENT][ENT]", normalized=False),
        ]
    )
    tokenizer.add_tokens(
        [
            AddedToken("Ünïcode URL", normalized=True),
            AddedToken("@user", normalized=True, lstrip=True),
            AddedToken("#tag", normalized=True, rstrip=True),
        ]
    )
    return tokenizer


def main():
    texts = sys.argv[1:]
    uncased = normalizers.BertNormalizer()
    cased = normalizers.BertNormalizer(lowercase=False)
    # What BERT does, turned around: marks are stripped and capitals stay.
    other = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
    )
    tokenizers = {
        "uncased": bert(words(uncased, SCRIPTS, texts, 1200), uncased),
        "cased": bert(words(cased, SCRIPTS, texts, 1200), cased),
        "odd": odd(words(other, ODD_SCRIPTS, texts, 500), other),
    }
    for name, tokenizer in tokenizers.items():
        text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False)
        (HERE / f"{name}.json").write_text(text + "\n")
        print(name, tokenizer.get_vocab_size())


if __name__ == "__main__":
    main()
