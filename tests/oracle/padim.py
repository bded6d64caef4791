#!/usr/bin/python3
"""Writes padim.npys: features, and PaDiM's distances of them in plain numpy, f64, with the covariances inverted.

Arrays, in this order: layer1 (N, 8, 8, 6), layer2 (N, 4, 4, 10), layer3 (N, 2, 2, 12); the chosen channels; the same
three taps of one more image; its distances (8, 8); the training images' distances, each from a fit without it."""
import sys
import numpy as np

rng = np.random.default_rng(1)
N, RIDGE = 9, 0.01
sizes = [(8, 6), (4, 10), (2, 12)]
chosen = np.sort(rng.permutation(28)[:13])


def taps(n):
    return [np.maximum(rng.normal(0.3, 1, (n, s, s, c)), 0).astype("<f4") for s, c in sizes]


def embed(features):
    full = [f.repeat(8 // f.shape[1], axis=1).repeat(8 // f.shape[2], axis=2) for f in features]
    return np.concatenate(full, axis=3)[..., chosen].astype("f8")


def distances(train, x):
    mean = train.mean(axis=0)
    out = np.empty((8, 8))
    for h in range(8):
        for w in range(8):
            covariance = np.cov(train[:, h, w], rowvar=False) + RIDGE * np.eye(len(chosen))
            y = x[h, w] - mean[h, w]
            out[h, w] = np.sqrt(y @ np.linalg.inv(covariance) @ y)
    return out


train, test = taps(N), taps(1)
e = embed(train)
left_out = np.stack([distances(np.delete(e, i, axis=0), e[i]) for i in range(N)])
with open(sys.argv[1] if len(sys.argv) > 1 else "padim.npys", "wb") as f:
    for a in [*train, chosen.astype("<i8"), *test, distances(e, embed(test)[0]), left_out]:
        np.lib.format.write_array(f, a, version=(1, 0))
