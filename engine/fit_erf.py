#!/usr/bin/env python3
"""Fits the coefficients of Erf in row_kernels.cc: erf(x) / x = P(x^2) / Q(x^2) for |x| <= LIMIT.

Iteratively reweighted least squares (Lawson 1961) towards the smallest largest relative error. Needs NumPy;
prints P and Q, lowest power first, and the error when they are evaluated in float32.
"""
import math

import numpy as np

LIMIT = 3.8325068  # erf rounds to 1 in float32 from here on
P_DEGREE, Q_DEGREE = 6, 4
ROUNDS = 300


def fit():
    x = np.unique(np.abs(np.cos(np.linspace(0, np.pi, 4001)) * LIMIT))
    x = x[x > 1e-6]
    target = np.array([math.erf(value) for value in x]) / x
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
    x = np.linspace(-6, 6, 400001, dtype=np.float32)
    clamped = np.clip(x, np.float32(-LIMIT), np.float32(LIMIT))
    horner = lambda terms, t: sum(np.float32(value) * t ** np.float32(power) for power, value in enumerate(terms))
    found = clamped * horner(p, clamped * clamped) / horner(q, clamped * clamped)
    return np.abs(found - np.array([math.erf(value) for value in x])).max()


if __name__ == "__main__":
    p, q = fit()
    print("P", [float(np.float32(value)) for value in p])
    print("Q", [float(np.float32(value)) for value in q])
    print("largest error in float32:", float32_error(p, q))
