#!/usr/bin/env python3
"""Writes combinations.json beside this file: tokenizers as people publish them, and what they do.

    python3 make_combinations.py      (needs the packages transformers 5.12.1 and tokenizers 0.23.1)

Each combination is a small set of files, drawn at random: vocab.txt or tokenizer.json, with
tokenizer_config.json, special_tokens_map.json and added_tokens.json, which rename special tokens,
add others with every flag, and contradict each other. Of the tokens that the reference makes of
random texts with them there are digests, one a block of texts.
"""

import json
import os
import pathlib
import random
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"

from make_goldens import digest, packed
from random_text import random_text
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
COMBINATIONS = 36
TEXTS_PER_BLOCK = 50
BLOCKS = 12
ROLES = ["unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
NAMES = ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]
RENAMED = ["<unk>", "</s>", "<pad>", "<s>", "<mask>"]
LETTERS = ("abcdefgimnorstuxy" "ABCDE" "0159" ".,!?-_<>[]/#@" "\u00e9\u00df\u00dc\u0130\u03a3\u03c3\u0301\u0308\u6f22\u5b57"
           "\uac00\u1112\u1161\u11ab\u0928\u093f\u20dd")
ADDED = ["[NEG]", "[neg]", "NEG", "neg", "[NEG][POS]", "[POS]", "ing", "ab", "abc", "bc", "c", "@user", "#tag", "<e>",
         "</e>", "Caf\u00e9", "\u00c9t\u00e9", "Stra\u00dfe", "\u6f22\u5b57", "\u6f22", "\ud55c", "a b", "b  c", " lead", "trail ",
         "two words", "\u0301x", "x\u0301", "_", "a_b", "-", "--", "!", "URL", "Url", "I\u0307", "\u0130", "\u00b2", "9", "  ", "\t",
         "[UNK]", "[MASK]", "<mask>", "\u0915\u093f", "e\u20dd"]
AROUND = ["", " ", "x", "_", "9", "\u00e9", "\u0301", "-", ".", "\u6f22", "\u0903", "\u20dd", "\u200d", "\u00b2", "\u2460", "\u203f", "\u00aa",
          "\ud7b0", "\U0001d7ce", "\U00011700", "\u0378", "\u3000"]


def vocabulary(rng, names):
    letters = list(LETTERS)
    rng.shuffle(letters)
    pieces = [f"{a}{b}" for a, b in zip(letters, letters[7:])]
    words = letters[:40] + [f"##{c}" for c in letters[5:]] + pieces[:12] + [f"##{p}" for p in pieces[8:24]]
    words += ["neg", "pos", "cafe", "\u00e9t\u00e9", "##ing", "user", "url", "URL", "two", "words", "NEG"]
    return list(dict.fromkeys(names + words))


def flags(rng):
    return {name: rng.random() < 0.35 for name in ["single_word", "lstrip", "rstrip", "normalized", "special"]}


def stated(rng, content):
    """A token as tokenizer_config.json states it."""
    if rng.random() < 0.5:
        return content
    return {"__type": "AddedToken", "content": content, **{k: v for k, v in flags(rng).items() if rng.random() < 0.8}}


def mapped(rng, content):
    """A token as special_tokens_map.json states it."""
    if rng.random() < 0.5:
        return content
    kept = flags(rng)
    return {"content": content, **{name: kept[name] for name in ["single_word", "lstrip", "rstrip", "normalized"]}}


def normalizer(rng):
    bert = normalizers.BertNormalizer(
        clean_text=rng.random() < 0.7, handle_chinese_chars=rng.random() < 0.7,
        strip_accents=rng.choice([None, True, False]), lowercase=rng.random() < 0.5)
    steps = [bert, normalizers.Lowercase(), normalizers.NFD(), normalizers.StripAccents(),
             normalizers.Strip(left=rng.random() < 0.5, right=rng.random() < 0.5),
             normalizers.Replace(rng.choice(["-", "ab", "\u00e9", "  "]), rng.choice(["", "c", " - ", "\u00c9x"]))]
    kind = rng.randrange(4)
    if kind == 0:
        return None
    if kind == 1:
        return bert
    if kind == 2:
        return normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
    return normalizers.Sequence(rng.sample(steps, rng.randrange(1, len(steps))))


