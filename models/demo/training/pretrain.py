"""Masked-language modelling: the model learns English before it learns labels."""

import time

import numpy
import torch
from torch import nn
from torch.nn import functional

from batches import padded, random_first_position, token_batches
from distilbert import Classifier, Dimensions, initialize
from optimization import adamw, forward_precision, set_learning_rate, update
from word_vectors import set_word_embeddings
from wordpiece import MASK, SPECIAL_TOKENS

_LEARNING_RATE = 1e-3
_BATCH_TOKENS = 2048
_MASKED_SHARE = 0.18


class MaskedWordHead(nn.Module):
    """Scores every word of the vocabulary, with the input embeddings as its
    output matrix. Thrown away after pretraining."""

    def __init__(self, dims):
        super().__init__()
        self.transform = nn.Linear(dims.hidden, dims.hidden)
        self.norm = nn.LayerNorm(dims.hidden)
        self.bias = nn.Parameter(torch.zeros(dims.vocabulary))
        initialize(self)

    def forward(self, states, word_embeddings):
        return functional.linear(
            self.norm(functional.gelu(self.transform(states))), word_embeddings, self.bias
        )


def _mask_words(input_ids, vocabulary_size):
    """BERT's corruption: of the chosen tokens 80 % become [MASK], 10 % a random
    word, 10 % stay. Returns the corrupted ids and where to predict."""
    words = input_ids >= len(SPECIAL_TOKENS)
    chosen = (torch.rand(input_ids.shape) < _MASKED_SHARE) & words
    fate = torch.rand(input_ids.shape)
    corrupted = input_ids.clone()
    corrupted[chosen & (fate < 0.8)] = MASK
    replaced = chosen & (fate >= 0.8) & (fate < 0.9)
    corrupted[replaced] = torch.randint(
        len(SPECIAL_TOKENS), vocabulary_size, (int(replaced.sum()),)
    )
    return corrupted, chosen


def _endless_batches(rows, rng):
    while True:
        yield from token_batches(rows, rng, max_tokens=_BATCH_TOKENS)


def pretrain(rows, vectors, steps, seed, use_bf16):
    """Returns a model whose body is pretrained and whose classifier is new."""
    torch.manual_seed(seed)
    rng = numpy.random.default_rng(seed)
    dims = Dimensions(vocabulary=vectors.shape[0])
    model, head = Classifier(dims).train(), MaskedWordHead(dims)
    set_word_embeddings(model, vectors)
    modules = [model.distilbert, head]
    optimizer = adamw(modules, _LEARNING_RATE)
    word_embeddings = model.distilbert.embeddings.word_embeddings.weight
    started, losses = time.monotonic(), []
    for step, batch in zip(range(steps), _endless_batches(rows, rng)):
        set_learning_rate(optimizer, _LEARNING_RATE, step, steps)
        input_ids = padded([rows[index] for index in batch])
        corrupted, chosen = _mask_words(input_ids, dims.vocabulary)
        with forward_precision(use_bf16):
            states = model.distilbert(corrupted, random_first_position(rng, input_ids.shape[1]))
            scores = head(states[chosen], word_embeddings)
        loss = functional.cross_entropy(scores.float(), input_ids[chosen])
        update(optimizer, modules, loss)
        losses.append(loss.item())
        if (step + 1) % 200 == 0:
            print(
                (
                    f"  pretrain step {step + 1}/{steps}: loss {numpy.mean(losses[-200:]):.3f}, "
                    f"{time.monotonic() - started:.0f} s"
                ),
                flush=True,
            )
    return model
