"""The optimizer, its learning rate and its precision, for both trainings."""

import contextlib

import torch

_WARM_UP_STEPS = 300


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
