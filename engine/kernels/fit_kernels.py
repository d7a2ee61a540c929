#!/usr/bin/env python3
"""Fits the coefficients of our kernels. Needs NumPy; prints them lowest power first, and the errors
when they are evaluated in float32.

Gelu in row_kernels.cc is x Phi(x), with the normal distribution's (Phi(x) - 1/2) / x = P(x^2) /
Q(x^2) for |x| <= LIMIT. RoughGelu: the same without Q, for |x| <= ROUGH_LIMIT; there Phi is 1
exactly, and so is all beyond. Exp2Polynomial in exp2-inl.h: 2^f = P(f) for |f| <= 1/2;
Exp2PolynomialForBf16: 2^0 = 1 exactly.

Iteratively reweighted least squares (Lawson 1961) towards the smallest largest error.
"""
import math

import numpy as np

LIMIT = 5.4199829  # Phi rounds to 1 in float32 from here on
P_DEGREE, Q_DEGREE = 6, 4
ROUGH_LIMIT = 3.95
ROUGH_DEGREE = 6
EXP2_DEGREE, EXP2_DEGREE_FOR_BF16 = 5, 3
ROUNDS = 1000


def fit(system_of):
    """The x of least |terms x - target| at its largest, where system_of(x) = terms, target; x is
    None at first."""
    x, best, least, weights = None, None, math.inf, 1
    for _ in range(ROUNDS):
        terms, target = system_of(x)
        weights = weights * np.ones_like(target)
        x = np.linalg.lstsq(terms * weights[:, None], target * weights, rcond=None)[0]
        terms, target = system_of(x)
        error = np.abs(terms @ x - target)
        if error.max() < least:
            best, least = x, error.max()
        weights *= (error / error.max() + 1e-3) ** 0.3
        weights /= weights.max()
    return best


def powers(x, degree):
    return np.vander(x, degree + 1, increasing=True)


def chebyshev(low, high):
    return (low + high) / 2 - (high - low) / 2 * np.cos(np.linspace(0, np.pi, 4001))


def fit_exp2(degree):
    f = chebyshev(-0.5, 0.5)
    system = powers(f, degree) / (2**f)[:, None], np.ones_like(f)
    return fit(lambda _: system)


def fit_exp2_exact_at_0(degree):
    f = chebyshev(-0.5, 0.5)
    system = powers(f, degree)[:, 1:] / (2**f)[:, None], 1 - 1 / 2**f
    return np.concatenate([[1], fit(lambda _: system)])


def horner(coefficients, x):
    sum = np.zeros_like(x)
    for value in coefficients[::-1]:
        sum = sum * x + np.float32(value)
    return sum


def exp2_float32_error(p):
    f = np.linspace(-0.5, 0.5, 400001, dtype=np.float32)
    return np.abs(horner(p, f) / 2.0 ** f.astype(np.float64) - 1).max()


phi_minus_half = np.vectorize(lambda x: math.erf(x / math.sqrt(2)) / 2)


def unscaled(coefficients, limit):
    """Of powers of x^2, from those of (x / limit)^2, without which the systems would be
    ill-conditioned."""
    return [value / limit ** (2 * power) for power, value in enumerate(coefficients)]


def fit_phi():
    x = chebyshev(0, LIMIT)[1:]
    target = phi_minus_half(x) / x
    p_terms, q_terms = powers((x / LIMIT) ** 2, P_DEGREE), powers((x / LIMIT) ** 2, Q_DEGREE)[:, 1:]

    def system_of(solution):
        q = 1 if solution is None else 1 + q_terms @ solution[P_DEGREE + 1 :]
        scale = (1 / (q * target))[:, None]
        return np.concatenate([p_terms, -target[:, None] * q_terms], axis=1) * scale, target * scale[:, 0]

    solution = fit(system_of)
    return unscaled(solution[: P_DEGREE + 1], LIMIT), unscaled([1, *solution[P_DEGREE + 1 :]], LIMIT)


def fit_rough_phi():
    # P(t) = 1 / (2 ROUGH_LIMIT) + (t - 1) R(t), t = (x / ROUGH_LIMIT)^2; weighted by x, as GELU is.
    x = chebyshev(0, ROUGH_LIMIT)[1:-1]
    t = (x / ROUGH_LIMIT) ** 2
    at_limit = 0.5 / ROUGH_LIMIT
    system = powers(t, ROUGH_DEGREE - 1) * (x * x * (t - 1))[:, None], x * (phi_minus_half(x) - x * at_limit)
    r = fit(lambda _: system)
    p = np.concatenate([[at_limit], r])
    p[:-1] -= r
    return unscaled(p, ROUGH_LIMIT)


def phi_and_gelu_float32_errors(p, q, limit):
    x = np.linspace(-12, 12, 400001, dtype=np.float32)
    clamped = np.clip(x, np.float32(-limit), np.float32(limit))
    found = clamped * horner(p, clamped * clamped) / horner(q, clamped * clamped)
    error = found - phi_minus_half(x.astype(np.float64))
    return np.abs(error).max(), np.abs(x * error).max()


if __name__ == "__main__":
    for name, p in [("Exp2Polynomial", fit_exp2(EXP2_DEGREE)),
                    ("Exp2PolynomialForBf16", fit_exp2_exact_at_0(EXP2_DEGREE_FOR_BF16))]:
        print(name, [float(np.float32(value)) for value in p])
        print("largest relative error in float32:", exp2_float32_error(p))
    for name, limit, (p, q) in [("Gelu", LIMIT, fit_phi()), ("RoughGelu", ROUGH_LIMIT, (fit_rough_phi(), [1]))]:
        print(name, "P", [float(np.float32(value)) for value in p])
        print(name, "Q", [float(np.float32(value)) for value in q])
        print("largest errors of Phi and of x Phi(x) in float32:", *phi_and_gelu_float32_errors(p, q, limit))
