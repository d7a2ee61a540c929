"""Reads the training corpora as their publishers wrote them.

Every reader returns a list of LabelledText (label 1 is positive, 0 negative)
and changes nothing but stray white space; what is left out, and why, is
decided in prepare.py.
"""

import csv
import re
from pathlib import Path
from typing import NamedTuple

csv.field_size_limit(10**9)


class LabelledText(NamedTuple):
    text: str
    label: int


class Review(NamedTuple):
    """A product review. `title` is empty where the source has none."""

    title: str
    body: str
    label: int

    def whole(self):
        return f"{self.title} . {self.body}" if self.title else self.body


def _lines(path, encoding="utf-8"):
    """Splits on line feeds only: some sentences contain U+0085, which
    str.splitlines would take for the end of a line."""
    with open(path, encoding=encoding, newline="") as file:
        return [line for line in file.read().replace("\r", "").split("\n") if line.strip()]


def read_sst2(path):
    """GLUE's SST-2: a header, then sentence, tab, label."""
    rows = [line.rsplit("\t", 1) for line in _lines(path)[1:]]
    return [LabelledText(text.strip(), int(label)) for text, label in rows]


def read_mr_polarity(folder):
    """Pang and Lee's movie review sentences, one file for each polarity."""
    return [
        LabelledText(line.strip(), label)
        for name, label in (("rt-polarity.pos", 1), ("rt-polarity.neg", 0))
        for line in _lines(Path(folder) / name, encoding="latin-1")
    ]


def read_uci_sentences(folder):
    """UCI's sentences from imdb, amazon and yelp: sentence, tab, label."""
    rows = [
        line.rsplit("\t", 1) for path in sorted(Path(folder).glob("*.txt")) for line in _lines(path)
    ]
    return [LabelledText(row[0].strip(), int(row[1])) for row in rows if len(row) == 2]


def read_customer_reviews(path):
    """Hu and Liu's customer review sentences: the label, a space, the sentence."""
    return [
        LabelledText(line[2:].strip(), int(line[0])) for line in _lines(path, encoding="latin-1")
    ]


def read_reviews(folder):
    """Product reviews and airline comments: quoted TSV with a header. A product
    review is its title, a line break and a tab, then its body."""
    reviews = []
    for path in sorted(Path(folder).glob("*.tsv")):
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t"))[1:]
        for text, label in rows:
            title, separator, body = text.replace("\r", "").partition("\n\t")
            if not separator:
                title, body = "", text
            reviews.append(Review(title.strip(), re.sub(r"\s+", " ", body).strip(), int(label)))
    return reviews