def tokenizer_json(rng, words, names, is_read_as_it_is, added):
    unk, sep, pad, cls, _ = names
    free = is_read_as_it_is
    tokenizer = Tokenizer(models.WordPiece(
        vocab={word: i for i, word in enumerate(words)}, unk_token=unk,
        continuing_subword_prefix="##", max_input_chars_per_word=12 if free and rng.random() < 0.3 else 100))
    if free:
        tokenizer.normalizer = normalizer(rng)
    else:  # tokenizer_config.json states what counts
        tokenizer.normalizer = normalizers.BertNormalizer(
            handle_chinese_chars=rng.random() < 0.5, strip_accents=rng.choice([None, True, False]),
            lowercase=rng.random() < 0.5)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if free or rng.random() < 0.6:
        tokenizer.post_processor = processors.BertProcessing((sep, words.index(sep)), (cls, words.index(cls)))
    if rng.random() < 0.3:
        tokenizer.enable_padding(pad_id=words.index(pad), pad_token=pad)
    tokens = [AddedToken(content, **flags(rng)) for content in added]
    if rng.random() < 0.7:
        tokens += [AddedToken(name, normalized=False, special=True) for name in names]
    tokenizer.add_tokens(tokens)
    return json.loads(tokenizer.to_str())


def vocab_txt(rng, words):
    lines = list(words)
    if rng.random() < 0.4:  # twice, and with a gap
        lines.insert(rng.randrange(8, len(lines)), rng.choice(words[8:]))
        lines.insert(rng.randrange(8, len(lines)), "")
    end = "\r\n" if rng.random() < 0.2 else "\n"
    return end.join(lines) + end * rng.choice([0, 1, 1, 2, 3])


def config(rng, kind, names, is_renamed, new):
    """tokenizer_config.json: `new` yields the contents of tokens to state."""
    read = {}
    classes = {"file": ["PreTrainedTokenizerFast", "TokenizersBackend"]}
    bert_classes = ["BertTokenizer", "DistilBertTokenizer", "DistilBertTokenizerFast", "ElectraTokenizer"]
    if kind == "file" or rng.random() < 0.7:
        read["tokenizer_class"] = rng.choice(classes.get(kind, bert_classes))
    if kind != "vocab" or rng.random() < 0.6:
        read["do_lower_case"] = rng.random() < 0.5
        read["strip_accents"] = rng.choice([None, True, False])
        read["tokenize_chinese_chars"] = rng.random() < 0.6
    for role, name in zip(ROLES, names):
        if is_renamed or rng.random() < 0.3:
            read[role] = stated(rng, name)
    if rng.random() < 0.4:
        read[rng.choice(["extra_special_tokens", "additional_special_tokens"])] = [
            stated(rng, next(new)) for _ in range(rng.randrange(1, 4))]
    elif rng.random() < 0.4:
        read["extra_special_tokens"] = {f"{name}_token": stated(rng, next(new)) for name in ["z", "b", "m"]}
    if rng.random() < 0.3:
        read["image_token"] = stated(rng, next(new))
        read["audio_token"] = stated(rng, next(new))
    if rng.random() < 0.15:
        read["split_special_tokens"] = True
    return read


