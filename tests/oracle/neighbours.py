#!/usr/bin/python3
"""Nearest neighbours by scikit-learn for tests/unit/neighbours.c: writes neighbours.h beside itself."""
import os
import numpy as np
from sklearn.neighbors import NearestNeighbors

def formula(n, d, shift):
    i = np.arange(n * d, dtype=np.uint64)
    return (((i + np.uint64(shift)) * np.uint64(2654435761) % np.uint64(4294967296)) / 4294967296.0).astype(np.float32).reshape(n, d)

bank, query = formula(700, 48, 0), formula(37, 48, 123456)
distance, index = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(bank.astype(np.float64)).kneighbors(query.astype(np.float64))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "neighbours.h"), "w") as f:
    f.write("/* Made by neighbours.py from scikit-learn: the five nearest of 37 queries. */\n/* clang-format off */\n")
    f.write("static const unsigned nearest_index[] = {%s};\n" % ", ".join(map(str, index.ravel())))
    f.write("static const double nearest_distance[] = {%s};\n" % ", ".join("%.12g" % d for d in distance.ravel()))
