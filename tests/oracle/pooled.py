#!/usr/bin/python3
"""Writes pooled.h: shrinkage, Mahalanobis distances and k nearest neighbours by scikit-learn and numpy.

Needs numpy and scikit-learn: /usr/bin/python3 tests/oracle/pooled.py > tests/oracle/pooled.h
"""
import numpy as np
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage
from sklearn.neighbors import NearestNeighbors

N, D, QUERIES, K = 18, 24, 4, 3
rng = np.random.default_rng(20261125)
x = (rng.normal(size=(N, D)) @ rng.normal(size=(D, D)) + rng.normal(size=D)).astype(np.float32).astype(np.float64)
q = (rng.normal(size=(QUERIES, D)) * 3).astype(np.float32).astype(np.float64)


def array(name, values):
    print(f"static const double {name}[] = {{")
    print(",\n".join("    " + ", ".join(f"{v:.17g}" for v in row) for row in np.array_split(np.ravel(values), max(1, np.size(values) // 4))))
    print("};")


def left_out(shrinkage, multiple):
    """Each image against the others' Gaussian, with the shrinkage and the identity's multiple of all."""
    for i in range(N):
        rest = np.delete(x, i, 0)
        mean = rest.mean(0)
        cov = (1 - shrinkage) * np.cov(rest.T, bias=True) + shrinkage * multiple * np.eye(D)
        yield np.sqrt((x[i] - mean) @ np.linalg.solve(cov, x[i] - mean))


model = LedoitWolf().fit(x)
multiple = np.trace(np.cov(x.T, bias=True)) / D
print(f"/* By tests/oracle/pooled.py: scikit-learn and numpy. */\n/* clang-format off */\nenum {{ POOLED_N = {N}, POOLED_D = {D}, POOLED_QUERIES = {QUERIES}, POOLED_K = {K} }};")
array("pooled_x", x)
array("pooled_query", q)
array("pooled_shrinkage", [model.shrinkage_, ledoit_wolf_shrinkage(x[:9])])
array("pooled_distance", np.sqrt(model.mahalanobis(q)))
array("pooled_left_out", list(left_out(model.shrinkage_, multiple)))
array("pooled_left_out_fixed", list(left_out(0.25, multiple)))
knn = NearestNeighbors(n_neighbors=K).fit(x)
array("pooled_sum", (knn.kneighbors(q)[0] ** 2).sum(1))
array("pooled_sum_left_out", (knn.kneighbors()[0] ** 2).sum(1))