def combination(seed):
    rng = random.Random(seed)
    kind = ["vocab", "json", "file"][seed % 3]
    is_renamed = rng.random() < 0.3
    names = RENAMED if is_renamed else NAMES
    words = vocabulary(rng, names)
    new = iter(rng.sample(ADDED, len(ADDED)))
    files = {}
    if kind == "vocab":
        files["vocab.txt"] = vocab_txt(rng, words)
    else:
        added = [next(new) for _ in range(rng.randrange(0, 5))]
        files["tokenizer.json"] = tokenizer_json(rng, words, names, kind == "file", added)
    read = config(rng, kind, names, is_renamed, new)
    how = rng.random()
    if how < 0.35:
        declared = [next(new) for _ in range(rng.randrange(1, 7))]
        ids = rng.sample(range(len(words), len(words) + 2 * len(declared)), len(declared))
        read["added_tokens_decoder"] = {str(i): {"content": c, **flags(rng)} for i, c in zip(ids, declared)}
        for i, name in enumerate(names):
            if rng.random() < 0.7:
                read["added_tokens_decoder"][str(i)] = {
                    "content": name, "lstrip": rng.random() < 0.2, "rstrip": False, "single_word": rng.random() < 0.2,
                    "normalized": False, "special": True}
    elif how < 0.7:
        declared = [next(new) for _ in range(rng.randrange(1, 7))]
        files["added_tokens.json"] = {c: len(words) + i for i, c in enumerate(declared)}
    if rng.random() < 0.5 or is_renamed and rng.random() < 0.5:
        tokens_map = {role: mapped(rng, name) for role, name in zip(ROLES, names) if is_renamed or rng.random() < 0.7}
        if rng.random() < 0.5:
            tokens_map["additional_special_tokens"] = [next(new) for _ in range(rng.randrange(1, 3))]
        elif rng.random() < 0.3:
            tokens_map["extra_special_tokens"] = [mapped(rng, next(new)) for _ in range(2)]
        if rng.random() < 0.2:
            tokens_map["video_token"] = mapped(rng, next(new))
        files["special_tokens_map.json"] = tokens_map
    if read or rng.random() < 0.5:
        files["tokenizer_config.json"] = read
    used = [content for content in ADDED if any(content in json.dumps(value, ensure_ascii=False)
                                                 for value in files.values())]
    around = [f"{rng.choice(AROUND)}{content}{rng.choice(AROUND)}" for content in used * 3]
    cases = [change(content) for content in used for change in (str.lower, str.upper)]
    plain = [word.removeprefix("##") for word in rng.sample(words, 25)]
    texts = {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
             for name, value in files.items()}
    return texts, [word for word in used * 2 + around + cases + plain + names if word]


def load(files):
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        (folder / "config.json").write_text(json.dumps({"model_type": "distilbert"}))
        for name, text in files.items():
            (folder / name).write_bytes(text.encode())
        return AutoTokenizer.from_pretrained(directory)


def is_decided(tokenizer):
    """Whether no two added tokens are alike once normalized: the reference finds either, by
    chance."""
    normalize = tokenizer.backend_tokenizer.normalizer
    alike = [normalize.normalize_str(token.content) if normalize else token.content
             for token in tokenizer.added_tokens_decoder.values() if token.normalized]
    return len(set(alike)) == len(alike) and "" not in alike


def digests(tokenizer, words, first):
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    blocks = []
    for block in range(BLOCKS):
        begin = first + block * TEXTS_PER_BLOCK
        texts = [random_text(seed, words) for seed in range(begin, begin + TEXTS_PER_BLOCK)]
        plain = backend.encode_batch(texts, add_special_tokens=False)
        pairs = backend.encode_batch(list(zip(texts, texts[1:] + texts[:1])))
        blocks.append(digest(packed(text, encoding) + " ".join(map(str, pair.ids)).encode()
                             for text, encoding, pair in zip(texts, plain, pairs)))
    return blocks


def main():
    written, refused = [], 0
    seed = 0
    while len(written) < COMBINATIONS:
        files, words = combination(seed)
        seed += 1
        try:
            tokenizer = load(files)
            if not is_decided(tokenizer):
                raise ValueError("two tokens are alike")
            first = 1_000_000 + len(written) * BLOCKS * TEXTS_PER_BLOCK
            written.append({"files": files, "words": words, "digests": digests(tokenizer, words, first)})
        except BaseException as error:  # what the reference refuses, or panics on
            print(seed - 1, type(error).__name__, str(error)[:100])
            refused += 1
    print(f"{len(written)} combinations, {refused} refused")
    (HERE / "combinations.json").write_text(json.dumps(written, indent=0, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
