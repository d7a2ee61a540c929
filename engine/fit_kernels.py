#!/usr/bin/env python3
"""Fits the coefficients of our kernels. Needs NumPy; prints them lowest power first, and the errors when they are
evaluated in float32.

Phi in row_kernels.cc, the normal distribution's: (Phi(x) - 1/2) / x = P(x^2) / Q(x^2) for |x| <= LIMIT.
Exp2 in attention.cc: 2^f = P(f) for |f| <= 1/2.

Iteratively reweighted least squares (Lawson 1961) towards the smallest largest relative error.
"""
import math

import numpy as np

LIMIT = 5.4199829  # Phi rounds to 1 in float32 from here on
P_DEGREE, Q_DEGREE = 6, 4
EXP2_DEGREE = 5
ROUNDS = 300


def fit_exp2():
    f = np.cos(np.linspace(0, np.pi, 2001)) / 2
    terms = np.vander(f, EXP2_DEGREE + 1, increasing=True) / (2**f)[:, None]
    weights = np.ones_like(f)
    for _ in range(ROUNDS):
        p = np.linalg.lstsq(terms * weights[:, None], weights, rcond=None)[0]
        error = np.abs(terms @ p - 1)
        weights *= (error / error.max() + 1e-3) ** 0.3
        weights /= weights.max()
    return p


def exp2_float32_error(p):
    f = np.linspace(-0.5, 0.5, 400001, dtype=np.float32)
    found = np.zeros_like(f)
    for value in p[::-1]:
        found = found * f + np.float32(value)
    return np.abs(found / 2.0 ** f.astype(np.float64) - 1).max()


def phi_minus_half(x):
    return math.erf(x / math.sqrt(2)) / 2


def fit_phi():
    x = np.unique(np.abs(np.cos(np.linspace(0, np.pi, 4001)) * LIMIT))
    x = x[x > 1e-6]
    target = np.array([phi_minus_half(value) for value in x]) / x
    powers = (x / LIMIT) ** 2  # scaled to [0, 1], or the system is ill-conditioned
    p_terms = np.vander(powers, P_DEGREE + 1, increasing=True)
    q_terms = np.vander(powers, Q_DEGREE + 1, increasing=True)[:, 1:]
    system = np.concatenate([p_terms, -target[:, None] * q_terms], axis=1)
    weights, q = np.ones_like(x), np.ones_like(x)
    for _ in range(ROUNDS):
        scale = weights / (q * target)
        solution = np.linalg.lstsq(system * scale[:, None], target * scale, rcond=None)[0]
        p = p_terms @ solution[: P_DEGREE + 1]
        q = 1 + q_terms @ solution[P_DEGREE + 1 :]
        error = np.abs(p / (q * target) - 1)
        weights *= (error / error.max() + 1e-3) ** 0.3
        weights /= weights.max()
    unscale = lambda values: [value / LIMIT ** (2 * power) for power, value in enumerate(values)]
    return unscale(solution[: P_DEGREE + 1]), unscale([1, *solution[P_DEGREE + 1 :]])


def float32_error(p, q):
    x = np.linspace(-8, 8, 400001, dtype=np.float32)
    clamped = np.clip(x, np.float32(-LIMIT), np.float32(LIMIT))
    horner = lambda terms, t: sum(np.float32(value) * t ** np.float32(power) for power, value in enumerate(terms))
    found = clamped * horner(p, clamped * clamped) / horner(q, clamped * clamped)
    return np.abs(found - np.array([phi_minus_half(value) for value in x])).max()


if __name__ == "__main__":
    p = fit_exp2()
    print("Exp2", [float(np.float32(value)) for value in p])
    print("largest relative error in float32:", exp2_float32_error(p))
    p, q = fit_phi()
    print("P", [float(np.float32(value)) for value in p])
    print("Q", [float(np.float32(value)) for value in q])
    print("largest error in float32:", float32_error(p, q))
