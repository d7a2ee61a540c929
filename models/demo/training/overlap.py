"""Keeps the development set out of the training data.

SST-2's sentences come from the same film reviews as other corpora, which
spell them slightly differently, so an exact comparison is not enough.
"""

import re
from collections import Counter, defaultdict

_SHINGLE_WORDS = 4


def words_of(text):
    """Lower-case words with contractions joined, so that Penn Treebank spelling
    ("do n't") and everyday spelling ("don't") compare equal."""
    joined = text.lower().replace(" n't", "n't").replace(" '", "'").replace("'", "")
    return re.findall(r"[a-z0-9]+", joined)


def fingerprint(text):
    """Equal for texts that differ in case, spacing or punctuation only."""
    return "".join(words_of(text))


def shingles(text):
    """The set of all runs of four words."""
    words = words_of(text)
    return {tuple(words[i : i + _SHINGLE_WORDS]) for i in range(len(words) - _SHINGLE_WORDS + 1)}


class ProtectedTexts:
    """Texts that must not be trained on, and two degrees of likeness to them."""

    def __init__(self, texts):
        self._fingerprints = {fingerprint(text) for text in texts}
        self._shingle_counts = [len(shingles(text)) for text in texts]
        self._texts_with = defaultdict(set)
        for index, text in enumerate(texts):
            for shingle in shingles(text):
                self._texts_with[shingle].add(index)

    def has_copy_of(self, text):
        return fingerprint(text) in self._fingerprints

    def resembles(self, text):
        """A copy, or two or more shared shingles that make up 40 % of either side."""
        if self.has_copy_of(text):
            return True
        own = len(shingles(text))
        return any(
            shared >= 2 and (shared >= 0.4 * own or shared >= 0.4 * self._shingle_counts[index])
            for index, shared in self._shared_shingles(text).items()
        )

    def has_most_of(self, text):
        """A copy, or a phrase of seven words and more of which 80 % stand in one
        protected text. For SST-2's own phrases: `resembles` would also drop
        harmless ones that share a common idiom with a short sentence."""
        if self.has_copy_of(text):
            return True
        own = len(shingles(text))
        return own >= 4 and any(
            shared >= 0.8 * own for shared in self._shared_shingles(text).values()
        )

    def _shared_shingles(self, text):
        counts = Counter()
        for shingle in shingles(text):
            counts.update(self._texts_with.get(shingle, ()))
        return counts
