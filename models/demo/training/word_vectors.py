"""Start values for the word embeddings: PPMI and a truncated SVD.

Words that keep the same company start out alike. This takes seconds and
saves the pretraining most of what it would otherwise have to find out.
"""

import numpy
import torch
from torch.nn import functional

from wordpiece import SPECIAL_TOKENS

_WINDOW = 4
_FIRST_WORD = len(SPECIAL_TOKENS)


def _cooccurrences(rows, vocabulary_size):
    """[vocabulary, vocabulary] counts of neighbours up to _WINDOW apart, each
    weighted by 1 / distance."""
    gap = [-1] * _WINDOW
    tokens = numpy.concatenate([numpy.asarray([*row, *gap], dtype=numpy.int64) for row in rows])
    counts = numpy.zeros(vocabulary_size**2, dtype=numpy.float32)
    for distance in range(1, _WINDOW + 1):
        left, right = tokens[:-distance], tokens[distance:]
        both_words = (left >= _FIRST_WORD) & (right >= _FIRST_WORD)
        pairs = left[both_words] * vocabulary_size + right[both_words]
        counts += (
            numpy.bincount(pairs, minlength=vocabulary_size**2).astype(numpy.float32) / distance
        )
    counts = counts.reshape(vocabulary_size, vocabulary_size)
    return counts + counts.T


def _positive_pointwise_mutual_information(counts):
    """max(0, log p(a, b) / (p(a) p(b))), with the context's probability raised to
    0.75 (Levy et al. 2015) so that rare neighbours do not dominate."""
    context = (counts.sum(axis=0) + 1e-9) ** 0.75
    expected = (counts.sum(axis=1, keepdims=True) + 1e-9) * (context / context.sum())
    with numpy.errstate(divide="ignore"):
        return numpy.maximum(numpy.log(counts / expected), 0).astype(numpy.float32)


def make_word_vectors(rows, vocabulary_size, hidden):
    """[vocabulary, hidden], of mean length 1, turned at random so that no single
    dimension starts out more important than the others."""
    torch.manual_seed(0)
    ppmi = torch.from_numpy(
        _positive_pointwise_mutual_information(_cooccurrences(rows, vocabulary_size))
    )
    left, singular_values, _ = torch.svd_lowrank(ppmi, q=hidden + 16, niter=3)
    vectors = left[:, :hidden] * singular_values[:hidden].sqrt()
    vectors -= vectors[_FIRST_WORD:].mean(dim=0)
    vectors = vectors @ torch.linalg.qr(torch.randn(hidden, hidden))[0]
    return vectors / vectors[_FIRST_WORD:].norm(dim=1).mean()


def print_neighbours(vectors, tokenizer, words=("good", "awful", "movie", "not", "phone")):
    unit = functional.normalize(vectors, dim=1)
    for word in words:
        nearest = (unit @ unit[tokenizer.token_to_id(word)]).topk(6).indices.tolist()
        print(f"  near {word}:", " ".join(tokenizer.id_to_token(token) for token in nearest[1:]))


def set_word_embeddings(model, vectors):
    """Scales the vectors to the spread of the other start values."""
    weight = model.distilbert.embeddings.word_embeddings.weight
    weight.data[_FIRST_WORD:] = vectors[_FIRST_WORD:] * 0.04 * vectors.shape[1] ** 0.5
