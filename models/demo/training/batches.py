"""What pretraining and fine-tuning share: batches, positions, the optimizer."""

import contextlib

import numpy
import torch

from wordpiece import CLS, PAD, SEP

_POSITION_OFFSET_RATE = 0.3
_WARM_UP_STEPS = 300


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


def adamw(modules, learning_rate):
    """AdamW that decays matrices but not biases and LayerNorms."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": 0.01},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), fused=True)


def set_learning_rate(optimizer, peak, step, steps):
    """Linear warm-up, then linear decay to zero."""
    rate = peak * min(1.0, (step + 1) / _WARM_UP_STEPS) * max(0.0, 1 - step / steps)
    for group in optimizer.param_groups:
        group["lr"] = rate


def update(optimizer, modules, loss):
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for module in modules for p in module.parameters()], 1.0)
    optimizer.step()


def forward_precision(use_bf16):
    """bf16 autocast pays only on CPUs that multiply bf16 themselves (AVX512_BF16,
    AMX): elsewhere it is emulated, and 16 times slower than f32."""
    return torch.autocast("cpu", torch.bfloat16) if use_bf16 else contextlib.nullcontext()


def cpu_has_bf16():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = file.read()
    return "avx512_bf16" in flags or "amx_bf16" in flags
