"""Turns the raw corpora into one file of training data, data.json."""

import json
import random
import re
from pathlib import Path

import sources
from overlap import ProtectedTexts, fingerprint

_HELD_OUT_SENTENCES = 500
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")


def everyday_spelling(text):
    """Penn Treebank spelling to the spelling people use. Spaces around
    punctuation may stay: the tokenizer splits there in any case."""
    text = re.sub(
        r"\b(ca|wo|sha) n't\b",
        lambda match: {"ca": "can't", "wo": "won't", "sha": "shan't"}[match[1]],
        text,
    )
    for penn, everyday in (
        (" n't", "n't"),
        ("-lrb-", "("),
        ("-rrb-", ")"),
        ("``", '"'),
        ("''", '"'),
        ("can not", "cannot"),
    ):
        text = text.replace(penn, everyday)
    return text


def _hold_out(uci, protected):
    """Splits UCI's sentences into (training, held out), with no sentence on both sides."""
    unique = list(
        {fingerprint(row.text): row for row in uci if not protected.resembles(row.text)}.values()
    )
    random.Random(1).shuffle(unique)
    return unique[_HELD_OUT_SENTENCES:], unique[:_HELD_OUT_SENTENCES]


def _usable_reviews(reviews, protected, held_out):
    """Unique reviews without a protected sentence in title or body."""
    unique = {fingerprint(review.whole()): review for review in reviews}.values()
    return [
        review
        for review in unique
        if not any(
            protected.resembles(sentence) or held_out.has_copy_of(sentence)
            for sentence in (review.title, *_SENTENCE_END.split(review.body))
            if sentence
        )
    ]


def prepare(data_dir, output):
    data_dir = Path(data_dir)
    sentiment = data_dir / "sentiment"
    dev = sources.read_sst2(data_dir / "sst2/dev.tsv")
    protected = ProtectedTexts([row.text for row in dev])

    uci, held_out = _hold_out(sources.read_uci_sentences(sentiment / "uci_sentences"), protected)
    test = ProtectedTexts([row.text for row in held_out])

    def usable(rows, is_dev_text):
        return [row for row in rows if not is_dev_text(row.text) and not test.has_copy_of(row.text)]

    raw_sst2 = sources.read_sst2(data_dir / "sst2/train_full.tsv")
    raw_mr = sources.read_mr_polarity(sentiment / "mr_polarity")
    raw_customers = sources.read_customer_reviews(sentiment / "custrev.all")
    raw_reviews = sources.read_reviews(sentiment / "reviews")

    sst2 = usable(raw_sst2, protected.has_most_of)
    in_sst2 = {fingerprint(row.text) for row in sst2}
    mr = usable(raw_mr, protected.resembles)
    data = {
        "sst2": sst2,
        "mr": [row for row in mr if fingerprint(row.text) not in in_sst2],
        "uci": uci,
        "customers": usable(raw_customers, protected.resembles),
        "reviews": _usable_reviews(raw_reviews, protected, test),
        "held_out": held_out,
        "dev": dev,
    }
    print(
        f"raw: sst2 {len(raw_sst2)}, mr {len(raw_mr)} ({len(raw_mr) - len(mr)} near dev), "
        f"customers {len(raw_customers)}, reviews {len(raw_reviews)}"
    )
    print("used:", ", ".join(f"{name} {len(rows)}" for name, rows in data.items()))
    Path(output).write_text(json.dumps(data), encoding="utf-8")


def load(path):
    """Reads data.json back, with its rows as LabelledText and Review again."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    row_types = {
        name: sources.Review if name == "reviews" else sources.LabelledText for name in data
    }
    return {name: [row_types[name](*row) for row in rows] for name, rows in data.items()}
