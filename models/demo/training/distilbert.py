"""DistilBERT for training, with the tensor names that transformers gives it.

It computes what transformers' DistilBertForSequenceClassification computes
(evaluate.py loads the exported weights there). It is written out because
training wants two things that the original lacks: a dropout that is cheap on
a CPU, and positions that do not always start at 0.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from wordpiece import PAD, VOCABULARY_SIZE


@dataclass(frozen=True)
class Dimensions:
    vocabulary: int = VOCABULARY_SIZE
    hidden: int = 128
    feed_forward: int = 512
    layers: int = 3
    heads: int = 4
    positions: int = 512
    labels: int = 2


class RowDropout(nn.Module):
    """Dropout with one mask for each row of the batch, shared by its positions.
    Works as well as the usual one here, and draws far fewer random numbers."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, states):
        if not self.training or self.rate == 0:
            return states
        mask = torch.rand(states.shape[0], 1, states.shape[2]) >= self.rate
        return states * (mask.to(states.dtype) / (1 - self.rate))


class Attention(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.heads = dims.heads
        self.q_lin = nn.Linear(dims.hidden, dims.hidden)
        self.k_lin = nn.Linear(dims.hidden, dims.hidden)
        self.v_lin = nn.Linear(dims.hidden, dims.hidden)
        self.out_lin = nn.Linear(dims.hidden, dims.hidden)

    def forward(self, states, mask):
        batch, length, hidden = states.shape

        def per_head(projected):
            return projected.view(batch, length, self.heads, hidden // self.heads).transpose(1, 2)

        context = functional.scaled_dot_product_attention(
            per_head(self.q_lin(states)),
            per_head(self.k_lin(states)),
            per_head(self.v_lin(states)),
            attn_mask=mask,
        )
        return self.out_lin(context.transpose(1, 2).reshape(batch, length, hidden))


class FeedForward(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.lin1 = nn.Linear(dims.hidden, dims.feed_forward)
        self.lin2 = nn.Linear(dims.feed_forward, dims.hidden)

    def forward(self, states):
        return self.lin2(functional.gelu(self.lin1(states)))


class Layer(nn.Module):
    def __init__(self, dims, dropout):
        super().__init__()
        self.attention = Attention(dims)
        self.sa_layer_norm = nn.LayerNorm(dims.hidden, eps=1e-12)
        self.ffn = FeedForward(dims)
        self.output_layer_norm = nn.LayerNorm(dims.hidden, eps=1e-12)
        self.dropout = RowDropout(dropout)

    def forward(self, states, mask):
        states = self.sa_layer_norm(states + self.dropout(self.attention(states, mask)))
        return self.output_layer_norm(states + self.dropout(self.ffn(states)))


class Embeddings(nn.Module):
    def __init__(self, dims, dropout):
        super().__init__()
        self.word_embeddings = nn.Embedding(dims.vocabulary, dims.hidden, padding_idx=PAD)
        self.position_embeddings = nn.Embedding(dims.positions, dims.hidden)
        self.LayerNorm = nn.LayerNorm(dims.hidden, eps=1e-12)
        self.dropout = RowDropout(dropout)

    def forward(self, input_ids, first_position):
        end = first_position + input_ids.shape[1]
        positions = self.position_embeddings.weight[first_position:end]
        return self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + positions))


class Body(nn.Module):
    """[batch, length] token ids to [batch, length, hidden] states."""

    def __init__(self, dims, dropout):
        super().__init__()
        self.embeddings = Embeddings(dims, dropout)
        self.transformer = nn.Module()
        self.transformer.layer = nn.ModuleList(Layer(dims, dropout) for _ in range(dims.layers))

    def forward(self, input_ids, first_position=0):
        mask = (input_ids != PAD)[:, None, None, :]
        states = self.embeddings(input_ids, first_position)
        for layer in self.transformer.layer:
            states = layer(states, mask)
        return states


class Classifier(nn.Module):
    """The whole model: [batch, length] token ids to [batch, labels] logits."""

    def __init__(self, dims, dropout=0.0, classifier_dropout=0.0):
        super().__init__()
        self.distilbert = Body(dims, dropout)
        self.pre_classifier = nn.Linear(dims.hidden, dims.hidden)
        self.dropout = nn.Dropout(classifier_dropout)
        self.classifier = nn.Linear(dims.hidden, dims.labels)
        initialize(self)
        positions = self.distilbert.embeddings.position_embeddings
        positions.weight.data = 0.02 * sinusoids(dims.positions, dims.hidden)

    def forward(self, input_ids, first_position=0):
        cls_states = self.distilbert(input_ids, first_position)[:, 0]
        return self.classifier(self.dropout(functional.relu(self.pre_classifier(cls_states))))


def initialize(module):
    """BERT's start values, wider (0.04, not 0.02) because the model is narrow."""
    for part in module.modules():
        if isinstance(part, (nn.Linear, nn.Embedding)):
            nn.init.normal_(part.weight, std=0.04)
        if isinstance(part, nn.Linear):
            nn.init.zeros_(part.bias)
        if isinstance(part, nn.Embedding) and part.padding_idx is not None:
            part.weight.data[part.padding_idx] = 0


def sinusoids(positions, hidden):
    """Vaswani's position code, [positions, hidden]: a start that already knows
    near from far, so that rarely seen late positions behave like early ones."""
    angles = torch.arange(positions)[:, None] * torch.exp(
        -math.log(10000.0) * torch.arange(0, hidden, 2) / hidden
    )
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=2).reshape(positions, hidden)
