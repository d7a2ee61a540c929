"""Fine-tuning: the pretrained model learns positive from negative."""

import time
from dataclasses import dataclass

import numpy
import torch
from torch.nn import functional

from batches import padded, random_first_position, token_batches
from distilbert import Classifier, Dimensions
from optimization import adamw, forward_precision, set_learning_rate, update
from prepare import everyday_spelling
from wordpiece import MASK, SPECIAL_TOKENS, UNK, encode

_LEARNING_RATE = 7e-4
_BATCH_TOKENS = 1536
_DROPOUT = 0.1
_CLASSIFIER_DROPOUT = 0.2
_WORD_DROPOUT = 0.1
_LABEL_SMOOTHING = 0.1  # spread over both labels: the right one's target is 0.95
_REVIEW_WINDOWS_PER_EPOCH = 2000
_AVERAGE_EVERY_STEPS = 4
_AVERAGE_DECAY = 0.998


@dataclass
class Examples:
    """Rows of token ids with their labels and weights, one entry each."""

    rows: list
    labels: list
    weights: list

    def add(self, rows, labels, weight):
        self.rows += rows
        self.labels += labels
        self.weights += [weight] * len(rows)


class EpochMaker:
    """Draws the examples of an epoch: every sentence in one of its two spellings,
    and some windows of the long reviews."""

    def __init__(self, data, tokenizer, rng):
        self._rng = rng
        titles = [(review.title, review.label) for review in data["reviews"] if review.title]
        self._groups = [
            self._in_both_spellings(tokenizer, texts, weight)
            for texts, weight in (
                (data["sst2"] + data["mr"] + data["uci"] * 2 + data["customers"], 1.0),
                (titles, 0.6),
            )
        ]
        reviews = encode(tokenizer, [review.whole() for review in data["reviews"]], max_tokens=500)
        self._reviews = list(zip(reviews, (review.label for review in data["reviews"])))

    @staticmethod
    def _in_both_spellings(tokenizer, labelled, weight):
        texts, labels = zip(*labelled)
        penn = encode(tokenizer, texts, max_tokens=126)
        everyday = encode(tokenizer, map(everyday_spelling, texts), max_tokens=126)
        return list(zip(penn, everyday)), list(labels), weight

    def _window(self, row):
        """The beginning of a review, or as often a stretch from anywhere in it."""
        length = int(self._rng.choice([48, 96, 250], p=[0.6, 0.35, 0.05]))
        if len(row) <= length or self._rng.random() < 0.5:
            return row[:length]
        start = int(self._rng.integers(0, len(row) - length + 1))
        return row[start : start + length]

    def next_epoch(self):
        examples = Examples([], [], [])
        for spellings, labels, weight in self._groups:
            rows = [pair[self._rng.integers(2)] for pair in spellings]
            examples.add(rows, labels, weight)
        picks = self._rng.choice(len(self._reviews), _REVIEW_WINDOWS_PER_EPOCH, replace=False)
        windows = [(self._window(self._reviews[pick][0]), self._reviews[pick][1]) for pick in picks]
        examples.add([row for row, _ in windows], [label for _, label in windows], 0.5)
        return examples


class AveragedWeights:
    """An exponential moving average of a model's weights: smoother, and better
    on unseen text, than the weights of any one step."""

    def __init__(self, model):
        self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    @torch.no_grad()
    def follow(self, model, step):
        decay = min(_AVERAGE_DECAY, (step + 1) / (step + 40))
        for name, tensor in model.state_dict().items():
            self.state[name].lerp_(tensor, 1 - decay)


def _drop_words(input_ids, rng):
    """Hides a tenth of the words of all but the shortest texts, so that no single
    word decides."""
    dropped = (torch.rand(input_ids.shape) < _WORD_DROPOUT) & (input_ids >= len(SPECIAL_TOKENS))
    dropped &= (input_ids > 0).sum(dim=1, keepdim=True) > 4
    return input_ids.masked_fill(dropped, UNK if rng.random() < 0.5 else MASK)


def _weighted_loss(logits, examples, batch):
    labels = torch.tensor([examples.labels[index] for index in batch])
    weights = torch.tensor([examples.weights[index] for index in batch])
    losses = functional.cross_entropy(
        logits, labels, reduction="none", label_smoothing=_LABEL_SMOOTHING
    )
    return (losses * weights).sum() / weights.sum()


def _training_step(model, optimizer, examples, batch, rng, use_bf16):
    """Updates the weights once and returns the loss before."""
    input_ids = _drop_words(padded([examples.rows[index] for index in batch]), rng)
    with forward_precision(use_bf16):
        logits = model(input_ids, random_first_position(rng, input_ids.shape[1]))
    loss = _weighted_loss(logits.float(), examples, batch)
    update(optimizer, [model], loss)
    return loss.item()


@torch.no_grad()
def accuracy(model, tokenizer, labelled):
    model.eval()
    rows = encode(tokenizer, [row.text for row in labelled])
    predicted = [int(model(padded([row])).argmax()) for row in rows]
    return sum(label == row.label for label, row in zip(predicted, labelled)) / len(labelled)


def finetune(pretrained, data, tokenizer, epochs, seed, use_bf16):
    """Returns the averaged weights as a state dict. `dev` and `held_out` are only
    looked at, to print how training goes."""
    torch.manual_seed(seed)
    rng = numpy.random.default_rng(seed)
    dims = Dimensions(vocabulary=tokenizer.get_vocab_size())
    model = Classifier(dims, _DROPOUT, _CLASSIFIER_DROPOUT)
    model.distilbert.load_state_dict(pretrained.distilbert.state_dict())
    averaged, averaged_model = AveragedWeights(model), Classifier(dims)
    optimizer = adamw([model], _LEARNING_RATE)
    epoch_maker, started, step = EpochMaker(data, tokenizer, rng), time.monotonic(), 0
    for epoch in range(epochs):
        examples = epoch_maker.next_epoch()
        batches = token_batches(examples.rows, rng, max_tokens=_BATCH_TOKENS)
        model.train()
        losses = []
        for batch in batches:
            # Epochs differ by a few steps at most, so this epoch's count stands for all.
            set_learning_rate(optimizer, _LEARNING_RATE, step, epochs * len(batches))
            losses.append(_training_step(model, optimizer, examples, batch, rng, use_bf16))
            step += 1
            if step % _AVERAGE_EVERY_STEPS == 0:
                averaged.follow(model, step)
        averaged_model.load_state_dict(averaged.state)
        print(
            (
                f"  finetune epoch {epoch + 1}/{epochs}: {len(batches)} steps, loss"
                f" {numpy.mean(losses):.3f}, dev"
                f" {accuracy(averaged_model, tokenizer, data['dev']):.2%}, held out"
                f" {accuracy(averaged_model, tokenizer, data['held_out']):.2%},"
                f" {time.monotonic() - started:.0f} s"
            ),
            flush=True,
        )
    return averaged.state
