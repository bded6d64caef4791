#!/usr/bin/python3
"""Exact binomial intervals by SciPy for tests/unit/bootstrap.c: writes interval.h beside itself."""
import os
from scipy.stats import beta, binomtest

cases = [(0, 1), (1, 1), (0, 10), (10, 10), (3, 10), (1, 2), (50, 100), (99, 100), (299, 299), (297, 300), (1, 1000), (617, 1000), (0, 10**6), (1, 10**6), (3, 10**6),
         (500000, 10**6), (123456, 10**6), (999999, 10**6), (10**6, 10**6)]
rows = []
for hits, of in cases:
    for confidence in (.5, .9, .95, .999):
        two = binomtest(hits, of).proportion_ci(confidence, "exact")
        lower = beta.ppf(1 - confidence, hits, of - hits + 1) if hits else 0.
        upper = beta.ppf(confidence, hits + 1, of - hits) if hits < of else 1.
        rows.append("{%d, %d, %g, %.17g, %.17g, %.17g, %.17g}" % (hits, of, confidence, two.low, two.high, lower, upper))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "interval.h"), "w") as f:
    f.write("/* Made by interval.py from SciPy: hits, of, confidence; both bounds; the lower and the upper one alone. */\n/* clang-format off */\n")
    f.write("static const struct { double hits, of, confidence, low, high, lower, upper; } interval_case[] = {\n%s};\n" % ",\n".join(rows))
