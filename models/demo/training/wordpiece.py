"""The demo model's tokenizer: BERT's rules over a vocabulary of its own."""

import os

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from prepare import everyday_spelling

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
VOCABULARY_SIZE = 6000


def _bert_tokenizer(model):
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _vocabulary_texts(data):
    """Everything trained on, SST-2's longer phrases in both spellings. UCI counts
    three times: it is small, but closest to what people type."""
    for row in data["sst2"]:
        yield row.text
        if len(row.text.split()) >= 8:
            yield everyday_spelling(row.text)
    for name, repeats in (("mr", 1), ("uci", 3), ("customers", 1)):
        for row in data[name] * repeats:
            yield row.text
    for review in data["reviews"]:
        yield review.whole()


def learn_vocabulary(data, path):
    tokenizer = _bert_tokenizer(models.WordPiece(unk_token="[UNK]"))
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY_SIZE,
        min_frequency=2,
        limit_alphabet=120,
        special_tokens=SPECIAL_TOKENS,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_vocabulary_texts(data), trainer)
    # The trainer finds the same tokens every time, but numbers them by the order
    # of a hash table; sorting makes the file, and so the model, repeatable.
    learned = sorted(set(tokenizer.get_vocab()) - set(SPECIAL_TOKENS))
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(token + "\n" for token in SPECIAL_TOKENS + learned)


def load_tokenizer(vocabulary_path):
    with open(vocabulary_path, encoding="utf-8") as file:
        vocabulary = {token: index for index, token in enumerate(file.read().split("\n")[:-1])}
    tokenizer = _bert_tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    )
    tokenizer.add_special_tokens(SPECIAL_TOKENS)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer


def encode(tokenizer, texts, max_tokens=510):
    """Token ids without [CLS] and [SEP], cut to `max_tokens`."""
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [encoding.ids[:max_tokens] for encoding in encodings]
