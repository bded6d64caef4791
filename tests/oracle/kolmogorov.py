#!/usr/bin/python3
"""The two-sample test of Kolmogorov and Smirnov by SciPy (1.10.1) for tests/unit/verdict.c: writes kolmogorov.h beside itself.

kolmogorov_cases: two samples' sizes, their distance in units of 1 / (n m), its exact probability.
drift_cases: scores of normal images, a threshold, a window of good parts, and the distance between those below the cut (drift.h).
"""
import os
import numpy as np
from scipy.stats import ks_2samp

draw = np.random.default_rng(7)


def case(n, m, shift):
    r = ks_2samp(draw.normal(0, 1, n), draw.normal(shift, 1, m), method="exact")
    return "{%d, %d, %d, %.15g}" % (n, m, round(r.statistic * n * m), r.pvalue)


def numbers(x):
    return ", ".join("%.9gf" % v if "." in "%.9g" % v or "e" in "%.9g" % v else "%.9g.0f" % v for v in x)


def drift(n, window, shift, step, quantile=0.9):
    """step: scores are rounded to it, so that there are ties."""
    fit = np.sort(np.round(draw.gamma(20, 0.1, n) / step) * step).astype(np.float32)
    threshold = np.float32(np.quantile(fit, quantile) + step / 2)
    many = np.round((draw.gamma(20, 0.1, 4 * window + 50) + shift) / step) * step
    good = many.astype(np.float32)
    known = fit if n <= 101 else fit[[round(k * (n - 1) / 100 + 1e-9) for k in range(101)]]
    cut = threshold if threshold > known[-1] else known[known <= threshold][-1]
    good = good[good < cut][:window]
    assert len(good) == window
    r = ks_2samp(fit[fit < cut], good)
    return "{%d, {%s}, %.9g, %d, {%s}, %.15g}" % (n, numbers(fit), threshold, window, numbers(good), r.statistic)


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "kolmogorov.h"), "w") as f:
    f.write("/* Made by kolmogorov.py with SciPy's ks_2samp. */\n/* clang-format off */\n")
    f.write("static const struct { unsigned n, m, distance; double chance; } kolmogorov_cases[] = {\n    %s};\n" % ",\n    ".join(
        case(*c) for c in [(1, 1, 0), (3, 5, 1), (10, 10, 1), (12, 100, 2), (60, 40, .5), (60, 40, 1.5), (97, 100, 0), (208, 100, .6), (208, 100, 1),
                           (391, 250, .3), (1000, 100, .5)]))
    f.write("static const struct { unsigned n; float fit[400]; double threshold; unsigned window; float good[50]; double distance; }"
            " drift_cases[] = {\n    %s};\n" % ",\n    ".join(
                drift(*c) for c in [(40, 20, 0, 1e-4), (101, 50, .2, 1e-4), (101, 50, .1, .25), (25, 30, -.4, .1), (30, 20, .3, 1e-4, 1)]))
    f.write("/* More than a hundred images: of these the percentiles are known. */\n")
    f.write("static const struct { unsigned n; float fit[400]; double threshold; unsigned window; float good[50]; double distance; }"
            " drift_many = \n    %s;\n" % drift(400, 50, .15, 1e-4))
