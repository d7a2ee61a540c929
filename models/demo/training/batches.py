"""Batches of token ids, as pretraining and fine-tuning both use them."""

import numpy
import torch

from wordpiece import CLS, PAD, SEP

_POSITION_OFFSET_RATE = 0.3


def token_batches(rows, rng, max_tokens, max_rows=128, pool=4096):
    """One epoch as lists of row indices. Rows of like length share a batch, so
    little is padding; sorting only within random pools keeps batches mixed."""
    order = rng.permutation(len(rows))
    batches = []
    for start in range(0, len(order), pool):
        batch = []
        for index in sorted(order[start : start + pool], key=lambda index: len(rows[index])):
            padded_tokens = (len(batch) + 1) * (len(rows[index]) + 2)
            if batch and (len(batch) >= max_rows or padded_tokens > max_tokens):
                batches.append(batch)
                batch = []
            batch.append(index)
        batches.append(batch)
    return [batches[index] for index in rng.permutation(len(batches))]


def padded(rows):
    """Adds [CLS] and [SEP] and pads: [rows, longest] token ids."""
    input_ids = numpy.full((len(rows), max(map(len, rows)) + 2), PAD, dtype=numpy.int64)
    for position, row in enumerate(rows):
        input_ids[position, : len(row) + 2] = [CLS, *row, SEP]
    return torch.from_numpy(input_ids)


def random_first_position(rng, length, positions=512):
    """Mostly 0, as when serving; else anywhere, so that all positions are trained
    although the texts are short."""
    if rng.random() >= _POSITION_OFFSET_RATE:
        return 0
    return int(rng.integers(0, positions - length + 1))
